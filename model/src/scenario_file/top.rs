//! The scenario file itself, from its first key to its last.

use super::actions::{ActionDraft, action};
use super::desk::{At, Desk, Use};
use super::faults::{FaultDraft, fault};
use super::form::{Form, Kind, object};
use super::journey::{JourneyDraft, journey};
use super::kinds::{Spotted, list, shapes, spotted, table, words};
use super::mix::{MixDraft, entry};
use super::objectives::{Objectives, ObjectivesDraft};
use super::providers::{ProvidersDraft, providers, socket};
use super::scalars::{count, duration, name, seed, some_time, template, text};
use super::shop::shop;
use super::traffic::{feeders, traffic};
use crate::scenario::{Feeder, Record, Settlement, Shop};
use crate::template::Template;
use crate::traffic::Traffic;
use std::collections::BTreeMap;

/// What could be read of a scenario; what is missing was noted, or was not there.
pub(super) struct Draft {
    pub name: Option<String>,
    pub description: Option<String>,
    pub seed: Option<u64>,
    pub shop: Option<Shop>,
    pub authorities: Option<String>,
    pub providers: Option<ProvidersDraft>,
    pub allow_targets: Vec<String>,
    pub traffic: Option<Traffic>,
    pub headers: Vec<(String, Template)>,
    pub header_uses: Vec<Use>,
    pub journeys: Vec<JourneyDraft>,
    pub mix: Option<Vec<MixDraft>>,
    pub set_up: Vec<Spotted<String>>,
    pub tear_down: Vec<Spotted<String>>,
    pub feeders: BTreeMap<String, Feeder>,
    pub faults: Vec<FaultDraft>,
    pub actions: Vec<ActionDraft>,
    pub take_events: Option<String>,
    pub laws: LawsDraft,
    pub objectives: ObjectivesDraft,
    pub settlement: Option<Settlement>,
    pub record: Option<Record>,
}

/// `laws`.
#[derive(Default)]
pub(super) struct LawsDraft {
    pub require: Vec<(Spotted<String>, u64)>,
    pub directories: Vec<String>,
}

/// A scenario file.
pub(super) fn scenario(form: &mut Form<'_>) -> Option<Draft> {
    let name = form.required("name", "Its name, also that of the run's directory.", name());
    let description = form.required("description", "One or two sentences for the report.", text());
    let seed = form.defaulted("seed", "Where all randomness comes from.", "1", seed());
    let shop = form.required("shop", "The shop under test.", object("Shop", shop));
    let providers =
        form.optional("providers", "Started by the run unless this says otherwise.", object("Providers", providers));
    let allow_targets = form.optional("allow_targets", "Hosts off loopback that may be sent to.", list(text()));
    let traffic = form.required("traffic", "When shoppers come.", object("Traffic", traffic));
    let headers = form.optional("headers", "Sent with every request to the shop.", table(template()));
    let header_uses = form.at().map(|at| at.desk.take_uses()).unwrap_or_default();
    let journeys =
        shapes().scalar(text().and(|path, at: &At<'_>| from_file(at, &path))).map(object("Journey", journey));
    let journeys = form.required("journeys", "Journey files, or journeys.", list(journeys));
    let mix =
        form.optional("mix", "Which journeys shoppers take; all alike by default.", list(object("MixEntry", entry)));
    let set_up = form.optional("set_up", "Journeys run once each before the load.", list(spotted(text())));
    let tear_down = form.optional("tear_down", "Journeys run once each after the load.", list(spotted(text())));
    let feeders = form.optional("feeders", "Rows for shoppers: `{{name.column}}`.", feeders());
    let faults = form.optional("faults", "What is broken and when.", list(object("Fault", fault)));
    let actions =
        form.optional("actions", "What is done besides, on the run clock.", list(object("RunAction", action)));
    let take_events = form.optional(
        "take_events",
        "Where the run takes in events of other systems (`POST /events`), such as alerts: an address of loopback.",
        socket(),
    );
    let laws = form.optional("laws", "Laws that must be exercised, and laws of your own.", object("Laws", laws));
    let objectives = form.optional("objectives", "What good service is: measure → target, or `off`. `availability` is over all who came to buy, those included who never got to submit; METHODOLOGY.md defines each.", Objectives);
    let settlement = form.optional("settlement", "When the books are closed.", object("Settlement", settlement));
    let record = words(&[("money", Record::Money), ("all", Record::All)]);
    let record = form.defaulted("record", "Which operations the shopper's history keeps.", "money", record);
    form.at()?;
    let (shop, authorities) = shop.map(|draft| (draft.shop, draft.authorities)).unzip();
    Some(Draft {
        name,
        description,
        seed,
        shop,
        authorities: authorities.flatten(),
        providers,
        allow_targets: allow_targets.unwrap_or_default(),
        traffic,
        headers: headers.unwrap_or_default().into_iter().map(|(name, value)| (name.value, value)).collect(),
        header_uses,
        journeys: journeys.unwrap_or_default(),
        mix,
        set_up: set_up.unwrap_or_default(),
        tear_down: tear_down.unwrap_or_default(),
        feeders: feeders.unwrap_or_default(),
        faults: faults.unwrap_or_default(),
        actions: actions.unwrap_or_default(),
        take_events,
        laws: laws.unwrap_or_default(),
        objectives: objectives.unwrap_or(ObjectivesDraft { objectives: Vec::new(), off: Vec::new() }),
        settlement: settlement.or(Some(Settlement { quiet_for: secs(1), settle_within: secs(30) })),
        record,
    })
}

const fn secs(seconds: u64) -> std::time::Duration {
    std::time::Duration::from_secs(seconds)
}

/// A journey from a file of its own.
fn from_file(at: &At<'_>, path: &str) -> Option<JourneyDraft> {
    let desk: &Desk<'_> = at.desk;
    let text = desk.text(path, &at.spot())?;
    let tree = desk.tree(path, &text)?;
    desk.keep(path, super::schema::meaning(&tree, &[]));
    object("Journey", journey).read(&At::root(desk, path, &tree))
}

fn laws(form: &mut Form<'_>) -> Option<LawsDraft> {
    let names = list(spotted(text()).map(|name| (name, 1)));
    let require = form.optional(
        "require",
        "Laws that a pass must exercise: name → least exposure.",
        shapes().list(names).map(table(count())),
    );
    let directories = form.optional("directories", "Directories of laws beside the built-in ones.", list(text()));
    form.at()?;
    Some(LawsDraft { require: require.unwrap_or_default(), directories: directories.unwrap_or_default() })
}

fn settlement(form: &mut Form<'_>) -> Option<Settlement> {
    let quiet_for = form.defaulted("quiet_for", "No change for this long is quiet.", "1s", some_time());
    let settle_within = form.defaulted("settle_within", "Longest wait for quiet.", "30s", duration());
    let (quiet_for, settle_within) = (quiet_for?, settle_within?);
    if settle_within < quiet_for {
        form.wrong("settle_within", "is shorter than `quiet_for`", "quiet can then never be seen");
    }
    Some(Settlement { quiet_for, settle_within })
}
