//! What a scenario may not hold: addresses off loopback that it does not allow, and live keys.

use super::desk::Desk;
use super::mistake::{LIVE, Spot};
use super::node::{Node, NodeKind, Position};
use crate::target::Target;

/// Notes each address that is neither loopback nor allowed.
pub(super) fn check(desk: &Desk<'_>, allowed: &[String]) {
    for (spot, address) in desk.take_targets() {
        let Some(target) = Target::of(&address) else { continue };
        if !target.is_loopback() && !allowed.iter().any(|entry| target.is_allowed_by(entry)) {
            let problem = format!("sends to `{target}`, which is neither loopback nor in `allow_targets`");
            desk.note(spot, problem, Some(format!("add `{}` to `allow_targets` if it is yours to load", target.host)));
        }
    }
}

/// Notes each live key in a text, by its place in the tree where it has one.
pub(super) fn note_live_keys(desk: &Desk<'_>, file: &str, text: &str, tree: Option<&Node>) {
    let mut seen = Vec::new();
    if let Some(tree) = tree {
        walk(tree, "", &mut |path, at, text| {
            if let Some(prefix) = live_prefix(text) {
                seen.push(at.line);
                note(desk, Spot { file: file.into(), path: path.into(), line: at.line, column: at.column }, prefix);
            }
        });
    }
    for (index, line) in text.lines().enumerate() {
        if let Some(prefix) = live_prefix(line).filter(|_| !seen.contains(&(index + 1))) {
            let column = line.find(prefix).map_or(0, |at| line[..at].chars().count()) + 1;
            note(desk, Spot { file: file.into(), path: String::new(), line: index + 1, column }, prefix);
        }
    }
}

fn live_prefix(text: &str) -> Option<&'static str> {
    LIVE.into_iter().find(|prefix| text.contains(prefix))
}

fn note(desk: &Desk<'_>, spot: Spot, prefix: &str) {
    desk.note(
        spot,
        format!("holds a live key (`{prefix}…`)"),
        Some("use a test key; live keys are refused wherever they stand".into()),
    );
}

fn walk(node: &Node, path: &str, visit: &mut impl FnMut(&str, Position, &str)) {
    match &node.kind {
        NodeKind::Scalar { text, .. } => visit(path, node.at, text),
        NodeKind::List(items) => {
            items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{path}[{index}]"), visit));
        }
        NodeKind::Map(members) => {
            for (key, member) in members {
                let inner = if path.is_empty() { key.name.clone() } else { format!("{path}.{}", key.name) };
                visit(&inner, key.at, &key.name);
                walk(member, &inner, visit);
            }
        }
    }
}
