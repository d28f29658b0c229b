//! HTTP/1 on a link: where requests and answers begin and end, and what rules make of them.
//!
//! Every connection is watched from its first byte, for a rule may come at any time and must know whose answer is under
//! way. That costs the reading of heads; bodies are stepped over by their length. What turns out not to be HTTP/1 is
//! never looked at again.

mod answers;
pub(crate) mod body;
mod decision;
mod exchange;
pub(crate) mod message;
mod requests;
mod script;
mod watch;

pub(crate) use exchange::Receipt;
pub(crate) use script::{Flow, Hold, Segment};
pub(crate) use watch::Watch;
