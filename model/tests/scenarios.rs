//! The scenarios of this repository are right, and large enough for what they promise.

use model::plan;
use model::scenario::Scenario;
use model::scenario_file::{Files, Overrides, load};
use model::seed::Seed;
use std::path::{Path, PathBuf};

struct Directory(PathBuf);

impl Files for Directory {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(relative_path)).map_err(|error| error.to_string())
    }
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn scenario(name: &str, seed: Option<u64>) -> Scenario {
    let text = std::fs::read_to_string(directory().join(name)).expect("a scenario");
    let overrides = Overrides { seed: seed.map(Seed) };
    load(name, &text, &Directory(directory()), overrides).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn names() -> Vec<String> {
    let entries = std::fs::read_dir(directory()).expect("scenarios");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"));
    names.filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "yaml")).collect()
}

#[test]
fn every_scenario_is_right_and_can_decide_its_objectives_with_any_seed() {
    let names = names();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        for seed in [None, Some(1), Some(2), Some(3), Some(4), Some(5)] {
            let scenario = scenario(&name, seed);
            assert_eq!(format!("{}.yaml", scenario.name), name, "a scenario is called like its file");
            let plan = plan::build(&scenario);
            assert_eq!(plan::too_small(&scenario, &plan), Vec::<String>::new(), "{name}, seed {seed:?}");
        }
    }
}

#[test]
fn a_sale_is_over_within_three_minutes() {
    for name in names() {
        let scenario = scenario(&name, None);
        assert!(scenario.traffic.duration().as_secs() <= 140, "{name}: the load leaves no time to settle");
    }
}

#[test]
fn the_readme_lists_every_scenario() {
    let readme = std::fs::read_to_string(directory().join("README.md")).expect("a README");
    for name in names() {
        assert!(readme.contains(&format!("`{name}`")), "{name} is not in scenarios/README.md");
    }
}
