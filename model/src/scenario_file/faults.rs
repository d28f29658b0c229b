//! `faults`: what is broken, when, and how.

use super::desk::At;
use super::effects::{effect, link_effect, toxic};
use super::form::{Form, Kind, object};
use super::harm::{Harm, harm};
use super::kinds::{Spotted, list, spotted, table, words};
use super::providers::provider;
use super::scalars::{chance, duration, name, some, some_time, text};
use crate::fault::{Child, Draw, LinkEffect, LinkMatch, Match, ProcessHarm, Stream};
use crate::named_fault::NamedFault;
use crate::scenario::{Fault, FaultTarget};
use std::sync::OnceLock;
use std::time::Duration;

/// The words of `inject`.
static NAMED: OnceLock<Vec<(&'static str, &'static NamedFault)>> = OnceLock::new();

fn named_faults() -> Vec<(&'static str, &'static NamedFault)> {
    NamedFault::ALL.iter().map(|fault| (fault.name, fault)).collect()
}

/// A fault and the places that later checks point at.
pub(super) struct FaultDraft {
    pub fault: Fault,
    pub name: super::mistake::Spot,
    pub end: super::mistake::Spot,
    pub what: super::mistake::Spot,
}

/// An entry of `faults`.
pub(super) fn fault(form: &mut Form<'_>) -> Option<FaultDraft> {
    let title = form.required("name", "Its name, also that of its phase.", spotted(name()));
    let at = form.required("at", "When, from the start of the load.", duration());
    let lasts = form.optional("for", "How long; a kill lasts until the restart.", some_time());
    let named = words(NAMED.get_or_init(named_faults));
    let named = form.optional(
        "inject",
        "A failure by its name (docs/reference/faults.md), to be narrowed by the members below.",
        named,
    );
    let in_provider = form.optional("provider", "The provider that misbehaves.", provider());
    let on_link = form.optional("link", "The provider whose link misbehaves.", provider());
    let process = words(&[("shop", Child::Shop), ("providers", Child::Providers)]);
    let process = form.optional("process", "The child process that is harmed.", process);
    let whose = [("shop", ())];
    let store = form.optional("store", "Whose store is harmed: the reference shop's.", words(&whose));
    let clock = form.optional("clock", "Whose clock is harmed: the reference shop's.", words(&whose));
    let when = form.optional("when", "With `provider`: which requests or webhooks.", object("Match", matching));
    let probability = form.defaulted("probability", "With `provider`: the chance of each draw.", "100%", chance());
    let draw = words(&[("each_request", Draw::EachRequest), ("stick_to_key", Draw::StickToKey)]);
    let draw = form.defaulted(
        "draw",
        "With `provider`: drawn for each request, or once for an idempotency key.",
        "each_request",
        draw,
    );
    let effect = form.optional("effect", "With `provider`: what happens.", spotted(effect()));
    let toxic = form.optional("toxic", "With `link`: what is wrong.", toxic());
    let rule = form.optional("rule", "With `link`: what happens to single exchanges.", object("LinkRule", link_rule));
    let stream = words(&[("downstream", Stream::Downstream), ("upstream", Stream::Upstream)]);
    let stream = form.defaulted("stream", "With `link`: to the shop, or to the provider.", "downstream", stream);
    let harm = form.optional("harm", "With `process`, `store` or `clock`: what is done to it.", spotted(harm()));
    let kinds = ["inject", "provider", "link", "process", "store", "clock"];
    let kind = form.one_key(
        &kinds,
        "a fault is injected by name, or breaks a provider, a link, a process, the shop's store or its clock",
    );
    let kind = goes_with(form, kind?)?;
    let target = match kind {
        "inject" => {
            let target = named?.target();
            let narrows = |member: &'static str| form.has(member);
            match target {
                FaultTarget::Provider { provider, when: made, probability: chance, draw: drawn, effect } => {
                    FaultTarget::Provider {
                        provider,
                        when: if narrows("when") { when? } else { made },
                        probability: if narrows("probability") { probability? } else { chance },
                        draw: if narrows("draw") { draw? } else { drawn },
                        effect,
                    }
                }
                other => {
                    for member in ["when", "probability", "draw"].into_iter().filter(|member| narrows(member)) {
                        form.wrong(member, "narrows nothing: this fault is not inside a provider", "leave it out");
                    }
                    other
                }
            }
        }
        "provider" => {
            let (when, effect) = (when.or_else(|| (!form.has("when")).then(Match::default))?, effect?);
            webhook_conditions(form, &when, &effect);
            FaultTarget::Provider {
                provider: in_provider?,
                when,
                probability: probability?,
                draw: draw?,
                effect: effect.value,
            }
        }
        "link" if form.has("rule") => {
            if form.has("toxic") {
                form.wrong("rule", "does not go with `toxic`", "make two faults of it");
            }
            let (when, probability, draw, effect) = rule?;
            FaultTarget::Exchange { provider: on_link?, when, probability, draw, effect }
        }
        "link" => FaultTarget::Link { provider: on_link?, toxic: toxic?, stream: stream? },
        owner => harmed(form, owner, harm?.value, process, store.or(clock))?,
    };
    let lasts = length(form, &target, lasts)?;
    let end = form.spot(if form.has("for") { "for" } else { "at" });
    let title = title?;
    Some(FaultDraft {
        fault: Fault { name: title.value, at: at?, lasts, target },
        name: title.spot,
        end,
        what: form.spot(kind),
    })
}

