//! The runner of laws: what a law may do, and what becomes of one that fails.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use books::Joined;
use books::history;
use books::laws::{self, Judgement, Law};
use model::finding::Finding;

const HEADER: &str = "-- sentence: A sentence.\n-- needs: shopper\n-- exposure: all\n";

fn joined() -> Joined {
    let text = "history: two shoppers\nexpect: held\nshopper a confirmed order=O1\nshopper b unknown";
    Joined::from_file(history::parse(text).unwrap()[0].books.file().unwrap()).unwrap()
}

fn law(query: &str) -> Law {
    Law::parse("mine", &format!("{HEADER}{query}")).unwrap()
}

#[test]
fn a_law_of_a_user_counts_by_finding() {
    let query = "SELECT intent AS subject, iif(outcome = 'confirmed', 'held', 'violated') AS finding, outcome AS why,
                        1 AS exposed, intent FROM v1_intent";
    let found = joined().examine(&law(query));
    assert_eq!((found.finding(), found.examined(), found.violated(), found.exposure), (Finding::Violated, 2, 1, 2));
    assert_eq!(found.violations[0].why, "unknown");
    assert_eq!(found.violations[0].intent.as_deref(), Some("r1.1.0"));
}

#[test]
fn a_law_that_fails_is_undecided_and_says_why() {
    for (query, why) in [
        ("SELECT nonsense", "no such column: nonsense"),
        ("SELECT 1 AS subject", "it has no column `finding`"),
        ("SELECT 1 AS subject, 'fine' AS finding, '' AS why, 0 AS exposed", "its finding for `1` is `fine`"),
        ("SELECT 1 AS subject, NULL AS finding, '' AS why, 0 AS exposed", "its finding for `1` is `NULL`"),
        ("SELECT 1 AS subject, 'held' AS finding, '' AS why, 'x' AS exposed", "column `exposed`"),
        (
            "DELETE FROM arrival RETURNING 1 AS subject, 'held' AS finding, '' AS why, 0 AS exposed",
            "it would change the run file",
        ),
    ] {
        let found = joined().examine(&law(query));
        assert_eq!(found.finding(), Finding::Undecided, "{query}");
        assert!(found.remark().contains(why), "{query}: {}", found.remark());
    }
}

#[test]
fn a_law_that_examines_nothing_is_not_exercised() {
    let found = joined().examine(&law("SELECT 1 AS subject, 'held' AS finding, '' AS why, 0 AS exposed WHERE 0"));
    assert!(matches!(found.judgement, Judgement::NotExercised { .. }));
}

#[test]
fn only_the_first_subjects_are_told_in_the_order_of_their_names() {
    let query = "WITH RECURSIVE n (i) AS (SELECT 300 UNION ALL SELECT i - 1 FROM n WHERE i > 1)
                 SELECT 's' || i AS subject, 'violated' AS finding, 'so' AS why, 0 AS exposed FROM n";
    let found = joined().examine(&law(query));
    let told: Vec<&str> = found.violations.iter().map(|subject| subject.subject.as_str()).collect();
    assert_eq!(told.len(), 200);
    assert_eq!(&told[..3], ["s1", "s2", "s3"]);
    assert_eq!(told[199], "s200");
    assert_eq!(found.violated(), 300);
}

#[test]
fn laws_of_a_directory_are_read_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write("b.sql", &format!("{HEADER}SELECT 1"));
    write("a.sql", &format!("{HEADER}SELECT 1"));
    write("notes.txt", "no law");
    let names: Vec<String> = laws::in_directory(directory.path()).unwrap().into_iter().map(|law| law.name).collect();
    assert_eq!(names, ["a", "b"]);
    write("c.sql", "SELECT 1");
    let error = laws::in_directory(directory.path()).unwrap_err().to_string();
    assert_eq!(error, "read the law `c`: its opening comments have no line `-- needs: …`");
}

#[test]
fn a_history_that_cannot_be_read_is_named_with_its_line() {
    let said = |text: &str| history::parse(text).unwrap_err().to_string();
    assert_eq!(said("shopper a confirmed"), "read line 1 of the histories: expected `history: …` first");
    assert_eq!(said("history: x\nexpect: held\nsings a"), "read line 3 of the histories: `sings` begins no line");
    assert_eq!(said("history: x\nexpect: fine"), "read line 2 of the histories: `fine` is no finding");
    assert_eq!(
        said("history: x\nexpect: held\norder O1 paid totl=1"),
        "read line 3 of the histories: unexpected `totl=1`"
    );
    assert_eq!(
        said("history: x\nshopper a confirmed"),
        "read line 2 of the histories: the history before has no `expect: …`"
    );
}

#[test]
fn the_worst_is_told_by_its_weight_however_late_its_name_comes() {
    let query = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
                 SELECT 's' || i AS subject, iif(i = 299, 'held', 'violated') AS finding, 'so' AS why, 0 AS exposed,
                        iif(i >= 250, 700, i) AS weight, iif(i % 2, 'USD', 'EUR') AS currency, i AS statement FROM n";
    let found = joined().examine(&law(query));
    let worst = found.worst.unwrap();
    assert_eq!((worst.subject.as_str(), worst.weight, worst.statement), ("s250", 700, Some(250)));
    assert_eq!(found.at_stake["USD"], (1..250).step_by(2).sum::<i64>() + 24 * 700);
    assert_eq!(found.at_stake["EUR"], (2..250).step_by(2).sum::<i64>() + 26 * 700);
}
