//! The state machine of tax documents: a saved one may be replaced, a committed or cancelled one keeps its code for ever.

use serde_json::json;

use super::document::{Document, Status};
use super::errors;
use super::rates::Rates;
use super::request::Create;
use super::view;
use crate::books::Books;
use crate::statement::{Op, Row};
use crate::turn::{Labels, Turn};
use crate::wire::{Answer, Stop};

const HASH_KIND: &str = "document";

/// Computes a quote; it is told and forgotten.
pub(super) fn quote(create: &Create, rates: &Rates, turn: &mut Turn<'_>) -> Answer {
    let code = create.code.clone().unwrap_or_else(|| new_code(turn));
    let document = Document::compute(create, rates, 0, code, turn.context.caller.account, &today(turn));
    turn.row(row(Op::Quote, &document).state("quoted"));
    Answer::json(201, &view::document(&document))
}

/// Stores an invoice.
pub(super) fn create(create: &Create, rates: &Rates, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let code = create.code.clone().unwrap_or_else(|| new_code(turn));
    let known = find(&code, turn.books)?;
    if let Some((_, known)) = known.as_ref().filter(|(_, known)| known.status != Status::Saved) {
        return Err(errors::error(
            400,
            "DocumentCodeConflict",
            "A document with this code exists and cannot be replaced.",
            &format!("The document '{code}' is {:?}.", known.status),
        )
        .into());
    }
    let n = known.as_ref().map_or_else(|| turn.books.documents.number(), |(n, _)| *n);
    let mut document = Document::compute(create, rates, n, code, turn.context.caller.account, &today(turn));
    document.mark.clone_from(&turn.context.intent);
    document.version = known.as_ref().map_or(1, |(_, known)| known.version + 1);
    if known.is_none() {
        let books = &mut *turn.books;
        let hash = books.identity.hash(HASH_KIND, 0, &document.code);
        books.names.give(hash, n, &books.reader, &mut turn.writes, turn.progress)?;
    }
    let state = if document.status == Status::Committed { "committed" } else { "saved" };
    turn.row(row(Op::Document, &document).state(state));
    let answer = Answer::json(201, &view::document(&document));
    keep(document, turn);
    Ok(answer)
}

pub(super) fn commit(code: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut document = existing(code, turn)?;
    match document.status {
        Status::Saved | Status::Temporary => {}
        // Committing again changes nothing and is no error.
        Status::Committed => return Ok(Answer::json(200, &view::document(&document))),
        Status::Cancelled => return Err(wrong_status(&document).into()),
    }
    document.status = Status::Committed;
    turn.row(row(Op::Commit, &document).state("committed"));
    let answer = Answer::json(200, &view::document(&document));
    keep(document, turn);
    Ok(answer)
}

pub(super) fn void(code: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut document = existing(code, turn)?;
    if document.status == Status::Cancelled {
        return Err(wrong_status(&document).into());
    }
    document.status = Status::Cancelled;
    turn.row(row(Op::Void, &document).state("cancelled"));
    let answer = Answer::json(200, &view::document(&document));
    keep(document, turn);
    Ok(answer)
}

pub(super) fn retrieve(code: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let document = existing(code, turn)?;
    Ok(Answer::json(200, &view::document(&document)))
}

fn wrong_status(document: &Document) -> Answer {
    errors::error(
        400,
        "DocStatusError",
        "DocStatus is invalid for this operation.",
        &format!("The document '{}' is {:?}.", document.code, document.status),
    )
}

/// The document of a code.
pub(super) fn find(code: &str, books: &mut Books) -> rusqlite::Result<Option<(i64, Document)>> {
    let Books { names, documents, reader, identity, .. } = books;
    let mut found = None;
    names.find(identity.hash(HASH_KIND, 0, code), reader, |n| {
        found = documents.take(n, reader)?.filter(|document| document.code == code).map(|document| (n, document));
        Ok(found.is_some())
    })?;
    Ok(found)
}

fn existing(code: &str, turn: &mut Turn<'_>) -> Result<Document, Stop> {
    let found = find(code, turn.books)?;
    let (_, document) = found.ok_or_else(|| {
        errors::error(
            404,
            "EntityNotFoundError",
            "Transaction not found.",
            &format!("The transaction '{code}' was not found."),
        )
    })?;
    turn.labels = Labels {
        order: document.purchase_order.clone().or_else(|| Some(document.code.clone())),
        email: Some(document.customer.clone()),
        key: None,
    };
    Ok(document)
}

fn keep(document: Document, turn: &mut Turn<'_>) {
    turn.books.documents.put(document.n, document.account, None, document, &mut turn.writes, turn.progress);
}

fn row(op: Op, document: &Document) -> Row {
    Row::new(op)
        .object(document.code.clone())
        .money(document.tax_minor(), &document.currency.to_ascii_lowercase())
        .detail(json!({ "total_minor": document.total_minor(), "taxable_minor": document.taxable_minor() }))
}

fn new_code(turn: &mut Turn<'_>) -> String {
    let n = turn.books.documents.number();
    turn.books.identity.make("doc", n)
}

/// The date of the request, in UTC.
fn today(turn: &Turn<'_>) -> String {
    view::date(turn.now_s())
}
