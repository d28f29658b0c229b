//! The lines of a timeline without which it cannot be understood.

use model::record::{Book, Passage, TimelineEntry};

/// The places of at most so many lines, in order: the one that breaks the law first of all, then what a fault touched, what was
/// asked and what moved money, then the rest.
pub fn places(timeline: &[TimelineEntry], most: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..timeline.len()).collect();
    if places.len() > most {
        places.sort_by_key(|place| (rank(&timeline[*place]), *place));
        places.truncate(most);
        places.sort_unstable();
    }
    places
}

/// How much a line matters; the least matters most.
fn rank(entry: &TimelineEntry) -> u8 {
    let is_payment = entry.provider.as_deref().is_some_and(|provider| provider.ends_with("payment"));
    match (entry.book, entry.passage) {
        _ if entry.breaks => 0,
        (Book::Provider, Passage::AnswerLost | Passage::AnswerAltered | Passage::Undelivered) if is_payment => 1,
        (Book::Provider, Passage::Called | Passage::Nothing) if is_payment => 2,
        (Book::Shop, _) => 2,
        (Book::Provider, Passage::AnswerLost | Passage::AnswerAltered | Passage::Undelivered)
        | (Book::Shopper, Passage::Asked | Passage::Unanswered) => 3,
        (Book::Shopper, _) => 4,
        (Book::Provider, Passage::Called) => 5,
        (Book::Provider, _) => 6,
        (Book::Run, _) => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::places;
    use model::record::{Book, Passage, TimelineEntry};

    #[test]
    fn the_line_that_breaks_the_law_is_never_left_out() {
        let line = |book, passage| TimelineEntry { passage, ..TimelineEntry::noted(book, None, "x".into()) };
        let mut timeline = vec![line(Book::Shopper, Passage::Asked); 6];
        timeline.push(line(Book::Provider, Passage::Delivered));
        timeline.push(TimelineEntry { breaks: true, ..line(Book::Run, Passage::Nothing) });
        assert_eq!(places(&timeline, 3), [0, 1, 7]);
        assert_eq!(places(&timeline, 20).len(), 8);
    }
}
