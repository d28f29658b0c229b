//! Nothing legal is accused, and nothing that is decided is called undecided.

use super::stories::{Course, World, full_world, runner, world};
use super::telling::{books, text};
use books::Joined;
use books::laws;
use model::finding::Finding;

/// Laws that find fault with a world, and what they say.
fn accusations(world: &World) -> Vec<String> {
    let joined = Joined::from_file(books(world).file().unwrap()).unwrap();
    let found = laws::built_in().into_iter().map(|law| joined.examine(&law));
    let accusing = found.filter(|found| matches!(found.finding(), Finding::Violated | Finding::Undecided));
    accusing
        .map(|found| {
            let subject = found.violations.first().or(found.doubts.first());
            format!("{}: {subject:?} {}", found.name, found.remark())
        })
        .collect()
}

#[test]
fn legal_histories_are_never_accused() {
    let mut runner = runner(48);
    let result = runner.run(&world(), |world| {
        let accusations = accusations(&world);
        proptest::prop_assert!(accusations.is_empty(), "{}\n{}", accusations.join("\n"), text(&world));
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.unwrap_err());
}

#[test]
fn a_world_with_every_course_is_legal_and_exercises_every_law() {
    let mut unexercised: Vec<String> = laws::built_in().into_iter().map(|law| law.name).collect();
    let mut runner = runner(4);
    let result = runner.run(&full_world(), |world| {
        assert_eq!(world.stories.len(), Course::ALL.len());
        let accusations = accusations(&world);
        proptest::prop_assert!(accusations.is_empty(), "{}\n{}", accusations.join("\n"), text(&world));
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.unwrap_err());
    let one = proptest::strategy::ValueTree::current(
        &proptest::strategy::Strategy::new_tree(&full_world(), &mut runner).unwrap(),
    );
    let joined = Joined::from_file(books(&one).file().unwrap()).unwrap();
    for law in laws::built_in() {
        if joined.examine(&law).finding() != Finding::NotExercised {
            unexercised.retain(|name| *name != law.name);
        }
    }
    assert!(unexercised.is_empty(), "{unexercised:?} examined nothing");
}
