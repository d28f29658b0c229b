//! What the answers to several submissions mean together.

use super::trial::Told;
use model::outcome::{Reading, Refusal};

/// What the answers to all submissions so far mean together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// One was told that it is paid.
    Confirmed,
    /// The shopper must act on the one of this index.
    Action(usize),
    /// The one of this index waits for its payment.
    Pending(usize),
    /// Every one was a final no; the first of them.
    Refused(Refusal),
    /// The one of this index is not decided.
    Open(usize),
}

/// All submissions under one key, and what the last answer said.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its key.
    pub key: String,
    /// What it came to.
    pub told: Told,
    /// Whether that was told at the end of the browser's part.
    pub acted: bool,
}

impl Line {
    /// The answer to a submission.
    pub const fn new(key: String, told: Told) -> Self {
        Self { key, told, acted: false }
    }
}

/// What the answers to all submissions so far mean together.
pub fn standing(lines: &[Line]) -> Standing {
    let first = |wanted| lines.iter().position(|line| line.told.reading == wanted);
    if first(Reading::Ok).is_some() {
        return Standing::Confirmed;
    }
    if let Some(asked) = first(Reading::ActionRequired) {
        // Others that wait may wait for just that.
        return Standing::Action(asked);
    }
    if let Some(waiting) = first(Reading::Pending) {
        return Standing::Pending(waiting);
    }
    let mut refused = None;
    for (index, line) in lines.iter().enumerate() {
        match line.told.reading {
            Reading::Refused(refusal) => refused = refused.or(Some(refusal)),
            _ => return Standing::Open(index),
        }
    }
    refused.map_or(Standing::Open(0), Standing::Refused)
}

/// Two answers to the same key, as one: the more final one.
pub fn merge(first: Told, second: Told) -> Told {
    if finality(second.reading) > finality(first.reading) { second } else { first }
}

const fn finality(reading: Reading) -> u8 {
    match reading {
        Reading::Ok => 7,
        Reading::ActionRequired => 6,
        Reading::Pending => 5,
        Reading::Refused(_) => 4,
        Reading::AlreadyOrdered => 3,
        Reading::InProgress => 2,
        Reading::Absent | Reading::Unexpected => 1,
        Reading::Unanswered => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(reading: Reading) -> Told {
        Told { reading, done_us: 0, retry_after: None }
    }

    fn lines(readings: &[Reading]) -> Vec<Line> {
        readings.iter().map(|reading| Line::new(String::new(), told(*reading))).collect()
    }

    #[test]
    fn a_yes_to_any_submission_confirms_and_only_noes_to_all_refuse() {
        use Reading::{AlreadyOrdered, InProgress, Ok, Pending, Refused, Unanswered};
        let declined = Refused(Refusal::Declined);
        let sold_out = Refused(Refusal::SoldOut);
        assert_eq!(standing(&lines(&[Unanswered, Ok])), Standing::Confirmed);
        assert_eq!(standing(&lines(&[declined, Pending])), Standing::Pending(1));
        assert_eq!(standing(&lines(&[declined, sold_out])), Standing::Refused(Refusal::Declined));
        assert_eq!(standing(&lines(&[declined, Unanswered])), Standing::Open(1));
        assert_eq!(standing(&lines(&[AlreadyOrdered, declined])), Standing::Open(0));
        assert_eq!(standing(&lines(&[InProgress])), Standing::Open(0));
        assert_eq!(standing(&lines(&[Pending, Reading::ActionRequired])), Standing::Action(1));
    }

    #[test]
    fn of_two_answers_to_a_key_the_more_final_one_counts() {
        let merged = |first, second| merge(told(first), told(second)).reading;
        assert_eq!(merged(Reading::Unanswered, Reading::InProgress), Reading::InProgress);
        assert_eq!(
            merged(Reading::Refused(Refusal::Declined), Reading::InProgress),
            Reading::Refused(Refusal::Declined)
        );
        assert_eq!(merged(Reading::Ok, Reading::Pending), Reading::Ok);
    }
}
