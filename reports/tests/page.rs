//! What must be true of every page, whatever the names in it.

mod records;

use model::record::RunRecord;
use reports::{html, junit, markdown, terminal};

/// Elements that have no end.
const VOID: [&str; 3] = ["meta", "br", "hr"];

const HOSTILE: &str =
    "</style></svg><script>alert(1)</script><img src=http://evil.example/x onerror=\"x\">'&\u{1b}[2J\u{0}|`@all`";

fn hostile() -> RunRecord {
    let mut record = records::fail();
    let name = || HOSTILE.to_owned();
    record.scenario = name();
    record.description = name();
    record.shop = name();
    record.command = name();
    record.started_at = name();
    record.run = name();
    record.plan_hash = name();
    record.doorbuster_version = name();
    record.reasons = vec![name()];
    record.remarks = vec![name()];
    record.refusals.insert(name(), 1);
    record.machine.processor = name();
    record.machine.system = name();
    record.generator.reasons = vec![name()];
    record.events.iter_mut().for_each(|event| (event.name, event.text) = (name(), name()));
    record.faults.iter_mut().for_each(|fault| (fault.name, fault.what) = (name(), name()));
    record.phases.iter_mut().for_each(|phase| phase.label = name());
    record.steps.iter_mut().for_each(|step| (step.step, step.journey) = (name(), name()));
    record.money.iter_mut().for_each(|money| money.currency = name());
    record
        .objectives
        .iter_mut()
        .for_each(|objective| (objective.name, objective.phase, objective.remark) = (name(), name(), name()));
    for law in &mut record.laws {
        (law.name, law.sentence) = (name(), name());
        for stake in &mut law.at_stake {
            stake.currency = name();
        }
        for story in &mut law.counterexamples {
            (story.subject, story.why, story.query) = (name(), name(), name());
            (story.sentence, story.rows_query, story.currency) = (name(), name(), Some(name()));
            story.touched.iter_mut().for_each(|touch| {
                (touch.fault, touch.what, touch.did) = (name(), name(), vec![name()]);
            });
            for entry in &mut story.timeline {
                (entry.text, entry.brief, entry.fault) = (name(), name(), Some(name()));
                entry.provider = entry.provider.as_ref().map(|_| name());
            }
        }
    }
    record
}

/// Every element that is opened is closed, in order; the text of style sheets is left out.
fn assert_balanced(markup: &str) {
    let (head, rest) = markup
        .split_once("<style>")
        .map_or((markup, ""), |(head, rest)| (head, rest.split_once("</style>").expect("the style ends").1));
    let mut open: Vec<String> = Vec::new();
    for piece in [head, rest] {
        for tag in piece.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').unwrap_or_else(|| panic!("`<{tag}` does not end"));
            if tag.starts_with('!') || tag.starts_with('?') || tag.ends_with('/') {
                continue;
            }
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "`</{name}>` closes something else");
                continue;
            }
            let name = tag.split_whitespace().next().expect("an element has a name");
            if !VOID.contains(&name) {
                open.push(name.into());
            }
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

#[test]
fn every_element_is_closed() {
    for record in [records::pass(), records::fail(), records::inconclusive(), hostile()] {
        assert_balanced(&html::render(&record));
        assert_balanced(&junit::render(&record));
    }
}

#[test]
fn the_page_asks_nobody_for_anything() {
    for record in [records::pass(), records::fail(), records::inconclusive()] {
        let page = html::render(&record);
        for reference in [
            "http:",
            "https:",
            "//",
            "src=",
            "href",
            "url(",
            "@import",
            "@font-face",
            "<script",
            "<link",
            "<iframe",
            "<object",
        ] {
            assert!(!page.contains(reference), "{} refers to something by `{reference}`", record.scenario);
        }
    }
}

#[test]
fn hostile_names_stay_text() {
    let record = hostile();
    let page = html::render(&record);
    for markup in ["<script", "<img", "\u{1b}", "\u{0}", "'&"] {
        assert!(!page.contains(markup), "{markup:?} got into the page");
    }
    assert_eq!(page.matches("</style>").count(), 1);
    let suites = junit::render(&record);
    assert!(!suites.contains("<script") && !suites.contains('\u{1b}'));
    let comment = markdown::render(&record);
    let outside_code: String = comment.split('`').step_by(2).collect();
    assert!(!outside_code.contains("<script"), "{comment}");
    assert!(!terminal::verdict(&record, 80, false).contains('\u{1b}'));
}

#[test]
fn identifiers_are_unique() {
    let page = html::render(&records::fail());
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    for reference in page.split("aria-labelledby=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(reference.split(' ').all(|id| ids.binary_search(&id).is_ok()), "nothing is called `{reference}`");
    }
}

#[test]
fn what_is_not_proven_blames_nobody() {
    let page = html::render(&records::inconclusive());
    let heading =
        page.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next()).expect("the page has a heading");
    assert!(heading.contains("not proven"), "{heading}");
    for word in ["violated", "Broken law", "were broken", "missed", "finding bad"] {
        assert!(!page.split("</style>").nth(1).expect("a body").contains(word), "an inconclusive page says `{word}`");
    }
}

#[test]
fn an_empty_record_is_a_page_too() {
    let mut record = records::inconclusive();
    record.objectives.clear();
    record.laws.clear();
    record.faults.clear();
    record.phases.clear();
    record.steps.clear();
    record.money.clear();
    record.refusals.clear();
    record.series = model::record::Series::default();
    record.duration_s = 0.0;
    assert_balanced(&html::render(&record));
    assert_balanced(&junit::render(&record));
    assert!(terminal::verdict(&record, 80, false).contains("Inconclusive"));
}
