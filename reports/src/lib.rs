//! A run's record as pages, plots and files for machines. Everything here is a fold over [`model::record::RunRecord`], or, for
//! proofs, over [`model::proof::ProofRecord`]: no report measures or judges.

pub mod html;
pub mod junit;
pub mod markdown;
mod numerals;
mod plot;
pub mod proof;
mod sentence;
pub mod summary;
pub mod terminal;
