//! Actions: requests on the run clock that are no shopper's, such as flipping a flag, scaling out or purging a cache.

use super::note;
use crate::engine::{self, Once};
use books::intake::Intake;
use books::rows::{Batch, Event, EventKind};
use model::outcome::Outcome;
use std::time::{Duration, Instant};

/// One action, ready to be done.
pub struct Due {
    /// Its name.
    pub name: String,
    /// From the start of the load.
    pub at: Duration,
    /// Its request.
    pub walk: Once,
}

/// Does each at its instant and writes down what came of it; gives back what did not go well, one sentence each.
pub async fn carry_out(mut due: Vec<Due>, start: Instant, intake: Intake) -> Vec<String> {
    due.sort_by_key(|action| action.at);
    let mut mishaps = Vec::new();
    for Due { name, at, walk } in due {
        tokio::time::sleep_until((start + at).into()).await;
        let came_of_it = match engine::run_once(walk).await {
            Ok(walked) => match (walked.end.outcome, walked.batch.attempts.last()) {
                (Outcome::Completed, _) => "done".to_owned(),
                (_, Some(attempt)) => match attempt.status {
                    Some(status) => format!("answered {status}, which is not what was expected"),
                    None => "was not answered".to_owned(),
                },
                (other, None) => format!("ended {}", other.name()),
            },
            Err(error) => format!("could not be sent: {error}"),
        };
        if came_of_it != "done" {
            mishaps.push(format!("action `{name}` {came_of_it}"));
        }
        let at_us = start.elapsed().as_micros() as u64;
        let event = Event { at_us, kind: EventKind::Action, name, text: came_of_it, undo: String::new() };
        note(intake.give(Batch { events: vec![event], ..Batch::default() }));
    }
    mishaps
}
