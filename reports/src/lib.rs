//! A run's record as pages, plots and files for machines. Everything here is a fold over [`model::record::RunRecord`], or, for
//! proofs, over [`model::proof::ProofRecord`]: no report measures or judges.

mod decisive;
pub mod html;
pub mod junit;
mod lanes;
pub mod markdown;
mod numerals;
mod plain_text;
mod plot;
pub mod proof;
mod sentence;
pub mod summary;
pub mod terminal;
