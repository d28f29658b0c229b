//! How answers are read: `expect` and `capture`.

use super::desk::{At, Sees};
use super::expressions::{JsonBody, json_path, parse_path, regex, variable};
use super::form::{Form, Kind, defined, object};
use super::kinds::{case, choice, lenient, list, shapes, table};
use super::scalars::{Scalar, template, text, truth};
use crate::journey::{Capture, Check, Expectation, Meaning, Missing, Source, StatusRange};
use crate::outcome::{Reading, Refusal};
use serde_json::json;

/// The readings that a journey may name.
const READINGS: [(&str, &str, Reading); 10] = [
    ("ok", "As expected; for a purchase: paid.", Reading::Ok),
    ("pending", "The order exists, its payment is not decided yet.", Reading::Pending),
    ("action_required", "The shopper must do something first: the purchase's `action`.", Reading::ActionRequired),
    ("in_progress", "The same key is being worked on.", Reading::InProgress),
    ("already_ordered", "The cart was ordered already.", Reading::AlreadyOrdered),
    ("absent", "A look found no order.", Reading::Absent),
    ("declined", "The card was refused.", Reading::Refused(Refusal::Declined)),
    ("sold_out", "The goods are gone.", Reading::Refused(Refusal::SoldOut)),
    ("promotion_used_up", "The promotion reached its limit.", Reading::Refused(Refusal::PromotionUsedUp)),
    ("technical", "A final no for any other reason.", Reading::Refused(Refusal::Technical)),
];

/// `expect`: a status, a set of checks, or a list of readings of which the first that fits counts.
pub(super) fn expectations() -> impl Kind<Value = Vec<Expectation>> {
    let ok = |checks: Checks| vec![checks.reads(Reading::Ok)];
    let one = defined(
        "Reading",
        shapes()
            .scalar(statuses().map(move |statuses| Checks { statuses, checks: Vec::new() }.reads(Reading::Ok)))
            .map(choice(
                READINGS
                    .map(|(word, about, reading)| case(word, about, checks().map(move |checks| checks.reads(reading))))
                    .into(),
            )),
    );
    defined(
        "Expect",
        shapes()
            .scalar(statuses().map(move |statuses| ok(Checks { statuses, checks: Vec::new() })))
            .list(list(one))
            .map(object("Checks", fill_checks).map(ok)),
    )
}

/// Statuses and checks that an answer must pass.
struct Checks {
    statuses: Vec<StatusRange>,
    checks: Vec<Check>,
}

impl Checks {
    fn reads(self, reading: Reading) -> Expectation {
        Expectation { reading, statuses: self.statuses, checks: self.checks }
    }
}

/// A status, several, or a set of checks.
fn checks() -> impl Kind<Value = Checks> {
    let only = |statuses| Checks { statuses, checks: Vec::new() };
    let kind = shapes().scalar(statuses().map(only)).list(list(statuses()).map(move |lists| only(lists.concat())));
    defined("StatusOrChecks", kind.map(object("Checks", fill_checks)))
}

fn fill_checks(form: &mut Form<'_>) -> Option<Checks> {
    let any_statuses = shapes().scalar(statuses()).list(list(statuses()).map(|lists| lists.concat()));
    let statuses = form.optional("status", "A status, a range (`200-204`, `2xx`), or a list of them.", any_statuses);
    let json = table(JsonBody).and(|members, at| {
        let checks = members.into_iter().map(|(path, value)| {
            let at = At { path: path.spot.path, ..at.clone() };
            Some(Check::JsonEquals(parse_path(&path.value, &at)?, value))
        });
        checks.collect::<Option<Vec<_>>>()
    });
    let mut checks = form.optional("json", "JSONPath → the value that must stand there.", json).unwrap_or_default();
    let paths = || list(json_path());
    checks.extend(
        form.optional("exists", "JSONPaths at which something must stand.", paths())
            .into_iter()
            .flatten()
            .map(Check::JsonExists),
    );
    checks.extend(
        form.optional("absent", "JSONPaths at which nothing may stand.", paths())
            .into_iter()
            .flatten()
            .map(Check::JsonAbsent),
    );
    checks.extend(form.optional("contains", "Text that the body must contain.", template()).map(Check::BodyContains));
    checks.extend(
        form.optional("matches", "A regular expression that the body must fit.", regex()).map(Check::BodyMatches),
    );
    let headers = form.optional("header", "Header → the value that it must have.", table(template()));
    checks.extend(headers.into_iter().flatten().map(|(name, value)| Check::HeaderEquals(name.value, value)));
    form.at()?;
    Some(Checks { statuses: statuses.unwrap_or_default(), checks })
}

