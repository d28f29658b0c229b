//! What was found so far: one line of JSON for each run, appended as it comes, so that a proof goes on where it was cut off.

use super::ProveError;
use super::matrix::Trial;
use model::proof::TrialRecord;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// The file of results, locked while this lives: two proofs at once would each take the other's runs for their own.
pub struct Results {
    path: PathBuf,
    file: File,
    trials: Vec<TrialRecord>,
}

impl Results {
    /// Opens the results of a directory, unless another proof has them open, and reads what is there. A line that was cut off
    /// counts as never written.
    pub fn open(directory: &Path) -> Result<Self, ProveError> {
        let path = directory.join("results.jsonl");
        let unusable = |source| ProveError::Output { path: path.clone(), source };
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(&path).map_err(unusable)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => ProveError::UnderWay(directory.to_owned()),
            TryLockError::Error(source) => unusable(source),
        })?;
        let text = io::read_to_string(&file).map_err(unusable)?;
        let trials = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(unusable)?;
        }
        Ok(Self { path, file, trials })
    }

    /// The last result of a run, if nothing that it depends on has changed.
    pub fn of(&self, trial: &Trial) -> Option<&TrialRecord> {
        let defect = trial.defect.as_ref().map(|(slug, _)| slug);
        self.trials.iter().rev().find(|known| {
            known.defect.as_ref() == defect
                && known.scenario == trial.scenario
                && known.seed == trial.seed
                && known.fingerprint == trial.fingerprint
        })
    }

    /// Adds a result; it is in the file when this returns.
    pub fn add(&mut self, trial: TrialRecord) -> Result<(), ProveError> {
        let mut line = serde_json::to_string(&trial).expect("a result has text for keys");
        line.push('\n');
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|source| ProveError::Output { path: self.path.clone(), source })?;
        self.trials.push(trial);
        Ok(())
    }
}

/// SHA-256 of several texts, in hex.
pub fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// SHA-256 of a file, in hex.
pub fn hash_of_file(path: &Path) -> Result<String, ProveError> {
    let hashed = || {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(hex::encode(hash.finalize())),
                bytes => hash.update(&piece[..bytes]),
            }
        }
    };
    hashed().map_err(|source| ProveError::Output { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::schedule::Load;
    use model::proof::{Outcome, Turn};
    use std::time::Duration;

    fn trial(seed: u64) -> Trial {
        Trial {
            defect: None,
            scenario: "a.yaml".into(),
            seed,
            fingerprint: fingerprint(&["program", "scenario"]),
            load: Load { peak_per_s: None, planned: Duration::ZERO, longest: Duration::ZERO },
        }
    }

    fn result(seed: u64, outcome: Outcome) -> TrialRecord {
        TrialRecord {
            defect: None,
            scenario: "a.yaml".into(),
            seed,
            fingerprint: trial(seed).fingerprint,
            turn: Turn::First,
            outcome,
            exposure: 0,
            violated: 0,
            first_evidence_ms: None,
            others: Vec::new(),
            reasons: Vec::new(),
            began_at_ms: 0,
            took_s: 1.0,
            directory: None,
            command: String::new(),
        }
    }

    #[test]
    fn a_second_call_goes_on_where_the_first_was_cut_off() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut results = Results::open(directory.path()).expect("opened");
        results.add(result(1, Outcome::Inconclusive)).expect("written");
        results.add(result(1, Outcome::Passed)).expect("written");
        drop(results);
        let path = directory.path().join("results.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).expect("there");
        file.write_all(b"{\"defect\":null,\"scen").expect("written");

        let mut results = Results::open(directory.path()).expect("opened again");
        assert_eq!(results.of(&trial(1)).map(|known| known.outcome), Some(Outcome::Passed), "the last one counts");
        assert!(results.of(&trial(2)).is_none());
        results.add(result(2, Outcome::Passed)).expect("written");
        drop(results);
        let results = Results::open(directory.path()).expect("opened a third time");
        assert!(results.of(&trial(2)).is_some(), "a line after one that was cut off is read");
    }

    #[test]
    fn a_second_proof_at_the_same_time_is_told() {
        let directory = tempfile::tempdir().expect("a directory");
        let first = Results::open(directory.path()).expect("opened");
        let second = Results::open(directory.path()).map(drop);
        assert!(matches!(second, Err(ProveError::UnderWay(at)) if at == directory.path()));
        drop(first);
        Results::open(directory.path()).expect("opened again");
    }

    #[test]
    fn what_changed_is_run_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut results = Results::open(directory.path()).expect("opened");
        results.add(result(1, Outcome::Passed)).expect("written");
        let changed = Trial { fingerprint: fingerprint(&["program", "another scenario"]), ..trial(1) };
        assert!(results.of(&changed).is_none());
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
    }
}
