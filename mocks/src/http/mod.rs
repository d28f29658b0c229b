//! HTTP/1.1 as the providers serve it: connections that a fault can end, requests read whole, answers that can drip.

mod accept;
mod body;
mod call;

pub(crate) use accept::{ConnectionHandle, Handler, Stopping, accept};
pub(crate) use body::{AnswerBody, Drip};
pub(crate) use call::{Call, ReadError};
