//! Lists: newest first, by pages, narrowed by time and by what is asked for.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::form::Form;
use super::state::{Intent, RefundPlace};
use super::view;
use super::{errors, intents, refunds};
use crate::identity::Identity;
use crate::shelf::decode;
use crate::store::{Page, Table};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

const LIMIT_DEFAULT: usize = 10;
/// Objects that one page is looked for among.
const SCANNED_MAX: usize = 5_000;
/// Objects read at once where some will be left out.
const CHUNK: usize = 256;

#[derive(Serialize)]
struct List<'a, T> {
    object: &'static str,
    data: Vec<T>,
    has_more: bool,
    url: &'a str,
}

/// A list as Stripe shows it.
pub(super) fn list<T: Serialize>(url: &str, data: Vec<T>, has_more: bool) -> Answer {
    Answer::json(200, &List { object: "list", data, has_more, url })
}

pub(super) fn empty(url: &str) -> Answer {
    list::<()>(url, Vec::new(), false)
}

pub(super) fn limit(form: &Form) -> Result<usize, Answer> {
    let refuse = |message: &str| Err(errors::invalid("parameter_invalid_integer", Some("limit"), message));
    match form.integer("limit")? {
        None => Ok(LIMIT_DEFAULT),
        Some(limit @ 1..=100) => Ok(limit as usize),
        Some(..1) => refuse("This value must be greater than or equal to 1."),
        Some(_) => refuse("This value must be less than or equal to 100."),
    }
}

/// Between which objects a page lies, by whatever they are ordered by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursors<K> {
    pub(super) before: Option<K>,
    pub(super) after: Option<K>,
}

impl<K: PartialOrd + Copy> Cursors<K> {
    pub(super) fn read(form: &Form, kind: &str, place: impl Fn(&str) -> Option<K>) -> Result<Self, Answer> {
        let cursor = |name: &str| match form.get(name) {
            None => Ok(None),
            Some(id) => place(id).map(Some).ok_or_else(|| errors::no_reference(kind, name, id)),
        };
        let (before, after) = (cursor("starting_after")?, cursor("ending_before")?);
        if before.is_some() && after.is_some() {
            let message = "Received both starting_after and ending_before parameters. Please pass in only one.";
            return Err(errors::invalid_plain(None, message));
        }
        Ok(Self { before, after })
    }

    pub(super) fn has(&self, at: K) -> bool {
        self.before.is_none_or(|before| at < before) && self.after.is_none_or(|after| at > after)
    }

    /// Cuts what was found, newest first, to the page; says whether there was more.
    pub(super) fn cut<T>(&self, mut found: Vec<T>, limit: usize) -> (Vec<T>, bool) {
        let has_more = found.len() > limit;
        if has_more && self.after.is_some() {
            found.drain(..found.len() - limit);
        }
        found.truncate(limit);
        (found, has_more)
    }
}

/// The times that a list is narrowed to: `created`, `created[gte]` and the like, in unix seconds.
#[derive(Clone, Copy)]
pub(super) struct Window {
    min: i64,
    max: i64,
}

impl Window {
    pub(super) fn read(form: &Form) -> Result<Self, Answer> {
        let bound = |name: &str| form.integer(name);
        let exact = bound("created")?;
        let least = [exact, bound("created[gte]")?, bound("created[gt]")?.map(|above| above.saturating_add(1))];
        let most = [exact, bound("created[lte]")?, bound("created[lt]")?.map(|below| below.saturating_sub(1))];
        Ok(Self {
            min: least.into_iter().flatten().max().unwrap_or(i64::MIN),
            max: most.into_iter().flatten().min().unwrap_or(i64::MAX),
        })
    }

    pub(super) const fn has(self, created: i64) -> bool {
        self.min <= created && created <= self.max
    }
}

/// What is listed, and where.
pub(super) struct Listed<'a> {
    pub(super) table: Table,
    pub(super) prefix: &'a str,
    /// The word of errors.
    pub(super) kind: &'a str,
    pub(super) url: &'a str,
    /// Hash of the mark that narrows the list.
    pub(super) marked: Option<i64>,
}

/// A page of objects.
pub(super) struct Found<'a, T> {
    url: &'a str,
    data: Vec<T>,
    has_more: bool,
}

impl<T> Found<'_, T> {
    /// The page as it is shown.
    pub(super) fn told<'b, V: Serialize>(&'b self, show: impl Fn(&'b T) -> V) -> Answer {
        list(self.url, self.data.iter().map(show).collect(), self.has_more)
    }
}

/// The mark under which objects of a table are found by a field.
pub(super) fn mark(identity: Identity, table: Table, account: i64, field: &str, value: &str) -> i64 {
    identity.hash(table.name(), account, &format!("{field}\u{1}{value}"))
}

/// The page of a table that a form asks for. `place` says an object's number and when it was made.
pub(super) fn numbered<'a, T: DeserializeOwned>(
    asked: &Listed<'a>,
    form: &Form,
    turn: &Turn<'_>,
    place: impl Fn(&T) -> (i64, i64),
    is_meant: impl Fn(&T) -> bool,
) -> Result<Found<'a, T>, Stop> {
    let (limit, window) = (limit(form)?, Window::read(form)?);
    let identity = turn.books.identity;
    let cursors = Cursors::read(form, asked.kind, |id| identity.read(asked.prefix, id))?;
    let is_listed = |object: &T| window.has(place(object).1) && is_meant(object);
    let account = turn.context.caller.account;
    let mut found: Vec<T> = Vec::new();
    if let Some(hash) = asked.marked {
        for n in turn.books.marks.find(hash, SCANNED_MAX).into_iter().filter(|n| cursors.has(*n)) {
            let body = turn.books.reader.body(asked.table, n)?;
            let object: Option<T> = body.map(|body| decode(&body)).transpose()?;
            found.extend(object.filter(&is_listed));
        }
    } else {
        scan(asked.table, account, cursors, turn, |_, body| {
            found.extend(Some(decode(body)?).filter(&is_listed));
            Ok(found.len() > limit)
        })?;
        if cursors.after.is_some() {
            found.reverse();
        }
    }
    let (data, has_more) = cursors.cut(found, limit);
    Ok(Found { url: asked.url, data, has_more })
}

