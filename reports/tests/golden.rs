//! What each report looks like for three runs made by hand.

mod records;

use model::record::RunRecord;
use reports::{html, junit, markdown, summary, terminal};
use std::path::{Path, PathBuf};

fn all() -> [(&'static str, RunRecord); 3] {
    [("pass", records::pass()), ("fail", records::fail()), ("inconclusive", records::inconclusive())]
}

/// The page without its style sheet and the insides of its plots, which change for reasons of taste.
fn skeleton(page: &str) -> String {
    let without_style = between(page, "<style>", "</style>");
    let without_plots = between(&without_style, "<svg class=\"plot ", "</svg>\n");
    between(&without_plots, "<svg class=\"story-picture", "</svg>\n")
}

fn between(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        let (_, after) = after.split_once(close).expect("what is opened is closed");
        kept.push_str(before);
        kept.push_str("[…]\n");
        rest = after;
    }
    kept + rest
}

#[test]
fn pages() {
    for (name, record) in all() {
        insta::assert_snapshot!(format!("{name}.html"), skeleton(&html::render(&record)));
    }
}

#[test]
fn plots() {
    let page = html::render(&records::fail());
    let start = page.find("<svg class=\"plot narrow\" ").expect("the page has narrow plots");
    let plot = &page[start..];
    insta::assert_snapshot!("rate.svg", &plot[..plot.find("</svg>").expect("the plot ends")]);
}

#[test]
fn pictures() {
    let page = html::render(&records::fail());
    let start = page.find("<svg class=\"story-picture").expect("the page has pictures");
    let picture = &page[start..];
    insta::assert_snapshot!("picture.svg", &picture[..picture.find("</svg>").expect("the picture ends")]);
}

#[test]
fn comments() {
    for (name, record) in all() {
        insta::assert_snapshot!(format!("{name}.md"), markdown::render(&record));
    }
}

#[test]
fn test_suites() {
    for (name, record) in all() {
        insta::assert_snapshot!(format!("{name}.xml"), junit::render(&record));
    }
}

#[test]
fn terminals() {
    for (name, record) in all() {
        let plain = terminal::verdict(&record, 100, false);
        assert!(plain.lines().all(|line| line.chars().count() <= 100), "{plain}");
        insta::assert_snapshot!(format!("{name}.txt"), plain);
    }
    let narrow = terminal::verdict(&records::fail(), 60, false);
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    let coloured = terminal::verdict(&records::fail(), 100, true).replace('\u{1b}', "␛");
    insta::assert_snapshot!("fail-coloured.txt", coloured);
    assert_eq!(terminal::whereabouts(Path::new("runs/x/report.html"), false), "  report runs/x/report.html\n");
}

#[test]
fn summaries_fit_the_published_schema() {
    let validator = jsonschema::validator_for(&summary::schema()).expect("the schema is one");
    for (name, record) in all() {
        let text = summary::json(&record);
        let value: serde_json::Value = serde_json::from_str(&text).expect("a summary is JSON");
        let mistakes: Vec<String> = validator.iter_errors(&value).map(|mistake| mistake.to_string()).collect();
        assert!(mistakes.is_empty(), "{name}: {mistakes:?}");
        assert_eq!(serde_json::from_str::<RunRecord>(&text).expect("a summary can be read back"), record);
    }
    let value =
        serde_json::from_str(&summary::json(&records::pass()).replace("\"pass\"", "\"splendid\"")).expect("still JSON");
    assert!(!validator.is_valid(&value), "the schema takes any verdict");
    let mut short = records::inconclusive();
    short.series = model::record::Series::default();
    insta::assert_snapshot!("inconclusive.json", summary::json(&short));
}

/// `UPDATE_SCHEMA=1 cargo test -p reports` writes the file anew.
#[test]
fn the_published_schema_is_that_of_the_types() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/summary.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, summary::schema_text()).expect("the schema can be written");
    }
    let published = std::fs::read_to_string(&path).expect("the schema is published");
    assert!(published == summary::schema_text(), "docs/summary.schema.json is out of date: run with UPDATE_SCHEMA=1");
}
