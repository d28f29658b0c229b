//! Progress of a proof: a line for each run that ended, and on a terminal a live one about those under way.

use super::matrix::Trial;
use super::schedule::{Load, Pace, Room, time_left};
use crate::live::{self, View};
use model::proof::{Catcher, Outcome, TrialRecord, Turn};
use std::io::Write;
use std::time::Duration;

/// What whoever watches is told.
pub struct Progress {
    view: View,
    room: Room,
    pace: Pace,
    total: usize,
    done: usize,
    /// Runs that come after those that are being made.
    pub later: Vec<Load>,
    left: Duration,
}

impl Progress {
    /// Of a proof of so many runs.
    pub fn new(view: View, total: usize, room: Room) -> Self {
        Self { view, room, pace: Pace::default(), total, done: 0, later: Vec::new(), left: Duration::ZERO }
    }

    /// Says what there is to do.
    pub fn begin(&mut self, open: usize) {
        self.done = self.total - open.min(self.total);
        let known = if self.done > 0 { format!(", {} of them known from before", self.done) } else { String::new() };
        say(&format!("{} runs{known}; at most {} beside each other", self.total, self.room.jobs));
    }

    /// Tells of a run that ended.
    pub fn finished(&mut self, trial: &Trial, found: &TrialRecord) {
        self.pace.saw(trial.load, Duration::from_secs_f64(found.took_s));
        let again = found.turn == Turn::First && found.outcome.is_open();
        self.done += usize::from(!again);
        self.wipe();
        say(&format!("{}; about {} left", line(trial, found, self.done, self.total), for_people(self.left)));
    }

    /// Works out the time left, and draws the live line on a terminal.
    pub fn draw(&mut self, waiting: &[Load], under_way: Vec<(String, Load, Duration)>) {
        let loads: Vec<(Load, Duration)> = under_way.iter().map(|(_, load, since)| (*load, *since)).collect();
        self.left =
            time_left(waiting, &loads, self.room, self.pace) + time_left(&self.later, &[], self.room, self.pace);
        if self.view == View::Panel {
            let names: Vec<String> = under_way.into_iter().map(|(name, ..)| name).collect();
            let text = format!(
                "{} of {} done, about {} left; under way: {}",
                self.done,
                self.total,
                for_people(self.left),
                names.join(", ")
            );
            let fitting: String = text.chars().take(live::width().saturating_sub(1)).collect();
            let mut out = std::io::stdout();
            drop(write!(out, "\r\u{1b}[2K{fitting}").and_then(|()| out.flush()));
        }
    }

    /// Wipes the live line.
    pub fn end(&mut self) {
        self.wipe();
    }

    fn wipe(&self) {
        if self.view == View::Panel {
            drop(write!(std::io::stdout(), "\r\u{1b}[2K"));
        }
    }
}

/// One line about a run that ended.
fn line(trial: &Trial, found: &TrialRecord, done: usize, total: usize) -> String {
    let whom = match &trial.defect {
        Some((defect, _)) => defect.as_str(),
        None => "honest",
    };
    let mut told = format!(
        "{done:>4}/{total} {:<12} {whom}, {} seed {} in {:.1} s",
        found.outcome.name(),
        trial.scenario,
        trial.seed,
        found.took_s
    );
    match (found.outcome, &trial.defect) {
        (Outcome::Caught, Some((_, Catcher::Law(law)))) => {
            told += &format!(": {law}");
            if let Some(first) = found.first_evidence_ms {
                told += &format!(", first seen after {:.1} s", first / 1e3);
            }
        }
        (Outcome::Caught, Some((_, Catcher::Objective(objective)))) => told += &format!(": {objective}"),
        (Outcome::Accused, _) => told += &format!(": {}", found.others.join(", ")),
        (Outcome::Escaped, _) if !found.others.is_empty() => {
            told += &format!(": broken was only {}", found.others.join(", "));
        }
        (Outcome::Inconclusive | Outcome::Failed, _) => {
            told += &format!(": {}", found.reasons.first().map_or("no reason given", String::as_str));
        }
        (Outcome::Caught | Outcome::Passed | Outcome::Escaped, _) => {}
    }
    if found.turn == Turn::First && found.outcome.is_open() {
        told += "; again, with the machine to itself";
    } else if let Some(directory) = &found.directory
        && !found.outcome.is_as_hoped()
    {
        told += &format!("; its books: {directory}");
    }
    told
}

/// A length of time as people say it.
fn for_people(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=59 => format!("{seconds} s"),
        seconds @ 60..=5_399 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// A line for whoever watches; a reader that has left is no error.
fn say(line: &str) {
    drop(writeln!(std::io::stdout(), "{line}"));
}
