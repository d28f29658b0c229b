//! Progress of a proof: a line for each run that ended, and on a terminal a live one about those under way.

use super::matrix::Trial;
use super::schedule::{Load, Pace, Queued, Room, time_left};
use crate::live::{self, View};
use model::proof::{Catcher, Outcome, TrialRecord, Turn};
use std::io::Write;
use std::time::Duration;

/// The runs that are being made: those with a defect mostly end at their proof, those of the honest shop go on to their end.
#[derive(Clone, Copy)]
pub enum Part {
    /// With a defect.
    WithDefect,
    /// Of the honest shop.
    Honest,
}

/// What whoever watches is told.
pub struct Progress {
    view: View,
    room: Room,
    total: usize,
    done: usize,
    with_defect: Pace,
    honest: Pace,
    part: Part,
    later: Vec<Queued>,
    left: Duration,
}

impl Progress {
    /// Of a proof of so many runs.
    pub fn new(view: View, total: usize, room: Room) -> Self {
        Self {
            view,
            room,
            total,
            done: 0,
            with_defect: Pace::default(),
            honest: Pace::default(),
            part: Part::WithDefect,
            later: Vec::new(),
            left: Duration::ZERO,
        }
    }

    /// Takes what a run took into account, also of one that is known from before.
    pub fn saw(&mut self, trial: &Trial, found: &TrialRecord) {
        let pace = if trial.defect.is_some() { &mut self.with_defect } else { &mut self.honest };
        pace.saw(trial.load, Duration::from_secs_f64(found.took_s.max(0.0)));
    }

    /// Says what there is to do.
    pub fn begin(&mut self, open: usize) {
        self.done = self.total - open.min(self.total);
        let known = if self.done > 0 { format!(", {} of them known from before", self.done) } else { String::new() };
        let jobs = self.room.jobs;
        say(&format!("{} runs{known}; at most {jobs} beside each other{}", self.total, self.left()));
    }

    /// From here on runs of this part are made; `later` are those of the honest shop that come after it.
    pub fn enter(&mut self, part: Part, later: Vec<Queued>) {
        self.part = part;
        self.later = later;
    }

    /// Works out the time left.
    pub fn look_ahead(&mut self, waiting: &[Queued], under_way: &[(Load, Duration)]) {
        let pace = match self.part {
            Part::WithDefect => self.with_defect,
            Part::Honest => self.honest,
        };
        self.left =
            time_left(waiting, under_way, self.room, pace) + time_left(&self.later, &[], self.room, self.honest);
    }

    /// Tells of a run that ended.
    pub fn finished(&mut self, trial: &Trial, found: &TrialRecord) {
        let again = found.turn == Turn::First && found.outcome.is_open();
        self.done += usize::from(!again);
        self.wipe();
        say(&format!("{}{}", line(trial, found, self.done, self.total), self.left()));
    }

    /// Draws the live line on a terminal.
    pub fn draw(&self, under_way: impl Iterator<Item = String>) {
        if self.view == View::Panel {
            let names: Vec<String> = under_way.collect();
            let text = format!("{} of {} done{}; under way: {}", self.done, self.total, self.left(), names.join(", "));
            let fitting: String = text.chars().take(live::width().saturating_sub(1)).collect();
            let mut out = std::io::stdout();
            drop(write!(out, "\r\u{1b}[2K{fitting}").and_then(|()| out.flush()));
        }
    }

    fn left(&self) -> String {
        if self.left.is_zero() { String::new() } else { format!("; about {} left", for_people(self.left)) }
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
