//! The manifest of proofs: which scenario exposes each seeded defect, and the law or objective that is to catch it.

use super::desk::{At, Desk};
use super::form::{Form, Kind, object};
use super::mistake::{Mistake, Spot, likely, one_of};
use super::node::NodeKind;
use super::scalars::{name, text};
use super::{Files, node};
use crate::proof::Catcher;

/// One line of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofLine {
    /// Slug of the defect.
    pub defect: String,
    /// The scenario that exposes it, relative to the manifest.
    pub scenario: String,
    /// What is to catch it.
    pub catcher: Catcher,
    /// Where the scenario is named, for messages.
    pub scenario_spot: Spot,
    /// Where the catcher is named, for messages.
    pub catcher_spot: Spot,
}

/// Reads a manifest for a shop that has these defects: the lines that can be read, and all that is wrong with it.
#[must_use]
pub fn proofs(text: &str, defects: &[&str]) -> (Vec<ProofLine>, Vec<Mistake>) {
    let desk = Desk::new(&NoFiles);
    let lines = desk.tree("", text).map(|tree| read(&At::root(&desk, "", &tree), defects)).unwrap_or_default();
    let (_, mistakes) = desk.close();
    (lines, mistakes)
}

/// A manifest names files, and reads none.
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("no such file".into())
    }
}

fn read(root: &At<'_>, defects: &[&str]) -> Vec<ProofLine> {
    let NodeKind::Map(members) = &root.node.kind else {
        root.expected("a mapping from defects to their proofs", None);
        return Vec::new();
    };
    for missing in defects.iter().filter(|defect| root.node.get(defect).is_none()) {
        let hint = format!("add `{missing}: {{scenario: FILE, law: NAME}}`");
        root.wrong(&format!("has no line for the defect `{missing}`"), Some(hint));
    }
    let lines = members.iter().filter_map(|(key, node)| line(root, key, node, defects));
    lines.collect()
}

fn line(root: &At<'_>, key: &node::Key, node: &node::Node, defects: &[&str]) -> Option<ProofLine> {
    let draft = object("Proof", proof).read(&root.value(key, node));
    if !defects.contains(&key.name.as_str()) {
        let hint = likely(&key.name, defects.iter().copied()).map_or_else(
            || format!("there are {}", one_of(defects.iter().copied())),
            |word| format!("did you mean `{word}`?"),
        );
        root.key(key).wrong("is not a defect of the shop", Some(hint));
        return None;
    }
    draft.map(|line| ProofLine { defect: key.name.clone(), ..line })
}

/// A line without its key.
fn proof(form: &mut Form<'_>) -> Option<ProofLine> {
    const HINT: &str = "a defect is caught by one law or one objective, named beforehand";
    let scenario = form.required("scenario", "The scenario that exposes it, relative to this file.", text());
    let law = form.optional("law", "The law that is to catch it.", name());
    let objective = form.optional("objective", "The objective that is to catch it.", text());
    let kind = form.one_key(&["law", "objective"], HINT);
    let catcher = match (law, objective) {
        (Some(law), None) => Catcher::Law(law),
        (None, Some(objective)) => Catcher::Objective(objective),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    Some(ProofLine {
        defect: String::new(),
        scenario: scenario?,
        catcher,
        scenario_spot: form.spot("scenario"),
        catcher_spot: form.spot(kind?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFECTS: [&str; 2] = ["cart-ordered-twice", "coupon-overspent"];

    fn told(text: &str) -> Vec<String> {
        proofs(text, &DEFECTS).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_for_each_defect_is_right() {
        let text = "cart-ordered-twice: {scenario: a.yaml, law: no_intent_gets_two_orders}\n\
                    coupon-overspent: {scenario: b.yaml, objective: availability}\n";
        let (lines, mistakes) = proofs(text, &DEFECTS);
        assert_eq!(mistakes, []);
        assert_eq!(lines[0].catcher, Catcher::Law("no_intent_gets_two_orders".into()));
        assert_eq!((lines[1].defect.as_str(), lines[1].scenario.as_str()), ("coupon-overspent", "b.yaml"));
        assert_eq!((lines[1].scenario_spot.line, lines[1].catcher_spot.line), (2, 2));
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "cart-ordered-twise: {scenario: a.yaml, law: some_law}\n\
                    coupon-overspent: {scenario: b.yaml, law: some_law, objective: availability, seeds: 3}\n";
        let told = told(text).join("\n");
        for expected in [
            "the file (line 1, column 1): has no line for the defect `cart-ordered-twice`",
            "cart-ordered-twise (line 1, column 1): is not a defect of the shop\n    hint: did you mean `cart-ordered-twice`?",
            "coupon-overspent.objective (line 2, column 64): does not go with `law`",
            "coupon-overspent.seeds (line 2, column 78): is not a known key",
        ] {
            assert!(told.contains(expected), "`{expected}` is missing:\n{told}");
        }
    }

    #[test]
    fn a_line_needs_a_scenario_and_a_catcher() {
        let told = told("cart-ordered-twice: {}\ncoupon-overspent: 3\n").join("\n");
        for expected in ["lacks `scenario`", "has none of `law` or `objective`", "is `3`, expected a mapping"] {
            assert!(told.contains(expected), "`{expected}` is missing:\n{told}");
        }
    }
}
