//! Laws of one's own, tried on histories as the guide says.

use crate::harness::{Finished, doorbuster};
use std::path::Path;

const LAW: &str = "nobody_buys_up_the_shelf";

/// The fenced blocks of a language in the guide, in their order.
fn blocks(language: &str) -> Vec<String> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/writing-a-law.md");
    let guide = std::fs::read_to_string(guide).expect("the guide");
    let mut fences = guide.split("\n```");
    fences.next();
    fences.step_by(2).filter_map(|block| block.strip_prefix(&format!("{language}\n"))).map(str::to_owned).collect()
}

/// Tries the guide's law on the guide's histories, after a change to the law.
fn tried(change: impl FnOnce(String) -> String) -> Finished {
    let directory = tempfile::tempdir().expect("a directory");
    let laws = directory.path().join("laws");
    std::fs::create_dir_all(laws.join("histories")).expect("made");
    let law = blocks("sql").into_iter().next().expect("the guide has a law");
    let histories = blocks("").into_iter().find(|block| block.starts_with("history: ")).expect("and its histories");
    std::fs::write(laws.join(format!("{LAW}.sql")), change(law)).expect("written");
    std::fs::write(laws.join(format!("histories/{LAW}.txt")), histories).expect("written");
    doorbuster(directory, &["law", "test", "laws"])
}

#[test]
fn the_law_of_the_guide_finds_what_its_histories_expect() {
    let finished = tried(|law| law);
    assert_eq!(finished.code, 0, "{finished}");
    let printed = blocks("").into_iter().find(|block| block.starts_with(LAW)).expect("the guide shows what is printed");
    assert_eq!(finished.stdout.trim(), printed.trim());
}

#[test]
fn a_law_that_finds_something_else_is_told_with_its_rows() {
    let finished = tried(|law| law.replace("o.accepted AND ", ""));
    assert_eq!(finished.code, 1, "{finished}");
    let printed =
        blocks("").into_iter().find(|block| block.trim_start().starts_with("DIFFERS")).expect("the guide shows it");
    assert!(finished.stdout.contains(printed.trim()), "{finished}");
    assert!(finished.stdout.ends_with("5 histories, 1 not as expected\n"), "{finished}");

    let broken = tried(|law| law.replace("v1_order_line", "v1_order_lines"));
    assert_eq!(broken.code, 1, "{broken}");
    assert!(broken.stdout.contains("no such table: v1_order_lines"), "{broken}");
}

#[test]
fn what_cannot_be_tried_is_named() {
    let said = |arguments: &[&str], files: &[(&str, &str)]| {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            std::fs::write(directory.path().join(name), text).expect("written");
        }
        let finished = doorbuster(directory, arguments);
        assert_eq!(finished.code, 2, "{finished}");
        finished.stderr
    };
    let law = "-- sentence: All is well.\n-- needs: orders\n-- exposure: all\nSELECT 1";
    assert!(said(&["law", "test", "a.sql"], &[("a.sql", law)]).contains("it has no histories"));
    assert!(said(&["law", "test", "a.txt"], &[("a.txt", "")]).contains("name a law (`.sql`) before its histories"));
    let files = [("a.sql", law), ("a.txt", "history: x\nexpect: held\nordr O1\n")];
    assert!(
        said(&["law", "test", "a.sql"], &files).contains("line 3 of the histories: `ordr` begins no line in `a.txt`")
    );
    assert!(said(&["law", "show", "none"], &[]).contains("no law of that name comes with the program"));
}

#[test]
fn the_laws_that_come_with_the_program_are_listed_and_shown() {
    let list = doorbuster(tempfile::tempdir().expect("a directory"), &["law", "list"]);
    assert!(list.code == 0 && list.stdout.contains("no_intent_is_charged_twice\n    Nobody pays twice"), "{list}");
    let shown = doorbuster(tempfile::tempdir().expect("a directory"), &["law", "show", "every_order_adds_up"]);
    assert!(shown.code == 0 && shown.stdout.starts_with("-- sentence: An order adds up"), "{shown}");
}
