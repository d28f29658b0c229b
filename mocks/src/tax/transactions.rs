//! The making of tax documents: a saved one may be replaced, a committed one only adjusted; a code stays its document's.

use serde_json::json;

use super::Terms;
use super::document::{Basis, Document, Place, Status};
use super::errors;
use super::rates::RATE_SCALE;
use super::request::{Create, Kind};
use super::view;
use crate::books::Books;
use crate::statement::{Op, Row};
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Stop};

/// What becomes of a document that has the code already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// One that is not committed makes way.
    Replace,
    /// One that is committed is adjusted.
    Adjust,
}

/// Computes a transaction under the rates of its date.
pub(super) fn compute(
    create: &Create,
    terms: Terms<'_>,
    n: i64,
    code: String,
    turn: &Turn<'_>,
) -> Result<Document, Stop> {
    let basis = Basis {
        rates: &terms.tax.rates,
        changes: &turn.books.rate_changes,
        run: turn.context.caller.run.as_deref(),
        now_us: terms.now_us,
        shift: terms.shift,
    };
    let computed = Document::compute(create, &basis, n, code, turn.context.caller.account);
    let mut document = computed.map_err(|nowhere| errors::no_place(nowhere.0, &nowhere.1))?;
    document.mark.clone_from(&turn.context.intent);
    Ok(document)
}

/// Computes a quote; it is told and forgotten.
pub(super) fn quote(create: &Create, terms: Terms<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let code = create.code.clone().unwrap_or_else(|| new_code(turn));
    let document = compute(create, terms, 0, code, turn)?;
    turn.row(row(Op::Quote, &document).state("quoted"));
    Ok(Answer::json(201, &view::document(&document, terms.include)))
}

/// Stores a document.
pub(super) fn create(create: &Create, known_is: Known, terms: Terms<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let code = create.code.clone().unwrap_or_else(|| new_code(turn));
    let known = find(&code, create.kind, turn.context.caller.account, turn.books)?;
    match known.as_ref().map(|known| (known.status, known.is_deleted)) {
        None | Some((Status::Saved | Status::Posted | Status::Temporary, _) | (_, true)) => {}
        Some((Status::Committed, _)) if known_is == Known::Adjust => {
            let known = known.expect("it was looked at just now");
            let reason = "Other".to_owned();
            return adjust(known, create, reason, Some("createoradjust".to_owned()), 201, terms, turn);
        }
        Some((Status::Committed | Status::Cancelled | Status::Adjusted, _)) => {
            let known = known.expect("it was looked at just now");
            return Err(errors::error(
                400,
                "DocumentCodeConflict",
                "A document with this code exists and cannot be replaced.",
                &format!("The document '{code}' is {:?}.", known.status),
            )
            .into());
        }
    }
    if let Some(known) = known.as_ref().filter(|known| known.is_locked) {
        return Err(locked(known).into());
    }
    let n = known.as_ref().map_or_else(|| turn.books.documents.number(), |known| known.n);
    let mut document = compute(create, terms, n, code, turn)?;
    document.version = known.as_ref().map_or(1, |known| known.version + 1);
    if known.is_none() {
        name(&document, turn);
    }
    turn.row(row(Op::Document, &document).state(state(&document)));
    let answer = Answer::json(201, &view::document(&document, terms.include));
    keep(document, turn);
    Ok(answer)
}

/// Puts a new version in the place of a committed document; the old one is kept as `Adjusted`.
pub(super) fn adjust(
    mut old: Document,
    create: &Create,
    reason: String,
    description: Option<String>,
    status: u16,
    terms: Terms<'_>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    if old.is_locked {
        return Err(locked(&old).into());
    }
    if old.status != Status::Committed {
        return Err(wrong_status(&old, "Committed").into());
    }
    let create = Create { kind: old.kind, ..create.clone() };
    let mut document = compute(&create, terms, old.n, old.code.clone(), turn)?;
    document.version = old.version + 1;
    document.adjustment_reason = Some(reason);
    document.adjustment_description = description;
    turn.row(row(Op::Adjust, &document).parent(old.code.clone()).state(state(&document)));
    let answer = Answer::json(status, &view::document(&document, terms.include));
    old.status = Status::Adjusted;
    old.n = turn.books.documents.number();
    keep(old, turn);
    keep(document, turn);
    Ok(answer)
}

