//! The violated subjects of a law that are told: the first and the worst, each as an explanation.

use books::Joined;
use books::laws::{Law, LawFinding, Subject};
use model::record::{Book, Chosen, Counterexample, Passage, TimelineEntry, Touch};
use std::collections::BTreeMap;

/// Tells subjects across the books.
pub struct Teller<'a> {
    joined: &'a Joined,
    /// What each fault does, for people.
    faults: BTreeMap<String, String>,
}

impl<'a> Teller<'a> {
    /// Over these books.
    pub fn new(joined: &'a Joined) -> Result<Self, books::Error> {
        let faults = joined.faults()?.into_iter().map(|fault| (fault.name, fault.what)).collect();
        Ok(Self { joined, faults })
    }

    /// The violated subject with the earliest evidence, and the one with the most at stake; one where they are the same.
    pub fn counterexamples(
        &self,
        law: &Law,
        first: &Subject,
        found: &LawFinding,
    ) -> Result<Vec<Counterexample>, books::Error> {
        match found.worst.as_ref().filter(|worst| worst.subject != first.subject && worst.weight > first.weight) {
            None => Ok(vec![self.tell(law, first, Chosen::FirstAndWorst)?]),
            Some(worst) => Ok(vec![self.tell(law, first, Chosen::First)?, self.tell(law, worst, Chosen::Worst)?]),
        }
    }

    /// The violated subject with the earliest evidence, and when it was; the first by name where no row has a time.
    pub fn first<'f>(
        &self,
        law: &Law,
        found: &'f LawFinding,
    ) -> Result<Option<(&'f Subject, Option<u64>)>, books::Error> {
        let mut first: Option<(&Subject, Option<u64>)> = None;
        for subject in &found.violations {
            let seen_us = self.joined.first_evidence_us(law, std::slice::from_ref(subject))?;
            let earlier = match first {
                None => true,
                Some((_, known_us)) => {
                    seen_us.is_some_and(|seen_us| known_us.is_none_or(|known_us| seen_us < known_us))
                }
            };
            if earlier {
                first = Some((subject, seen_us));
            }
        }
        Ok(first)
    }

    fn tell(&self, law: &Law, subject: &Subject, chosen: Chosen) -> Result<Counterexample, books::Error> {
        let timeline = self.joined.timeline(subject)?;
        let quoted = subject.subject.replace('\'', "''");
        Ok(Counterexample {
            chosen,
            subject: subject.subject.clone(),
            sentence: sentence(law, subject),
            why: subject.why.clone(),
            weight: subject.weight.max(0).cast_unsigned(),
            currency: subject.currency.clone().filter(|currency| !currency.is_empty()),
            touched: self.touched(&timeline),
            timeline,
            query: format!("SELECT * FROM (\n{}\n) WHERE subject = '{quoted}';", query_of(&law.sql)),
            rows_query: if subject.intent.is_some() || subject.order_number.is_some() {
                subject.query()
            } else {
                String::new()
            },
        })
    }

    /// The faults whose stamp the rows carry, in the order in which they touched them.
    fn touched(&self, timeline: &[TimelineEntry]) -> Vec<Touch> {
        let mut touches: Vec<Touch> = Vec::new();
        for entry in timeline.iter().filter(|entry| entry.book == Book::Provider) {
            let Some(fault) = &entry.fault else { continue };
            let did = did(entry);
            match touches.iter_mut().find(|touch| touch.fault == *fault) {
                Some(touch) => touch.did.push(did),
                None => touches.push(Touch {
                    fault: fault.clone(),
                    what: self.faults.get(fault).cloned().unwrap_or_default(),
                    did: vec![did],
                }),
            }
        }
        touches
    }
}

/// What a fault did to a row.
fn did(entry: &TimelineEntry) -> String {
    let brief = &entry.brief;
    match entry.passage {
        Passage::AnswerLost => format!("the answer to “{brief}” never reached the shop"),
        Passage::AnswerAltered => format!("the shop got another answer to “{brief}” than the provider gave"),
        Passage::Undelivered => format!("“{brief}”: the shop never heard of it"),
        Passage::Delivered => format!("“{brief}” did not come as it should have"),
        Passage::Nothing | Passage::Asked | Passage::Answered | Passage::Unanswered | Passage::Called => {
            format!("it touched “{brief}”")
        }
    }
}

/// What should have been, and what was.
fn sentence(law: &Law, subject: &Subject) -> String {
    let should = law.sentence.trim().trim_end_matches('.');
    let whose = match (&subject.order_number, &subject.intent) {
        (Some(number), _) => format!("order {number}"),
        (None, Some(intent)) => format!("purchase {intent}"),
        (None, None) => subject.subject.clone(),
    };
    format!("{should}. Here, for {whose}: {}.", subject.why.trim_end_matches('.'))
}

/// The query without the comments that open it.
fn query_of(sql: &str) -> String {
    let lines = sql.trim().trim_end_matches(';').lines();
    lines.skip_while(|line| line.starts_with("--") || line.trim().is_empty()).collect::<Vec<_>>().join("\n")
}
