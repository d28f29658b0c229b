//! What the reports of a proof look like, for one that was refuted: an escape, an accusation, a run that proves neither.

use model::proof::{Catcher, Heading, Outcome, ProofRecord, ProofVerdict, SeededDefect, TrialRecord, Turn, assemble};
use model::record::Machine;
use reports::proof;
use std::path::PathBuf;

fn trial(defect: Option<&str>, scenario: &str, seed: u64, outcome: Outcome) -> TrialRecord {
    TrialRecord {
        defect: defect.map(Into::into),
        scenario: scenario.into(),
        seed,
        fingerprint: "f".into(),
        turn: Turn::First,
        outcome,
        exposure: 12,
        violated: 7,
        first_evidence_ms: (outcome == Outcome::Caught).then_some(1_200.0 + 400.0 * seed as f64),
        others: Vec::new(),
        reasons: Vec::new(),
        began_at_ms: seed * 20_000,
        took_s: 14.5,
        directory: None,
        command: format!("doorbuster run scenarios/{scenario} --seed {seed}"),
    }
}

fn defect(slug: &str, summary: &str, scenario: &str, catcher: Catcher) -> (SeededDefect, String, Catcher) {
    let defect = SeededDefect { slug: slug.into(), summary: summary.into(), origin: "some shop 123".into() };
    (defect, scenario.into(), catcher)
}

fn heading() -> Heading {
    Heading {
        doorbuster_version: "0.1.0".into(),
        program_hash: "0123456789abcdef".repeat(4),
        written_at: "2026-11-23T17:00:00Z".into(),
        command: "doorbuster prove --seeds 2".into(),
        machine: Machine { processor: "a processor".into(), cores: 2, memory_mib: 8_192, ..Machine::default() },
        seeds: 2,
        honest_seeds: 2,
        defects: vec![
            defect(
                "cart-ordered-twice",
                "two tabs order one cart",
                "proofs/a.yaml",
                Catcher::Law("no_intent_gets_two_orders".into()),
            ),
            defect(
                "provider-call-in-transaction",
                "the provider is asked inside a transaction",
                "proofs/b.yaml",
                Catcher::Objective("availability".into()),
            ),
        ],
        honest: vec!["smoke.yaml".into(), "proofs/a.yaml".into()],
    }
}

fn refuted() -> ProofRecord {
    let mut escaped = trial(Some("provider-call-in-transaction"), "proofs/b.yaml", 2, Outcome::Escaped);
    escaped.others = vec!["every_doubt_is_settled".into()];
    escaped.directory = Some("runs/prove/runs/provider-call-in-transaction.2".into());
    let mut accused = trial(None, "proofs/a.yaml", 1, Outcome::Accused);
    accused.others = vec!["no_intent_gets_two_orders".into()];
    let mut open = trial(None, "proofs/a.yaml", 2, Outcome::Inconclusive);
    open.turn = Turn::Alone;
    open.reasons = vec!["the generator was late".into()];
    assemble(
        heading(),
        vec![
            trial(Some("cart-ordered-twice"), "proofs/a.yaml", 1, Outcome::Caught),
            trial(Some("cart-ordered-twice"), "proofs/a.yaml", 2, Outcome::Caught),
            trial(Some("provider-call-in-transaction"), "proofs/b.yaml", 1, Outcome::Caught),
            escaped,
            trial(None, "smoke.yaml", 1, Outcome::Passed),
            accused,
            open,
        ],
    )
}

fn proven() -> ProofRecord {
    let mut heading = heading();
    heading.defects.pop();
    heading.honest.pop();
    let runs = [(Some("cart-ordered-twice"), "proofs/a.yaml", Outcome::Caught), (None, "smoke.yaml", Outcome::Passed)];
    let trials = runs
        .into_iter()
        .flat_map(|(defect, scenario, outcome)| [1, 2].map(|seed| trial(defect, scenario, seed, outcome)));
    assemble(heading, trials.collect())
}

#[test]
fn terminals() {
    insta::assert_snapshot!("proof-refuted.txt", proof::terminal(&refuted(), 120, false));
    insta::assert_snapshot!("proof-proven.txt", proof::terminal(&proven(), 120, false));
    let narrow = proof::terminal(&refuted(), 80, false);
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    assert!(proof::terminal(&refuted(), 120, true).contains("\u{1b}[1;31mRefuted:"));
}

#[test]
fn documents() {
    insta::assert_snapshot!("proof-refuted.md", proof::markdown(&refuted()));
}

#[test]
fn pages() {
    let page = proof::html(&refuted());
    let (head, rest) = page.split_once("<style>").expect("a page has a style");
    let (_, rest) = rest.split_once("</style>").expect("the style ends");
    insta::assert_snapshot!("proof-refuted.html", format!("{head}[…]{rest}"));
    for reference in ["http:", "https:", "//", "src=", "href", "url(", "<script", "<link"] {
        assert!(!page.contains(reference), "it refers to something by `{reference}`");
    }
}

#[test]
fn the_page_says_how_many_seeds_the_honest_shop_had() {
    let brand = |seeds, honest_seeds| {
        let page = proof::html(&assemble(Heading { seeds, honest_seeds, ..heading() }, Vec::new()));
        page.split("<span>").nth(2).and_then(|rest| rest.split_once('<')).expect("a brand").0.to_owned()
    };
    assert_eq!((brand(2, 2).as_str(), brand(10, 4).as_str()), ("2 seeds", "10 seeds, 4 for the honest shop"));
}

#[test]
fn hostile_names_stay_text() {
    let mut heading = heading();
    heading.command = "</pre><script>x\u{1b}[2J|".into();
    heading.defects[0].0.summary = "<img src=x>|".into();
    let mut hostile = trial(Some("cart-ordered-twice"), "proofs/a.yaml", 1, Outcome::Escaped);
    hostile.others = vec!["<script>\u{1b}[2J".into()];
    let record = assemble(heading, vec![hostile]);
    let (page, document) = (proof::html(&record), proof::markdown(&record));
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains('\u{1b}'));
    let outside_code: String = document.split('`').step_by(2).collect();
    assert!(!outside_code.contains("<script") && !outside_code.contains("<img"), "{document}");
    assert!(!proof::terminal(&record, 100, false).contains('\u{1b}'));
}

#[test]
fn records_fit_the_published_schema() {
    let validator = jsonschema::validator_for(&proof::schema()).expect("the schema is one");
    for record in [refuted(), proven()] {
        let text = proof::json(&record);
        let value: serde_json::Value = serde_json::from_str(&text).expect("a proof is JSON");
        let mistakes: Vec<String> = validator.iter_errors(&value).map(|mistake| mistake.to_string()).collect();
        assert!(mistakes.is_empty(), "{mistakes:?}");
        assert_eq!(serde_json::from_str::<ProofRecord>(&text).expect("a proof can be read back"), record);
    }
    assert_eq!((refuted().verdict, proven().verdict), (ProofVerdict::Refuted, ProofVerdict::Proven));
}

/// `UPDATE_SCHEMA=1 cargo test -p reports` writes the file anew.
#[test]
fn the_published_schema_is_that_of_the_types() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/prove.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, proof::schema_text()).expect("the schema can be written");
    }
    let published = std::fs::read_to_string(&path).expect("the schema is published");
    assert!(published == proof::schema_text(), "docs/prove.schema.json is out of date: run with UPDATE_SCHEMA=1");
}
