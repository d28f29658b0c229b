//! What the rules that meet a request do with it and its answer.

use std::sync::Arc;

use model::fault::LinkEffect;

use super::exchange::{AnswerFate, Canned, Course, Governed, Ours};
use super::script::Hold;
use crate::rules::{Hit, Mark, Rule};

/// What happens to a request.
#[derive(Debug)]
pub(super) enum Decision {
    /// It goes on after these holds.
    Pass(Vec<Hold>, Course),
    /// It does not.
    Keep { holds: Vec<Hold>, ours: Ours },
}

/// Draws for each rule. Delays add up; of other effects the first counts, and one that keeps the request before all.
pub(super) fn decide(met: &[Arc<Rule>], mark: &Mark) -> Decision {
    let hits: Vec<Hit> = met.iter().filter_map(|rule| rule.draw(mark)).collect();
    let (mut request_holds, mut answer_holds) = (Vec::new(), Vec::new());
    let mut applied = Vec::new();
    let (mut ours, mut answer) = (None, AnswerFate::Pass);
    for hit in &hits {
        let hold = Hold { rule: hit.rule.number, wait: hit.wait };
        match &hit.rule.terms.effect {
            LinkEffect::DelayRequest(_) => request_holds.push(hold),
            LinkEffect::DelayAnswer(_) => answer_holds.push(hold),
            effect => match (Kept::of(effect), fate(effect, hit.position)) {
                (Some(kept), _) if ours.is_none() => ours = Some(kept),
                (None, Some(fate)) if answer == AnswerFate::Pass => answer = fate,
                _ => continue,
            },
        }
        applied.push(Arc::clone(&hit.rule));
    }
    if let Some(Kept(ours)) = ours {
        applied.retain(|rule| fate(&rule.terms.effect, 0.0).is_none());
        count(&applied);
        request_holds.append(&mut answer_holds);
        return Decision::Keep { holds: request_holds, ours };
    }
    count(&applied);
    if applied.is_empty() {
        return Decision::Pass(Vec::new(), Course::Plain);
    }
    let governed = Governed { rules: applied, answer_holds, answer };
    Decision::Pass(request_holds, Course::Governed(Box::new(governed)))
}

fn count(applied: &[Arc<Rule>]) {
    for rule in applied {
        rule.tally.applied.add(1);
    }
}

/// What is done instead of passing a request on.
struct Kept(Ours);

impl Kept {
    fn of(effect: &LinkEffect) -> Option<Self> {
        match effect {
            LinkEffect::DropRequest { ending } => Some(Self(Ours::End(*ending))),
            LinkEffect::Respond { status, body } => Some(Self(Ours::Unready(canned(*status, body.as_deref())))),
            LinkEffect::DelayRequest(_)
            | LinkEffect::DelayAnswer(_)
            | LinkEffect::DropAnswer { .. }
            | LinkEffect::TruncateAnswer { .. }
            | LinkEffect::ReplaceAnswer { .. }
            | LinkEffect::CorruptAnswer {} => None,
        }
    }
}

/// What an effect makes of the answer, if it is about that.
fn fate(effect: &LinkEffect, position: f64) -> Option<AnswerFate> {
    match effect {
        LinkEffect::DropAnswer { ending } => Some(AnswerFate::Drop(*ending)),
        LinkEffect::TruncateAnswer { bytes } => Some(AnswerFate::Truncate { bytes: *bytes }),
        LinkEffect::ReplaceAnswer { status, body } => Some(AnswerFate::Replace(canned(*status, body.as_deref()))),
        LinkEffect::CorruptAnswer {} => Some(AnswerFate::Corrupt { position }),
        LinkEffect::DelayRequest(_)
        | LinkEffect::DelayAnswer(_)
        | LinkEffect::DropRequest { .. }
        | LinkEffect::Respond { .. } => None,
    }
}

fn canned(status: u16, body: Option<&str>) -> Canned {
    Canned { status, body: body.unwrap_or_default().to_owned() }
}
