//! One illegal edit of a legal history is caught by the law that it breaks.

use super::edits::{EDITS, Edit};
use super::stories::{full_world, runner};
use super::telling::books;
use books::Joined;
use books::laws::{self, Law};
use model::finding::Finding;

#[test]
fn every_illegal_edit_is_caught_by_its_law() {
    let built_in = laws::built_in();
    let law_of = |edit: &Edit| -> &Law { built_in.iter().find(|law| law.name == edit.law).unwrap() };
    let mut runner = runner(3);
    let result = runner.run(&full_world(), |world| {
        let legal = books(&world);
        for edit in &EDITS {
            let mut edited = legal.clone();
            let applied = (edit.apply)(&mut edited);
            proptest::prop_assert!(applied.is_some(), "{}: found nothing to edit", edit.what);
            let found = Joined::from_file(edited.file().unwrap()).unwrap().examine(law_of(edit));
            proptest::prop_assert_eq!(found.finding(), Finding::Violated, "{}: {:?}", edit.what, found);
        }
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.unwrap_err());
}

#[test]
fn every_law_has_an_edit_that_breaks_it() {
    let unbroken = laws::built_in().into_iter().filter(|law| !EDITS.iter().any(|edit| edit.law == law.name));
    let unbroken: Vec<String> = unbroken.map(|law| law.name).collect();
    assert!(unbroken.is_empty(), "{unbroken:?}");
}
