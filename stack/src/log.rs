//! The shop's log: JSON lines, one for each step of an order and each trouble with a provider; never a request, a card
//! or a key. Each shop has its own, so that several can live in one process.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::Arc,
};

use tracing::{Dispatch, dispatcher, info, warn};

use crate::{order::Number, store::Move};

/// Where a shop writes what happened.
#[derive(Clone)]
pub(crate) struct Log {
    dispatch: Dispatch,
}

impl Log {
    /// Appends to a file, or to standard error.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let dispatch = match path {
            Some(path) => {
                let file: Arc<File> = Arc::new(OpenOptions::new().create(true).append(true).open(path)?);
                Dispatch::new(tracing_subscriber::fmt().json().flatten_event(true).with_writer(file).finish())
            }
            None => {
                Dispatch::new(tracing_subscriber::fmt().json().flatten_event(true).with_writer(io::stderr).finish())
            }
        };
        Ok(Self { dispatch })
    }

    /// An order moved.
    pub(crate) fn moved(&self, moved: &Move) {
        let from = moved.from.map(crate::order::State::name);
        dispatcher::with_default(&self.dispatch, || {
            info!(order = %Number(moved.order), from, to = moved.to.name(), why = moved.why, "order moved");
        });
    }

    /// Something about an order needs somebody's attention, or the reconciler's.
    pub(crate) fn trouble(&self, order: Number, what: &str) {
        dispatcher::with_default(&self.dispatch, || warn!(%order, "{what}"));
    }

    /// The store could not do a step.
    pub(crate) fn store_trouble(&self, what: &str, error: &dyn std::error::Error) {
        dispatcher::with_default(&self.dispatch, || warn!(%error, "{what}"));
    }
}
