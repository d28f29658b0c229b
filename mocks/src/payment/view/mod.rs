//! Objects as Stripe shows them: every field that its clients read, with `()` for those that are always null here.

mod action;
mod charge;
mod customer;
mod dispute;
mod domain;
mod entry;
mod intent;
mod method;
mod refund;
mod session;
mod setup;
mod token;

use serde::ser::{Serialize, SerializeMap, Serializer};

pub(super) use charge::charge;
pub(super) use customer::customer;
pub(super) use dispute::dispute;
pub(super) use domain::domain;
pub(super) use entry::{EntryView, entry};
pub(crate) use intent::IntentView;
pub(super) use intent::intent;
pub(super) use method::{MethodView, method};
pub(super) use refund::refund;
pub(super) use session::{line_items, session};
pub(crate) use setup::SetupView;
pub(super) use setup::setup;
pub(super) use token::token;

/// Metadata as an object.
pub(super) struct Pairs<'a>(pub(in crate::payment) &'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[derive(serde::Serialize)]
struct Empty {}

#[derive(serde::Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are Stripe's")]
pub(super) struct Deleted<'a> {
    id: &'a str,
    object: &'static str,
    deleted: bool,
}

/// What is left of an object.
pub(super) const fn deleted<'a>(id: &'a str, object: &'static str) -> Deleted<'a> {
    Deleted { id, object, deleted: true }
}
