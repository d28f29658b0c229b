//! Undoes what a run file says is still broken.

use super::{HarmError, Undo};
use crate::caller::Caller;
use books::read::to_undo;
use std::path::Path;
use std::time::Duration;

/// How long a call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a run could not be healed.
#[derive(Debug, thiserror::Error)]
pub enum HealError {
    /// The run file cannot be read.
    #[error("read the run file")]
    Books(#[from] books::Error),
    /// The system gives no event queue.
    #[error("start")]
    Runtime(#[from] std::io::Error),
    /// A fault is still active.
    #[error("undo {failed} of {all} faults:\n  {}", lines.join("\n  "))]
    Left {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// What was done about each.
        lines: Vec<String>,
    },
}

/// Undoes every fault that began and did not end; one line for each.
pub fn heal_run(file: &Path, token: Option<&str>) -> Result<Vec<String>, HealError> {
    let open = to_undo(file)?;
    if open.is_empty() {
        return Ok(vec!["nothing to undo: every fault has ended".into()]);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let caller = Caller::new(CALL_TIMEOUT, token.map(str::to_owned));
    let (mut lines, mut failed) = (Vec::new(), 0);
    for books::read::Undo { name, undo } in &open {
        let Ok(undo) = serde_json::from_str::<Undo>(undo) else {
            lines.push(format!("{name}: ended with the run's children"));
            continue;
        };
        match runtime.block_on(undo.carry_out(&caller, token)) {
            Ok(()) => lines.push(format!("{name}: undone at {}", undo.place())),
            Err(error) if undo.place_was_a_child(&error) => {
                lines.push(format!("{name}: {} is gone, and the fault with it", undo.place()));
            }
            Err(error) => {
                failed += 1;
                lines.push(format!("{name}: not undone at {}: {error}", undo.place()));
            }
        }
    }
    if failed > 0 {
        return Err(HealError::Left { failed, all: open.len(), lines });
    }
    Ok(lines)
}

impl Undo {
    /// Whether the controller does not answer any more: children of a run on loopback end with it, and their faults with them.
    fn place_was_a_child(&self, error: &HarmError) -> bool {
        let place = self.place();
        let address = if place.contains("://") { place.to_owned() } else { format!("http://{place}") };
        let loopback = model::target::Target::of(&address).is_some_and(|target| target.is_loopback());
        let silent = match error {
            HarmError::Call(error) => matches!(error, crate::caller::CallError::Unanswered { .. }),
            HarmError::Proxy(error) => matches!(error, chaos::client::Error::Unreachable { .. }),
            HarmError::Member(_) | HarmError::Store(_) | HarmError::Missing(_) => false,
        };
        loopback && silent
    }
}
