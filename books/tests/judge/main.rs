//! The judge, judged: legal histories are never accused, one illegal edit is always caught by the law that it breaks, and what is
//! found depends neither on the order in which rows come in, nor on clocks, nor on how many workers wrote them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accused;
mod caught;
mod edits;
mod indifferent;
mod stories;
mod telling;
