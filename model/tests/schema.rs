//! The published schemas are those of the code, and the scenarios of this repository fit them.

use model::scenario_file::{Files, Overrides, journey_schema, load, schema};
use std::path::{Path, PathBuf};

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// Compares with the file in `docs/`, or writes it when `UPDATE_GOLDEN` is set.
fn golden(name: &str, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(docs(name), format!("{text}\n")).expect("docs can be written");
    }
    let published = std::fs::read_to_string(docs(name)).unwrap_or_default();
    assert!(
        published.trim_end() == text,
        "docs/{name} is not what the code says; set UPDATE_GOLDEN=1 to write it anew"
    );
}

#[test]
fn the_published_schemas_are_those_of_the_code() {
    golden("scenario.schema.json", &schema());
    golden("journey.schema.json", &journey_schema());
}

#[test]
fn every_definition_that_is_named_is_there() {
    for text in [schema(), journey_schema()] {
        let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let definitions = schema["$defs"].as_object().expect("definitions");
        for reference in text.split("\"#/$defs/").skip(1) {
            let name = reference.split('"').next().expect("a name");
            assert!(definitions.get(name).is_some_and(|definition| !definition.is_null()), "{name}");
        }
    }
}

/// What `name` and the files that it names hold, as JSON, by path.
fn sources(name: &str) -> Vec<(String, serde_json::Value)> {
    let text = Directory.read(name).expect("a scenario");
    let scenario = load(name, &text, &Directory, Overrides::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let texts = scenario
        .sources
        .into_iter()
        .filter(|source| Path::new(&source.path).extension().is_none_or(|extension| extension != "csv"));
    texts.map(|source| (source.path, serde_json::from_str(&source.meaning).expect("JSON"))).collect()
}

struct Directory;

impl Files for Directory {
    fn read(&self, relative_path: &str) -> Result<String, String> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        std::fs::read_to_string(directory.join(relative_path)).map_err(|error| error.to_string())
    }
}

#[test]
fn scenarios_that_are_right_fit_the_schemas() {
    let parse = |text: String| serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
    let of_scenarios = jsonschema::validator_for(&parse(schema())).expect("a schema");
    let of_journeys = jsonschema::validator_for(&parse(journey_schema())).expect("a schema");
    for name in ["black-friday.yaml", "flash-sale.yaml", "tax-outage.yaml", "webhook-storm.yaml", "shop-crash.yaml"] {
        for (path, value) in sources(name) {
            let validator = if path.is_empty() { &of_scenarios } else { &of_journeys };
            let wrong: Vec<String> =
                validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(wrong.is_empty(), "{name} {path}: {wrong:#?}");
        }
    }
}

#[test]
fn what_a_schema_refuses_is_refused() {
    let schema = serde_json::from_str(&schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let (_, mut scenario) = sources("lost-answers.yaml").remove(0);
    assert!(validator.is_valid(&scenario));
    scenario["faults"][0]["effect"] = serde_json::json!({ "explode": {} });
    assert!(!validator.is_valid(&scenario));
}
