//! The public interface: what is documented is there, what is there is documented, and laws use nothing else.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use books::Joined;
use books::file::RunFile;
use books::history;
use books::laws;
use books::opening::Opening;
use model::judge::Tally;
use model::outcome::{Outcome, Refusal};
use model::plan::RunPlan;
use model::seed::Seed;
use rusqlite::Connection;
use std::path::Path;

fn empty_file() -> (tempfile::TempDir, Connection) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.db");
    let plan = RunPlan { scenario: String::new(), seed: Seed(1), duration_us: 1, arrivals: vec![], phases: vec![] };
    RunFile::create(&path, &Opening::default(), &plan).unwrap().close().unwrap();
    (directory, RunFile::open_to_read(&path).unwrap())
}

fn names(conn: &Connection, sql: &str) -> Vec<String> {
    conn.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_view_and_column_is_documented() {
    let (_directory, conn) = empty_file();
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/books.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let views = names(&conn, "SELECT name FROM sqlite_schema WHERE type = 'view'");
    assert!(views.len() > 20);
    for view in views {
        let row = guide.find(&format!("\n| `{view}` |")).map(|at| (at + 1, "\n"));
        let paragraph = || guide.find(&format!("\n`{view}`:")).map(|at| (at + 1, "\n###"));
        let (from, end) = row.or_else(paragraph).unwrap_or_else(|| panic!("{view} is not in the guide"));
        let told = guide[from..].split(end).next().unwrap();
        for column in names(&conn, &format!("SELECT name FROM pragma_table_info('{view}')")) {
            assert!(told.contains(&format!("`{column}`")), "{view}.{column} is not in the guide");
        }
    }
}

#[test]
fn laws_read_the_public_views_only() {
    let (_directory, conn) = empty_file();
    let tables = names(&conn, "SELECT name FROM sqlite_schema WHERE type = 'table'");
    for law in laws::built_in() {
        let query: String =
            law.sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join(" ");
        let words: Vec<&str> = query.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).collect();
        for pair in words.windows(2).filter(|pair| matches!(pair[0], "FROM" | "JOIN")) {
            assert!(!tables.iter().any(|table| table == pair[1]), "{} reads the table `{}`", law.name, pair[1]);
        }
    }
}

fn joined(text: &str) -> Joined {
    Joined::from_file(history::parse(text).unwrap()[0].books.file().unwrap()).unwrap()
}

#[test]
fn those_who_came_to_buy_and_were_turned_away_stand_beside_the_purchases() {
    let joined = joined(
        "history: a cart that cannot be opened
        expect: held
        stock MUG 0
        shopper a confirmed order=O1
        submit a key=k1 -> 201 ok order=O1
        turned-away b
        turned-away c rejected refusal=technical
        turned-away d rejected refusal=sold_out",
    );
    let purchases = joined.purchases().unwrap();
    let mut found: Vec<_> = purchases.iter().map(|row| (row.outcome, row.refusal, row.borne_out)).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            (Outcome::Confirmed, None, false),
            (Outcome::Rejected, Some(Refusal::SoldOut), true),
            (Outcome::Rejected, Some(Refusal::Technical), false),
            (Outcome::Unknown, None, false),
        ]
    );
    let away = purchases.iter().find(|row| row.outcome == Outcome::Unknown).unwrap();
    assert_eq!((away.intended_us, away.done_us), (500_000, 600_000), "the moment is that of the step");
    assert_eq!(joined.turned_away().unwrap(), Some((2, "cart".into())), "sold out is no failure of the shop");
    assert_eq!(joined.order_creation_by_second().unwrap(), [(0, Tally { good: 1, bad: 0 })], "nothing was submitted");
}

#[test]
fn purchases_tell_what_the_books_bear_out() {
    let text = "history: a sale
        expect: held
        stock MUG 2
        promotion SAVE10 5
        shopper a confirmed order=O1
        submit a key=k1 -> 201 ok order=O1
        submit a key=k1 -> 201 ok order=O1
        shopper b rejected refusal=sold_out
        shopper c rejected refusal=promotion_used_up
        shopper d rejected refusal=declined
        payment authorise ch_1 of pi_1 100 intent=a state=succeeded lost fault=lost
        payment authorise ch_2 of pi_2 100 intent=d state=declined
        order O1 paid intent=a total=100 lines=MUG*2 promotion=SAVE10";
    let joined = joined(text);
    let purchases = joined.purchases().unwrap();
    let of = |refusal| purchases.iter().find(|purchase| purchase.refusal == refusal).unwrap();
    assert_eq!((of(None).outcome, of(None).borne_out), (Outcome::Confirmed, false));
    assert!(of(Some(Refusal::SoldOut)).borne_out, "both of two were sold");
    assert!(!of(Some(Refusal::PromotionUsedUp)).borne_out, "one of five was used");
    assert!(of(Some(Refusal::Declined)).borne_out);
    assert_eq!(joined.accepted_by_second().unwrap(), [(0, 1)]);
    assert_eq!(joined.order_creation_by_second().unwrap(), [(0, Tally { good: 1, bad: 0 })]);
    assert_eq!(joined.authorisation_by_second().unwrap(), [(0, Tally { good: 1, bad: 0 })]);
}