/// A process, the shop's store or its clock, and what is done to it.
fn harmed(
    form: &mut Form<'_>,
    owner: &'static str,
    harm: Harm,
    process: Option<Child>,
    shop: Option<()>,
) -> Option<FaultTarget> {
    match (owner, harm) {
        ("process", Harm::Process(harm)) => Some(FaultTarget::Process { child: process?, harm }),
        ("store", Harm::Store(harm)) => shop.map(|()| FaultTarget::Store { harm }),
        ("clock", Harm::Clock(harm)) => shop.map(|()| FaultTarget::Clock { harm }),
        (_, other) => {
            let problem = format!("goes with `{}`, not with `{owner}`", other.owner());
            form.wrong("harm", &problem, &format!("`{owner}` takes {}", Harm::words_of(owner)));
            None
        }
    }
}

/// Notes members that belong to another kind of fault, and the one that is missing.
fn goes_with(form: &Form<'_>, kind: &'static str) -> Option<&'static str> {
    if kind == "inject" {
        for member in ["effect", "toxic", "stream", "rule", "harm"].into_iter().filter(|member| form.has(member)) {
            form.wrong(
                member,
                "does not go with `inject`",
                "the name says what happens; `when`, `probability`, `draw` narrow it",
            );
        }
        return Some(kind);
    }
    // A process, the store and the clock are all harmed by `harm`.
    let owner = if matches!(kind, "store" | "clock") { "process" } else { kind };
    let belong: [(&str, &[&str], &str); 3] = [
        ("provider", &["when", "probability", "draw", "effect"], "effect"),
        ("link", &["toxic", "stream", "rule"], "toxic"),
        ("process", &["harm"], "harm"),
    ];
    let wanted = owner;
    for (owner, members, needed) in belong {
        if owner == wanted {
            let has_rule = kind == "link" && form.has("rule");
            if !form.has(needed) && !has_rule {
                form.wrong(
                    kind,
                    &format!("lacks `{needed}` beside it"),
                    "say what is wrong, such as `effect: {delay: 2s}`, `toxic: down` or `harm: pause`",
                );
                return None;
            }
        } else {
            for member in members.iter().filter(|member| form.has(member)) {
                form.wrong(member, &format!("goes with `{owner}`, not with `{kind}`"), "make two faults of it");
            }
        }
    }
    Some(kind)
}

fn webhook_conditions(form: &Form<'_>, when: &Match, effect: &Spotted<crate::fault::Effect>) {
    if when.event.is_some() && !effect.value.is_about_webhooks() {
        form.wrong(
            "when",
            "names an event, but the effect is on requests",
            "use one of the `webhook_…` effects, or match on `path`",
        );
    }
}