/// `200`, `2xx` or `200-204`.
fn statuses() -> impl Kind<Value = Vec<StatusRange>> {
    defined(
        "Status",
        Scalar {
            parse: parse_statuses,
            expected: "a status, `2xx`, or a range such as `200-204`",
            hint: None,
            schema: || json!({ "anyOf": [{ "type": "integer" }, { "type": "string", "pattern": "^([1-5]xx|[1-5][0-9]{2}(-[1-5][0-9]{2})?)$" }] }),
        },
    )
}

fn parse_statuses(text: &str) -> Option<Vec<StatusRange>> {
    let status = |text: &str| text.parse().ok().filter(|status| (100..=599).contains(status));
    let range = match (text.strip_suffix("xx"), text.split_once('-')) {
        (Some(class), _) => {
            let from = class.parse::<u16>().ok().filter(|class| (1..=5).contains(class))? * 100;
            StatusRange(from, from + 99)
        }
        (None, Some((from, to))) => StatusRange(status(from)?, status(to)?),
        (None, None) => StatusRange(status(text)?, status(text)?),
    };
    (range.0 <= range.1).then(|| vec![range])
}

/// What is kept of an answer; names are known even of captures that are wrong.
#[derive(Default)]
pub(super) struct Captures {
    pub captures: Vec<Capture>,
    pub names: Vec<String>,
}

/// `capture`: name → where the value is found; a `JSONPath` in short.
pub(super) fn captures() -> impl Kind<Value = Captures> {
    let source = shapes().scalar(json_path().map(|path| found(Source::Json(path)))).map(object("Source", fill_capture));
    let source = defined("Capture", source);
    table(lenient(source)).and(|members, at| {
        let mut captures = Captures::default();
        for (name, source) in members {
            let fits = crate::template::Template::parse(&format!("{{{{{}}}}}", name.value))
                .is_ok_and(|template| template.sole_variable().is_some_and(|variable| variable.members.is_empty()));
            if !fits || super::variables::is_built_in(&name.value) {
                let problem = format!("cannot name a capture `{}`", name.value);
                let hint = "take a name of letters, digits, `_` and `-` that is not built in (card, holder, intent, key, payment, run, shop, tax, warehouse)";
                at.desk.note(name.spot, problem, Some(hint.into()));
            }
            captures.names.push(name.value.clone());
            captures.captures.extend(source.map(|source| Capture { name: name.value, ..source }));
        }
        Some(captures)
    })
}

/// A value that must be there; it gets its name later.
const fn found(from: Source) -> Capture {
    Capture { name: String::new(), from, missing: Missing::Fails, meaning: Meaning::Value }
}

fn fill_capture(form: &mut Form<'_>) -> Option<Capture> {
    let json = form.optional("json", "The first node at this JSONPath, with its type.", json_path());
    let pick = form.optional("pick", "One of the nodes at this JSONPath, at random.", json_path());
    let weight = form.optional("weight", "With `pick`: the member of each node that weighs it.", text());
    let header = form.optional("header", "The value of this header.", text());
    let cookie = form.optional("cookie", "The value of this cookie.", text());
    let final_address = form.optional("final_address", "The address after redirects.", truth());
    let group = regex().and(|regex, at| {
        let has_group = regex.captures_len() > 1;
        if !has_group {
            at.wrong("has no group", Some("put what is to be captured in parentheses".into()));
        }
        has_group.then_some(regex)
    });
    let regex = form.optional("regex", "The first group of this regular expression, HTML-unescaped.", group);
    let of = form.optional(
        "of",
        "With `regex`: the variable that it is applied to; the body by default.",
        variable(Sees::Own),
    );
    let optional = form.defaulted("optional", "Whether the answer is as expected without it.", "false", truth());
    let address =
        form.defaulted("address", "Whether it is an address, to be kept in full as a browser does.", "false", truth());
    form.one_key(&["json", "pick", "header", "cookie", "final_address", "regex"], "a capture has one source");
    let source = json
        .map(Source::Json)
        .or_else(|| pick.map(|path| Source::Pick { path, weight }))
        .or_else(|| header.map(Source::Header))
        .or_else(|| cookie.map(Source::Cookie))
        .or_else(|| final_address.map(|_| Source::FinalAddress))
        .or_else(|| regex.map(|regex| Source::Regex { regex, of }));
    Some(Capture {
        missing: if optional? { Missing::Kept } else { Missing::Fails },
        meaning: if address? { Meaning::Address } else { Meaning::Value },
        ..found(source?)
    })
}
