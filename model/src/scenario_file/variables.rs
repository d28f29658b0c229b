//! Whether every variable that a journey uses is set by something before it.

use super::desk::{Desk, Sees, Use};
use super::journey::JourneyDraft;
use super::mistake::likely;
use crate::card::Card;
use crate::template::Variable;
use std::collections::BTreeMap;

/// Built-in variables and their members; those of a card are known to [`check_card`].
const BUILT_IN: [(&str, &[&str]); 7] = [
    ("holder", &["answer"]),
    ("intent", &["id", "email", "number"]),
    ("run", &["id"]),
    ("shop", &["url"]),
    ("payment", &["url", "publishable_key"]),
    ("tax", &["url"]),
    ("warehouse", &["url"]),
];

/// Members of a card; without one, its token.
const CARD: [&str; 6] = ["token", "number", "name", "exp_month", "exp_year", "cvc"];

/// What the step sends as `Idempotency-Key`, for shops that want it elsewhere as well.
const KEY: &str = "key";

/// Whether a name is taken by a built-in variable.
pub(super) fn is_built_in(name: &str) -> bool {
    name == "card" || name == KEY || BUILT_IN.iter().any(|(built_in, _)| *built_in == name)
}

/// Columns by feeder.
pub(super) type Columns = BTreeMap<String, Vec<String>>;

/// Notes each use of a variable that nothing before it sets.
pub(super) fn check(desk: &Desk<'_>, draft: &JourneyDraft, feeders: &Columns) {
    let all: Vec<&String> = draft.steps.iter().flatten().flat_map(|exchange| &exchange.sets).collect();
    let mut known: Vec<&String> = Vec::new();
    for step in &draft.steps {
        let before = known.clone();
        for exchange in step {
            let seen: Vec<&String> = if exchange.later { known.clone() } else { before.clone() };
            for used in &exchange.uses {
                let visible: Vec<&String> = match used.sees {
                    Sees::Earlier => seen.clone(),
                    Sees::Own => seen.iter().copied().chain(&exchange.sets).collect(),
                    Sees::Any => all.clone(),
                };
                check_use(desk, used, &visible, &all, feeders);
            }
            known.extend(&exchange.sets);
        }
    }
}

/// Notes uses outside of journeys that are not built in.
pub(super) fn check_loose(desk: &Desk<'_>, uses: &[Use], feeders: &Columns) {
    for used in uses {
        check_use(desk, used, &[], &[], feeders);
    }
}

fn check_use(desk: &Desk<'_>, used: &Use, visible: &[&String], all: &[&String], feeders: &Columns) {
    let Variable { name, members } = &used.variable;
    if used.variable.secret().is_some() {
        return;
    }
    let problem = if name == "card" {
        check_card(members)
    } else if name == KEY && members.is_empty() {
        None
    } else if let Some((_, allowed)) = BUILT_IN.iter().find(|(built_in, _)| built_in == name) {
        check_member(name, members, allowed.iter().copied())
    } else if visible.contains(&name) {
        None
    } else if let Some(columns) = feeders.get(name) {
        check_member(name, members, columns.iter().map(String::as_str))
    } else if all.contains(&name) {
        Some((format!("uses `{{{{{name}}}}}`, which is set later only"), "capture it in an earlier step".into()))
    } else {
        Some(unknown(name, all, feeders))
    };
    if let Some((problem, hint)) = problem {
        desk.note(used.spot.clone(), problem, Some(hint));
    }
}

fn unknown(name: &str, all: &[&String], feeders: &Columns) -> (String, String) {
    let built_in = BUILT_IN.iter().map(|(name, _)| *name).chain(["card", KEY]);
    let candidates = all.iter().map(|name| name.as_str()).chain(feeders.keys().map(String::as_str)).chain(built_in);
    let hint = likely(name, candidates).map_or_else(
        || "capture it in an earlier step, or name a feeder so".into(),
        |word| format!("did you mean `{word}`?"),
    );
    (format!("uses `{{{{{name}}}}}`, which nothing sets"), hint)
}

fn check_member<'a>(
    name: &str,
    members: &[String],
    allowed: impl Iterator<Item = &'a str> + Clone,
) -> Option<(String, String)> {
    match members {
        [member] if allowed.clone().any(|known| known == member) => None,
        _ => {
            let known: Vec<String> = allowed.map(|member| format!("`{{{{{name}.{member}}}}}`")).collect();
            Some((
                format!("uses `{{{{{}}}}}`, which there is not", dotted(name, members)),
                format!("there are {}", known.join(", ")),
            ))
        }
    }
}

fn check_card(members: &[String]) -> Option<(String, String)> {
    let rest = match members {
        [first, rest @ ..] if Card::named(first).is_some() => rest,
        all => all,
    };
    let fits = match rest {
        [] => true,
        [member] => CARD.contains(&member.as_str()),
        _ => false,
    };
    (!fits).then(|| {
        let cards: Vec<&str> = Card::ALL.iter().map(|card| card.name()).collect();
        let hint = format!(
            "`{{{{card}}}}` is the shopper's, `{{{{card.ok}}}}` a certain one ({}); each has {}",
            cards.join(", "),
            CARD.join(", ")
        );
        (format!("uses `{{{{{}}}}}`, which there is not", dotted("card", members)), hint)
    })
}

fn dotted(name: &str, members: &[String]) -> String {
    members.iter().fold(name.to_owned(), |path, member| format!("{path}.{member}"))
}
