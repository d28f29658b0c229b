//! The runs that a proof takes: each defect under its scenario, the honest shop under all of them, for each seed.

use super::manifest::{FOLDER, Line};
use super::results::fingerprint;
use super::schedule::Load;
use super::{Extent, Options, ProveError};
use crate::run;
use model::proof::Catcher;
use model::scenario::Shop;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Folders whose scenarios the honest shop runs: the directory itself, what comes after a sale, the named
/// faults, the proofs. Long ones stand apart.
const FOLDERS: [&str; 4] = ["", "afterwards", "faults", FOLDER];

/// The file in a folder of scenarios that is none.
const MANIFEST: &str = "proofs.yaml";

/// Seconds over which the peak of a plan is averaged: one second alone is mostly chance.
const PEAK_WINDOW_S: u32 = 3;

/// A run that is to be made.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The defect and what is to catch it; none for the honest shop.
    pub defect: Option<(String, Catcher)>,
    /// The scenario, relative to the directory of scenarios.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Hash of all that the result depends on.
    pub fingerprint: String,
    /// What it puts on the machine.
    pub load: Load,
}

impl Trial {
    /// For people, and for the name of its directory: `coupon-overspent.3`, `honest.faults-outage.3`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.defect {
            Some((defect, _)) => format!("{defect}.{}", self.seed),
            None => format!("honest.{}.{}", self.scenario.trim_end_matches(".yaml").replace('/', "-"), self.seed),
        }
    }
}

/// All runs of a proof.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// With a defect, then honest; each of them seed by seed, so that what is there early covers everything.
    pub trials: Vec<Trial>,
    /// Scenarios of the honest shop.
    pub honest: Vec<String>,
}

/// A scenario as a proof sees it.
#[derive(Clone)]
struct Stage {
    sources: String,
    load: Load,
    reference_shop: bool,
}

impl Matrix {
    /// Plans the runs of what is asked for.
    pub fn plan(options: &Options, lines: &[Line], program_hash: &str) -> Result<Self, ProveError> {
        let mut stages: BTreeMap<String, Stage> = BTreeMap::new();
        let mut honest = honest_scenarios(options, lines)?;
        for scenario in honest.iter().chain(lines.iter().map(|line| &line.scenario)) {
            if !stages.contains_key(scenario) {
                stages.insert(scenario.clone(), stage(&options.scenarios.join(scenario))?);
            }
        }
        // The defects are those of the reference shop, and so is its honesty.
        honest.retain(|scenario| stages[scenario].reference_shop);
        if honest.is_empty() && lines.is_empty() {
            return Err(ProveError::Nothing(options.scenarios.clone()));
        }
        let mut trials = Vec::new();
        for seed in 1..=options.seeds {
            trials.extend(lines.iter().map(|line| {
                let stage = &stages[&line.scenario];
                Trial {
                    defect: Some((line.defect.slug.clone(), line.catcher.clone())),
                    scenario: line.scenario.clone(),
                    seed,
                    fingerprint: fingerprint(&[program_hash, &stage.sources, line.catcher.name()]),
                    load: stage.load,
                }
            }));
        }
        for seed in 1..=options.honest_seeds {
            trials.extend(honest.iter().map(|scenario| {
                let stage = &stages[scenario];
                let fingerprint = fingerprint(&[program_hash, &stage.sources]);
                Trial { defect: None, scenario: scenario.clone(), seed, fingerprint, load: stage.load }
            }));
        }
        Ok(Self { trials, honest })
    }
}

/// The scenarios of the honest shop, in order of folder and name.
fn honest_scenarios(options: &Options, lines: &[Line]) -> Result<Vec<String>, ProveError> {
    let folders: &[&str] = match &options.extent {
        Extent::All | Extent::Honest => &FOLDERS,
        Extent::Quick => &[FOLDER],
        Extent::Defects(_) => {
            let mut scenarios: Vec<String> = lines.iter().map(|line| line.scenario.clone()).collect();
            scenarios.sort();
            scenarios.dedup();
            return Ok(scenarios);
        }
    };
    let mut scenarios = Vec::new();
    for folder in folders {
        let path = options.scenarios.join(folder);
        let mut names = match std::fs::read_dir(&path) {
            Ok(entries) => entries
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .filter(|name| {
                    Path::new(name).extension().is_some_and(|extension| extension == "yaml") && name != MANIFEST
                })
                .collect::<Vec<_>>(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(ProveError::Output { path, source }),
        };
        names.sort();
        scenarios
            .extend(names.into_iter().map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") }));
    }
    Ok(scenarios)
}

fn stage(path: &Path) -> Result<Stage, ProveError> {
    let loaded = run::read_scenario(path, None)
        .map_err(|error| ProveError::Scenario { path: PathBuf::from(path), reason: error.to_string() })?;
    let settlement = &loaded.scenario.settlement;
    let longest = loaded.plan.duration() + loaded.scenario.traffic.drain + settlement.settle_within;
    let load = Load {
        // A closed model has no rate: it takes what it gets.
        peak_per_s: loaded.scenario.traffic.crowd.is_none().then(|| loaded.peak_per_s(PEAK_WINDOW_S)),
        planned: loaded.plan.duration(),
        longest,
    };
    let sources: Vec<String> =
        loaded.sources().into_iter().map(|(name, meaning)| format!("{name}\n{meaning}")).collect();
    Ok(Stage { sources: sources.join("\n"), load, reference_shop: matches!(loaded.scenario.shop, Shop::Reference(_)) })
}