/// How long a fault lasts: a kill until the restart, everything else as `for` says.
fn length(form: &Form<'_>, target: &FaultTarget, lasts: Option<Duration>) -> Option<Duration> {
    if let FaultTarget::Process { harm: ProcessHarm::Kill { restart_after_ms }, .. } = target {
        if form.has("for") {
            form.wrong(
                "for",
                "does not go with a kill",
                "a kill lasts until the restart: `harm: {kill: {restart_after: 2s}}`",
            );
        }
        return Some(Duration::from_millis(*restart_after_ms));
    }
    if !form.has("for") {
        form.wrong("for", "lacks `for`", "say how long it lasts, such as `for: 20s`");
    }
    lasts
}

fn link_rule(form: &mut Form<'_>) -> Option<(LinkMatch, f64, Draw, LinkEffect)> {
    let when = form.optional("when", "Which exchanges; all by default.", object("LinkMatch", link_match));
    let probability = form.defaulted("probability", "The chance of each draw.", "100%", chance());
    let draw = words(&[("each_request", Draw::EachRequest), ("stick_to_key", Draw::StickToKey)]);
    let draw = form.defaulted("draw", "For each exchange, or once for an idempotency key.", "each_request", draw);
    let effect = form.required("effect", "What happens.", link_effect());
    let when = when.or_else(|| (!form.has("when")).then(LinkMatch::default));
    Some((when?, probability?, draw?, effect?))
}

fn link_match(form: &mut Form<'_>) -> Option<LinkMatch> {
    let method = form.optional("method", "HTTP method.", text().map(|method| method.to_ascii_uppercase()));
    let path = form.optional("path", "Path; `*` stands for any text.", text());
    let headers = form.optional("headers", "Request headers: name → value; `*` stands for any text.", table(text()));
    let nth = form.optional("nth", "Only these exchanges, counted from 1.", list(some()));
    let first = form.optional("first", "Only the first so many.", some());
    form.at()?;
    Some(LinkMatch {
        method,
        path,
        headers: headers.unwrap_or_default().into_iter().map(|(name, value)| (name.value, value)).collect(),
        nth: nth.unwrap_or_default(),
        first,
    })
}

fn matching(form: &mut Form<'_>) -> Option<Match> {
    let method = form.optional("method", "HTTP method.", text().map(|method| method.to_ascii_uppercase()));
    let path = form.optional(
        "path",
        "Path; `*` stands for any text.",
        text().and(|path, at: &At<'_>| {
            if !path.starts_with(['/', '*']) {
                at.expected("a path", Some("begin with `/` or `*`".into()));
            }
            Some(path)
        }),
    );
    let brand = form.optional("brand", "Card brand: `visa`, `mastercard`, `amex`, `discover`.", text());
    let country = form.optional("country", "Country of the card holder or the delivery, two letters.", text());
    let currency = form.optional("currency", "Currency, three letters.", text());
    let amount = form.optional(
        "amount",
        "Amount, in minor units.",
        object("Amount", |form| {
            let least = form.optional("at_least", "This or more.", some());
            let most = form.optional("at_most", "This or less.", some());
            if let (Some(least), Some(most)) = (least, most)
                && least > most
            {
                form.wrong("at_most", "is below `at_least`, so that nothing fits", "swap the two");
            }
            Some((least, most))
        }),
    );
    let nth = form.optional("nth", "Only these calls, counted from 1.", list(some()));
    let event = form.optional("event", "With webhook effects: the type of event; `*` stands for any text.", text());
    form.at()?;
    let (least, most) = amount.unwrap_or_default();
    Some(Match {
        method,
        path,
        brand,
        country,
        currency,
        amount_minor_min: least.map(|amount| amount as i64),
        amount_minor_max: most.map(|amount| amount as i64),
        nth: nth.unwrap_or_default(),
        event,
    })
}
