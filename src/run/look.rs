//! Looks at the laws while the run goes on, over a copy of the books: for whoever watches, and to end a load once a law that it
//! was to hold is broken beyond doubt.
//!
//! Beyond doubt means: the final books cannot say otherwise. Only laws whose violation stands in an unfinished book count
//! (`stands:` in their header); the same subject must violate the law in two looks, one after the other; and where the run will
//! have an orders book, it must have been read, an interval before the rest, so that no order is newer than the rows it is
//! compared with.

use super::load::Loaded;
use super::orders;
use super::shown::Noticed;
use crate::arena::Arena;
use crate::judgement;
use crate::live::{LawSoFar, Standing};
use books::intake::Intake;
use books::laws::{Law, LawFinding};
use books::rows::OrderRow;
use model::finding::Finding;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between two looks for whoever watches.
const EVERY: Duration = Duration::from_secs(10);

/// Between two looks that may end the load.
const UNTIL_BROKEN_EVERY: Duration = Duration::from_secs(1);

/// Books larger than this are not looked at before their end: joining them takes what the shoppers need.
const ROWS_MAX: u64 = 150_000;

/// Who looks, and at what.
pub struct Lookout {
    pub loaded: Loaded,
    pub arena: Arc<Arena>,
    pub intake: Intake,
    pub file: PathBuf,
    pub noticed: Arc<Mutex<Noticed>>,
    /// Laws that end the load once they are broken; none: looking is for display only.
    pub until_broken: Vec<String>,
}

/// The shop's book, as a look has it.
enum ShopBook {
    /// The run will have none.
    None,
    /// Not read yet, or it could not be.
    Unread,
    /// As it stood before the rest was copied.
    Read(Vec<OrderRow>),
}

impl ShopBook {
    fn rows(&self) -> &[OrderRow] {
        match self {
            Self::None | Self::Unread => &[],
            Self::Read(rows) => rows,
        }
    }

    const fn may_count(&self) -> bool {
        match self {
            Self::None | Self::Read(_) => true,
            Self::Unread => false,
        }
    }
}

impl Lookout {
    /// Looks until the load is over, the books have grown too large, or a named law is broken, which is told to `broken`.
    pub async fn keep(self, mut over: watch::Receiver<bool>, broken: impl Fn(&str)) {
        let (every, rest) = if self.until_broken.is_empty() { (EVERY, 20) } else { (UNTIL_BROKEN_EVERY, 4) };
        let mut pause = every;
        let mut shop = ShopBook::Unread;
        let mut suspects = Suspects::default();
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = over.wait_for(|over| *over) => return,
            }
            if self.intake.rows_written() > ROWS_MAX {
                return;
            }
            let began = Instant::now();
            if let Some(findings) = self.look(&shop).await {
                let proven = suspects.proven(&self.loaded.laws, &findings);
                let ending = self.until_broken.iter().find(|law| proven.contains(law.as_str()));
                if let Some(law) = ending.filter(|_| shop.may_count()) {
                    broken(law);
                    return;
                }
                self.noticed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).laws =
                    findings.iter().map(|found| so_far(found, &proven)).collect();
            }
            if !self.until_broken.is_empty() {
                shop = self.read_shop().await;
            }
            // Looking takes no more than a small share of a core from what it looks at.
            pause = every.max(began.elapsed() * rest);
        }
    }

    async fn look(&self, shop: &ShopBook) -> Option<Vec<LawFinding>> {
        let (file, laws, orders) = (self.file.clone(), Arc::clone(&self.loaded.laws), shop.rows().to_vec());
        tokio::task::spawn_blocking(move || judgement::look(&file, &laws, &orders)).await.ok()?.ok()
    }

    async fn read_shop(&self) -> ShopBook {
        match orders::read(&self.loaded.scenario, &self.loaded.directory, &self.arena).await {
            Ok(Some(rows)) => ShopBook::Read(rows),
            Ok(None) => ShopBook::None,
            Err(_) => ShopBook::Unread,
        }
    }
}

fn so_far(found: &LawFinding, proven: &BTreeSet<String>) -> LawSoFar {
    let standing = match found.finding() {
        Finding::Violated if proven.contains(&found.name) => Standing::Broken,
        Finding::Violated => Standing::Suspected,
        Finding::Held | Finding::Undecided | Finding::NotExercised => Standing::Unbroken,
    };
    LawSoFar { name: found.name.clone(), standing }
}

/// Subjects that violated a law at the last look.
#[derive(Default)]
struct Suspects(BTreeMap<String, BTreeSet<String>>);

impl Suspects {
    /// The laws that a subject violates now as at the last look, and whose violation stands.
    fn proven(&mut self, laws: &[Law], findings: &[LawFinding]) -> BTreeSet<String> {
        let stands = |name: &str| laws.iter().any(|law| law.name == name && law.stands.is_some());
        let violated = findings.iter().filter(|found| found.violated() > 0 && stands(&found.name));
        let now: BTreeMap<String, BTreeSet<String>> = violated
            .map(|found| {
                let subjects = found.violations.iter().map(|subject| subject.subject.clone());
                (found.name.clone(), subjects.collect())
            })
            .collect();
        let again = |(name, subjects): &(&String, &BTreeSet<String>)| {
            self.0.get(*name).is_some_and(|before| !before.is_disjoint(subjects))
        };
        let proven = now.iter().filter(again).map(|(name, _)| name.clone()).collect();
        self.0 = now;
        proven
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use books::laws::{Judgement, Subject, built_in};
    use std::num::NonZeroU64;

    const STANDS: &str = "no_intent_is_charged_twice";
    const MAY_HEAL: &str = "no_charge_without_an_order";

    fn violated(law: &str, subjects: &[&str]) -> LawFinding {
        let one = NonZeroU64::MIN;
        let subject = |name: &&str| Subject { subject: (*name).into(), ..Subject::default() };
        LawFinding {
            name: law.into(),
            sentence: String::new(),
            judgement: Judgement::Violated { examined: one, violated: one, undecided: 0 },
            exposure: 1,
            exposure_means: String::new(),
            violations: subjects.iter().map(subject).collect(),
            worst: None,
            at_stake: BTreeMap::new(),
            doubts: Vec::new(),
        }
    }

    /// What is proven at the last of these looks.
    fn looks(looks: &[&LawFinding]) -> Vec<String> {
        let mut suspects = Suspects::default();
        let mut proven = BTreeSet::new();
        for found in looks {
            proven = suspects.proven(&built_in(), std::slice::from_ref(*found));
        }
        proven.into_iter().collect()
    }

    #[test]
    fn a_subject_must_violate_the_law_in_two_looks_one_after_the_other() {
        let (one, both, other) = (violated(STANDS, &["a"]), violated(STANDS, &["a", "b"]), violated(STANDS, &["c"]));
        assert!(looks(&[&one]).is_empty());
        assert!(looks(&[&one, &other]).is_empty());
        assert!(looks(&[&one, &other, &one]).is_empty());
        assert_eq!(looks(&[&one, &both]), [STANDS]);
    }

    #[test]
    fn a_law_whose_violation_may_heal_is_suspected_and_never_proven() {
        let (healing, standing) = (violated(MAY_HEAL, &["a"]), violated(STANDS, &["a"]));
        assert!(looks(&[&healing, &healing]).is_empty());
        let proven = BTreeSet::from([STANDS.to_owned()]);
        assert_eq!(so_far(&healing, &proven).standing, Standing::Suspected);
        assert_eq!(so_far(&standing, &proven).standing, Standing::Broken);
        assert_eq!(so_far(&standing, &BTreeSet::new()).standing, Standing::Suspected);
    }
}
