//! From the scenario file on disk to scenario and plan, and the checks that need neither arena nor books.

use super::{Options, RunError};
use books::laws::Law;
use model::plan::RunPlan;
use model::scenario::{Place, Scenario, Shop};
use model::scenario_file::{self, Files, Mistake, Mistakes, Overrides};
use model::seed::Seed;
use model::target::Target;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A scenario and its plan.
#[derive(Clone)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Its plan.
    pub plan: Arc<RunPlan>,
    /// Arrivals planned in each second.
    planned: Arc<[u64]>,
    /// SHA-256 of the plan, in hex.
    pub plan_hash: String,
    /// Built-in laws and those of the scenario's directories.
    pub laws: Arc<[Law]>,
    /// The directory of the scenario file, which other paths are relative to.
    pub directory: PathBuf,
}

/// Reads the scenario, its laws, and builds the plan.
pub fn load(options: &Options) -> Result<Loaded, RunError> {
    let loaded = read(&options.scenario, options.seed)?;
    for target in targets(&loaded.scenario) {
        let named = options.allow_targets.iter().any(|entry| target.is_allowed_by(entry));
        if !target.is_loopback() && !named {
            return Err(RunError::TargetNotNamed(target.to_string()));
        }
    }
    let known = |name: &String| loaded.laws.iter().any(|law| law.name == *name);
    match options.until_broken.iter().find(|name| !known(name)) {
        Some(unknown) => Err(RunError::UnknownLaw(unknown.clone())),
        None => Ok(loaded),
    }
}

/// What `scenario check` says of a file that can run: its size, and which objectives it is too small to decide.
pub fn check_scenario(path: &Path) -> Result<String, RunError> {
    let loaded = read(path, None)?;
    let buys = |mix: u32| loaded.scenario.journeys[loaded.scenario.mix[mix as usize].journey].buys();
    let buyers = loaded.plan.arrivals.iter().filter(|arrival| buys(arrival.mix)).count();
    let counted = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let mut text = format!(
        "{}: right. {} in {:.0} s{}; {}; {} required",
        path.display(),
        loaded.load_in_words(),
        loaded.plan.duration().as_secs_f64(),
        if loaded.scenario.traffic.crowd.is_some() { String::new() } else { format!(", {buyers} of them to buy") },
        counted(loaded.scenario.faults.len(), "fault"),
        counted(loaded.scenario.required_laws.len(), "law"),
    );
    for remark in model::plan::too_small(&loaded.scenario, &loaded.plan) {
        text += &format!("\n  too small to decide: {remark}");
    }
    Ok(text)
}

/// The plan as JSON, for reading and comparing.
pub fn plan_only(options: &Options) -> Result<String, RunError> {
    let loaded = read(&options.scenario, options.seed)?;
    Ok(model::plan::canonical_json(&loaded.plan, &loaded.scenario))
}

/// Reads a scenario as it stands, for whoever has checked its targets before.
pub fn read(path: &Path, seed: Option<u64>) -> Result<Loaded, RunError> {
    let directory = path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| RunError::Unreadable { path: path.into(), reason: error.to_string() })?;
    let overrides = Overrides { seed: seed.map(Seed) };
    let scenario =
        scenario_file::load(&name, &text, &Directory(directory.clone()), overrides).map_err(RunError::Mistakes)?;
    let directories: Vec<PathBuf> = scenario.law_directories.iter().map(|law| directory.join(law)).collect();
    let laws = laws(&directories)?;
    let mut unknown: Vec<Mistake> = scenario
        .required_laws
        .keys()
        .filter(|required| !laws.iter().any(|law| law.name == **required))
        .map(|required| unknown_law(required, &scenario))
        .collect();
    if !unknown.is_empty() {
        unknown.sort_by_key(|mistake| (mistake.spot.line, mistake.spot.column));
        return Err(RunError::Mistakes(Mistakes { scenario: name, mistakes: unknown }));
    }
    let plan = model::plan::build(&scenario);
    let plan_hash = model::plan::plan_hash(&plan, &scenario);
    let mut planned = vec![0; plan.duration().as_secs_f64().ceil() as usize];
    for arrival in &plan.arrivals {
        planned[(arrival.intended_us / 1_000_000) as usize] += 1;
    }
    Ok(Loaded {
        scenario: Arc::new(scenario),
        plan: Arc::new(plan),
        planned: planned.into(),
        plan_hash,
        laws: laws.into(),
        directory,
    })
}

impl Loaded {
    /// Who comes: `300 arrivals`, or `a closed model of 5 users`.
    #[must_use]
    pub fn load_in_words(&self) -> String {
        match &self.scenario.traffic.crowd {
            Some(crowd) => format!("a closed model of {} users", crowd.users),
            None => format!("{} arrivals", self.plan.arrivals.len()),
        }
    }

    /// Arrivals planned in a second of the load.
    #[must_use]
    pub fn planned_in(&self, second: u32) -> u64 {
        self.planned.get(second as usize).copied().unwrap_or(0)
    }

    /// The peak of planned arrivals a second, as a mean over so many seconds in a row.
    #[must_use]
    pub fn peak_per_s(&self, window_s: u32) -> f64 {
        let window = (window_s as usize).clamp(1, self.planned.len().max(1));
        let most = self.planned.windows(window).map(|seconds| seconds.iter().sum::<u64>()).max();
        most.unwrap_or(0) as f64 / window as f64
    }

    /// What was read, for the run file: name and meaning of each file, and the laws that are not built in.
    #[must_use]
    pub fn sources(&self) -> Vec<(String, String)> {
        let name = |path: &str| if path.is_empty() { "scenario".to_owned() } else { path.to_owned() };
        let files = self.scenario.sources.iter().map(|source| (name(&source.path), source.meaning.clone()));
        let built_in = books::laws::built_in();
        let own = self.laws.iter().filter(|law| !built_in.contains(law));
        let own = own.map(|law| (format!("{}{}", crate::judgement::OWN_LAWS, law.name), law.sql.clone()));
        files.chain(own).collect()
    }
}

/// The built-in laws and those of the scenario's directories.
fn laws(directories: &[PathBuf]) -> Result<Vec<Law>, RunError> {
    let mut laws = books::laws::built_in();
    for directory in directories {
        laws.extend(books::laws::in_directory(directory).map_err(RunError::Laws)?);
    }
    Ok(laws)
}

/// A required law that does not exist is a mistake of the scenario like any other.
fn unknown_law(law: &str, scenario: &Scenario) -> Mistake {
    Mistake {
        spot: scenario.law_spots.get(law).cloned().unwrap_or_default(),
        problem: "is not a law".into(),
        hint: Some("`doorbuster law list` has the built-in ones; laws of your own stand in `laws.directories`".into()),
    }
}

/// Every address that the run would send to, as far as the scenario names it.
fn targets(scenario: &Scenario) -> Vec<Target> {
    let mut addresses: Vec<&str> = Vec::new();
    if let Shop::Own(own) = &scenario.shop {
        addresses.push(&own.url);
    }
    if let Place::Running { admin, proxy } = &scenario.providers.place {
        addresses.push(admin);
        addresses.extend(proxy.as_ref().map(|(address, _)| address.as_str()));
    }
    addresses.iter().filter_map(|address| Target::of(address)).collect()
}

/// Files beside the scenario.
struct Directory(PathBuf);

impl Files for Directory {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(relative_path)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "no such file".into(),
            _ => error.to_string(),
        })
    }
}
