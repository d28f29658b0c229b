//! What a run is and whether it went well: the nouns, pure.
//!
//! No async, sockets, files, clock or ambient randomness: what is decided here can be decided anywhere, again, the same.

pub mod card;
pub mod connections;
pub mod counterexample;
pub mod fault;
pub mod finding;
pub mod journey;
pub mod judge;
pub mod money;
pub mod named_fault;
pub mod objective;
pub mod outcome;
pub mod plan;
pub mod proof;
pub mod record;
pub mod scenario;
pub mod scenario_file;
pub mod seed;
pub mod target;
pub mod template;
pub mod traffic;