/// Reads an account's rows of a table between cursors, newest first, or oldest first where the page ends before another,
/// until `take` has enough.
pub(super) fn scan(
    table: Table,
    account: i64,
    cursors: Cursors<i64>,
    turn: &Turn<'_>,
    mut take: impl FnMut(i64, &[u8]) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    let mut page = Page {
        account,
        before: cursors.before.unwrap_or(i64::MAX),
        after: cursors.after.unwrap_or(0),
        limit: CHUNK,
        ascending: cursors.after.is_some(),
    };
    for _ in 0..SCANNED_MAX / CHUNK {
        let rows = turn.books.reader.page(table, page, &[])?;
        for (n, body) in &rows {
            if take(*n, body)? {
                return Ok(());
            }
        }
        let Some((last, _)) = rows.last().filter(|_| rows.len() == CHUNK) else { return Ok(()) };
        if page.ascending {
            page.after = *last;
        } else {
            page.before = *last;
        }
    }
    Ok(())
}

pub(super) fn payments(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let customer = form.text("customer");
    let asked =
        Listed { table: Table::Intent, prefix: "pi", kind: "payment_intent", url: "/v1/payment_intents", marked: None };
    let found = numbered(
        &asked,
        form,
        turn,
        |intent: &Intent| (intent.n, intent.created),
        |intent| !intent.is_bare && (customer.is_none() || intent.customer == customer),
    )?;
    Ok(found.told(|intent| view::intent(intent)))
}

/// Charges in the order of their payments; those of one payment newest first.
pub(super) fn charges(form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let identity = turn.books.identity;
    let (limit, window) = (limit(form)?, Window::read(form)?);
    let cursors = Cursors::read(form, "charge", |id| identity.read_part("ch", id))?;
    let customer = form.text("customer");
    let mut found: Vec<(Intent, usize)> = Vec::new();
    let mut add = |intent: &Intent| {
        let is_ours = customer.is_none() || intent.customer == customer;
        for (at, charge) in intent.charges.iter().enumerate().rev() {
            if is_ours && cursors.has((intent.n, at)) && window.has(charge.created) {
                found.push((intent.clone(), at));
            }
        }
        found.len() > limit
    };
    if let Some(id) = form.get("payment_intent") {
        let intent = intents::find(id, turn)?;
        add(&intent);
    } else {
        let near = Cursors { before: cursors.before.map(|(n, _)| n + 1), after: cursors.after.map(|(n, _)| n - 1) };
        scan(Table::Intent, turn.context.caller.account, near, turn, |_, body| Ok(add(&decode(body)?)))?;
    }
    found.sort_by_key(|(intent, at)| std::cmp::Reverse((intent.n, *at)));
    let (found, has_more) = cursors.cut(found, limit);
    let data = found.iter().map(|(intent, at)| view::charge(intent, &intent.charges[*at])).collect();
    Ok(list("/v1/charges", data, has_more))
}

/// Refunds, newest first: all, or those of the charge that `url` is about or that the form names, or of a payment.
pub(super) fn refunds(of: Option<(&str, &str)>, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let identity = turn.books.identity;
    let (limit, window) = (limit(form)?, Window::read(form)?);
    let cursors = Cursors::read(form, "refund", |id| identity.read("re", id))?;
    let charge = of.map(|(charge, _)| charge).or_else(|| form.get("charge"));
    let payment = match (charge, form.get("payment_intent")) {
        (Some(id), _) => Some(refunds::of_charge(id, turn)?),
        (None, Some(id)) => Some(intents::find(id, turn)?),
        (None, None) => None,
    };
    let mut found: Vec<(Intent, usize)> = Vec::new();
    if let Some(intent) = payment {
        for (at, refund) in intent.refunds.iter().enumerate().rev() {
            let n = identity.read("re", &refund.id).unwrap_or_default();
            let is_meant = charge.is_none_or(|charge| refund.charge == charge);
            if is_meant && cursors.has(n) && window.has(refund.created) {
                found.push((intent.clone(), at));
            }
        }
    } else {
        let mut places: Vec<RefundPlace> = Vec::new();
        scan(Table::Refund, turn.context.caller.account, cursors, turn, |_, body| {
            places.push(decode(body)?);
            Ok(false)
        })?;
        for place in places {
            let intent = turn.books.intents.take(place.payment, &turn.books.reader)?;
            let meant = intent.filter(|intent| window.has(intent.refunds[place.index].created));
            found.extend(meant.map(|intent| (intent, place.index)));
            if found.len() > limit {
                break;
            }
        }
        if cursors.after.is_some() {
            found.reverse();
        }
    }
    let (found, has_more) = cursors.cut(found, limit);
    let data = found.iter().map(|(intent, at)| view::refund(intent, &intent.refunds[*at])).collect();
    Ok(list(of.map_or("/v1/refunds", |(_, url)| url), data, has_more))
}
