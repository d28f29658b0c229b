//! The manifest of proofs against what there is: defects of the shop, scenario files, laws and objectives.

use super::{Extent, Options, ProveError};
use crate::run;
use model::proof::{Catcher, SeededDefect};
use model::scenario_file::{Mistake, ProofLine, proofs};
use std::path::Path;

/// The folder of proofs in the directory of scenarios.
pub const FOLDER: &str = "proofs";

/// A defect and how it is proven.
#[derive(Clone, Debug)]
pub struct Line {
    /// The defect, as the shop has it.
    pub defect: SeededDefect,
    /// The scenario that exposes it, relative to the directory of scenarios.
    pub scenario: String,
    /// What is to catch it.
    pub catcher: Catcher,
}

/// Reads the manifest for the defects that are asked for, in the order of the shop's list; all its mistakes at once.
pub fn read(options: &Options, defects: &[SeededDefect]) -> Result<Vec<Line>, ProveError> {
    let path = options.scenarios.join(FOLDER).join("proofs.yaml");
    let text =
        std::fs::read_to_string(&path).map_err(|source| ProveError::Unreadable { path: path.clone(), source })?;
    let slugs: Vec<&str> = defects.iter().map(|defect| defect.slug.as_str()).collect();
    let (lines, mut mistakes) = proofs(&text, &slugs);
    let asked = |slug: &str| match &options.extent {
        Extent::All | Extent::Quick => true,
        Extent::Defects(slugs) => slugs.iter().any(|asked| asked == slug),
        // The scenarios of proofs are among those of the honest shop, and are read there.
        Extent::Honest => false,
    };
    let folder = options.scenarios.join(FOLDER);
    for line in lines.iter().filter(|line| asked(&line.defect)) {
        mistakes.extend(check(&folder, line));
    }
    if !mistakes.is_empty() {
        mistakes.sort_by_key(|mistake| (mistake.spot.line, mistake.spot.column));
        return Err(ProveError::Mistakes { path, mistakes });
    }
    let line = |defect: &SeededDefect| {
        let line = lines.iter().find(|line| line.defect == defect.slug)?;
        Some(Line {
            defect: defect.clone(),
            scenario: format!("{FOLDER}/{}", line.scenario),
            catcher: line.catcher.clone(),
        })
    };
    Ok(defects.iter().filter(|defect| asked(&defect.slug)).filter_map(line).collect())
}

/// What is wrong with a line, seen from the files.
fn check(folder: &Path, line: &ProofLine) -> Option<Mistake> {
    let mistake = |spot: &model::scenario_file::Spot, problem: String, hint: &str| {
        Some(Mistake { spot: spot.clone(), problem, hint: Some(hint.into()) })
    };
    let path = folder.join(&line.scenario);
    if !path.is_file() {
        let problem = format!("names `{}`, and there is no such file", line.scenario);
        return mistake(&line.scenario_spot, problem, "paths are relative to the manifest");
    }
    let loaded = match run::read_scenario(&path, None) {
        Ok(loaded) => loaded,
        Err(error) => {
            let hint = format!("`doorbuster scenario check {}` says what is wrong", path.display());
            return mistake(&line.scenario_spot, format!("names a scenario that cannot run: {error}"), &hint);
        }
    };
    match &line.catcher {
        Catcher::Law(name) if !loaded.laws.iter().any(|law| law.name == *name) => mistake(
            &line.catcher_spot,
            format!("is `{name}`, which is not a law"),
            "`doorbuster reference laws` lists them",
        ),
        Catcher::Objective(name)
            if !loaded.scenario.objectives.iter().any(|objective| objective.measure.name() == *name) =>
        {
            mistake(
                &line.catcher_spot,
                format!("is `{name}`, which is not an objective of `{}`", line.scenario),
                "set it a target in the scenario's `objectives`",
            )
        }
        Catcher::Law(_) | Catcher::Objective(_) => None,
    }
}