/// Makes a document findable by its code.
pub(super) fn name(document: &Document, turn: &mut Turn<'_>) {
    let books = &mut *turn.books;
    let hash = books.identity.hash(document.kind.name(), document.account, &document.code);
    books.names.give(hash, document.n, &mut turn.writes, turn.progress);
}

pub(super) fn locked(document: &Document) -> Answer {
    let description = format!("The document '{}' was reported to a tax authority.", document.code);
    errors::error(400, "CannotModifyLockedTransaction", "The transaction is locked.", &description)
}

pub(super) fn wrong_status(document: &Document, expected: &str) -> Answer {
    let description = format!("The document '{}' is {:?}; expected {expected}.", document.code, document.status);
    errors::error(400, "DocStatusError", "DocStatus is invalid for this operation.", &description)
}

/// The document of a code and kind.
pub(super) fn find(code: &str, kind: Kind, account: i64, books: &mut Books) -> rusqlite::Result<Option<Document>> {
    let Books { names, documents, reader, identity, .. } = books;
    let mut found = None;
    names.find(identity.hash(kind.name(), account, code), |n| {
        found = documents
            .take(n, reader)?
            .filter(|document| document.code == code && document.account == account && document.kind == kind);
        Ok(found.is_some())
    })?;
    Ok(found)
}

/// The document that a call is about; its labels become the call's.
pub(super) fn existing(code: &str, kind: Option<Kind>, turn: &mut Turn<'_>) -> Result<Document, Stop> {
    let account = turn.context.caller.account;
    let mut found = Vec::with_capacity(1);
    for of_kind in Kind::STORED.into_iter().filter(|of_kind| kind.is_none_or(|kind| kind == *of_kind)) {
        found.extend(find(code, of_kind, account, turn.books)?.filter(|document| !document.is_deleted));
    }
    if found.len() > 1 {
        let description = format!("Several documents have the code '{code}'; the parameter tells them apart.");
        return Err(
            errors::error(400, "DocumentCodeConflict", "Please specify DocumentType parameter", &description).into()
        );
    }
    let document = found.pop().ok_or_else(|| errors::no_document(code))?;
    label(&document, turn);
    Ok(document)
}

pub(super) fn label(document: &Document, turn: &mut Turn<'_>) {
    turn.labels = Labels {
        order: document.purchase_order.clone().or_else(|| Some(document.code.clone())),
        email: Some(document.customer.clone()),
        key: None,
    };
}

pub(super) fn keep(document: Document, turn: &mut Turn<'_>) {
    turn.books.documents.put(document.n, document.account, None, document, &mut turn.writes, turn.progress);
}

/// The word of the statement for where a document stands.
pub(super) const fn state(document: &Document) -> &'static str {
    match document.status {
        Status::Temporary => "quoted",
        Status::Saved => "saved",
        Status::Posted => "posted",
        Status::Committed => "committed",
        Status::Cancelled => "cancelled",
        Status::Adjusted => "adjusted",
    }
}

pub(super) fn row(op: Op, document: &Document) -> Row {
    let place = document.places.first();
    let rate = place.map_or(0, Place::rate);
    let mut detail = json!({
        "total_minor": document.total_minor(),
        "taxable_minor": document.taxable_minor(),
        "rate": rate as f64 / RATE_SCALE as f64,
    });
    if let Some(Place { address, .. }) = place {
        detail["ship_to"] = json!({
            "region": address.region,
            "postal_code": address.postal_code,
            "country": address.country,
        });
    }
    if document.shift != 0 {
        detail["shift_basis_points"] = document.shift.into();
    }
    Row::new(op)
        .object(document.code.clone())
        .money(document.tax_minor(), &document.currency.to_ascii_lowercase())
        .detail(detail)
}

fn new_code(turn: &mut Turn<'_>) -> String {
    let n = turn.books.documents.number();
    turn.books.identity.make("doc", n)
}
