//! What is said about each mistake, word for word: `mistakes/NAME.yaml` holds the files, `mistakes/NAME.snap` the message.

mod support;

use model::scenario_file::{Overrides, load};
use std::path::{Path, PathBuf};
use support::{RIGHT, Texts};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes")
}

fn told(text: &str) -> String {
    let texts = Texts::cut(text);
    match load("scenario.yaml", texts.scenario(), &texts, Overrides::default()) {
        Ok(_) => "nothing is wrong".into(),
        Err(mistakes) => mistakes.to_string(),
    }
}

#[test]
fn every_mistake_is_told_with_its_place_and_a_hint() {
    let mut names: Vec<PathBuf> = std::fs::read_dir(directory())
        .expect("cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    insta::with_settings!({ snapshot_path => "mistakes", prepend_module_to_snapshot => false, omit_expression => true }, {
        for path in names {
            let text = std::fs::read_to_string(&path).expect("a case");
            let name = path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned();
            insta::assert_snapshot!(name, told(&text));
        }
    });
}

#[test]
fn eight_mistakes_are_eight_lines_and_hints() {
    let text = std::fs::read_to_string(directory().join("eight.yaml")).expect("the case");
    let told = told(&text);
    let lines = told.lines().filter(|line| line.contains("(line ") && line.contains(", column ")).count();
    let hints = told.lines().filter(|line| line.trim_start().starts_with("hint: ")).count();
    assert_eq!((lines, hints), (8, 8), "{told}");
}

#[test]
fn a_scenario_that_is_right_is_read() {
    assert_eq!(told(RIGHT), "nothing is wrong");
}

#[test]
fn a_live_key_is_never_repeated() {
    let told = told(&RIGHT.replace("name: right", "name: sk_live_51Hsecret"));
    assert!(told.contains("live key") && !told.contains("51Hsecret"), "{told}");
}
