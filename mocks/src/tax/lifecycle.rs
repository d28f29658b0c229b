//! The state machine of a tax document: what can be done to it where it stands.

use super::Terms;
use super::actions::{Action, Refund, RefundShare, Settle};
use super::document::{Document, Status};
use super::errors;
use super::lines::TaxedLine;
use super::moment::Date;
use super::request::Kind;
use super::transactions::{adjust, existing, find, keep, locked, name, row, state, wrong_status};
use super::view;
use crate::decimal::{SCALE, divide, places, to_minor};
use crate::statement::Op;
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// Does it, or says why not.
pub(super) fn act(
    code: &str,
    kind: Option<Kind>,
    action: Action,
    terms: Terms<'_>,
    turn: &mut Turn<'_>,
) -> Result<Answer, Stop> {
    let mut document = existing(code, kind, turn)?;
    let is_read_only = matches!(action, Action::Lock { .. } | Action::Refund(_));
    if document.is_locked && !is_read_only {
        return Err(locked(&document).into());
    }
    let from = document.status;
    match action {
        Action::Commit => match from {
            Status::Saved | Status::Posted | Status::Temporary => document.status = Status::Committed,
            // Committing again changes nothing and is no error.
            Status::Committed => return Ok(Answer::json(200, &view::document(&document, terms.include))),
            Status::Cancelled | Status::Adjusted => return Err(wrong_status(&document, "Saved|Posted").into()),
        },
        Action::Void { is_deleted } => {
            match (from, is_deleted) {
                (Status::Adjusted, _) | (Status::Cancelled, false) => {
                    return Err(wrong_status(&document, "Saved|Posted|Committed").into());
                }
                (Status::Cancelled, true) => {}
                (Status::Temporary | Status::Saved | Status::Posted | Status::Committed, _) => {
                    document.status_before = Some(from);
                }
            }
            document.status = Status::Cancelled;
            document.is_deleted = is_deleted;
        }
        Action::Unvoid => {
            let before = document.status_before.filter(|_| from == Status::Cancelled);
            document.status = before.ok_or_else(|| wrong_status(&document, "Cancelled"))?;
            document.status_before = None;
        }
        Action::Adjust { reason, description, create } => {
            return adjust(document, &create, reason, description, 200, terms, turn);
        }
        Action::Settle(settle) => settle_document(&mut document, settle, turn)?,
        Action::ChangeCode { code } => rename(&mut document, code, turn)?,
        Action::Lock { is_locked } => document.is_locked = is_locked,
        Action::Refund(refund) => return give_back(&document, *refund, terms, turn),
    }
    document.modified_us = terms.now_us;
    note(&document, from, code, turn);
    let answer = Answer::json(200, &view::document(&document, terms.include));
    keep(document, turn);
    Ok(answer)
}

/// The row of what changed: a lock changes nothing that anyone files.
fn note(document: &Document, from: Status, code_before: &str, turn: &mut Turn<'_>) {
    if document.code != code_before {
        turn.row(row(Op::Adjust, document).parent(code_before).state("renamed"));
    }
    let op = match (from, document.status) {
        (before, now) if before == now => return,
        (_, Status::Committed) if from != Status::Cancelled => Op::Commit,
        (_, Status::Cancelled) => Op::Void,
        _ => Op::Document,
    };
    turn.row(row(op, document).state(state(document)));
}

fn settle_document(document: &mut Document, settle: Settle, turn: &mut Turn<'_>) -> Result<(), Stop> {
    if !matches!(document.status, Status::Saved | Status::Posted) {
        return Err(wrong_status(document, "Saved|Posted").into());
    }
    let digits = places(&document.currency);
    let differs = |field: &str| {
        errors::error(
            400,
            "DocumentVerifyError",
            "The document differs from what was expected.",
            &format!("{field} differs."),
        )
    };
    if settle.date.is_some_and(|date| date.day != document.date.day) {
        return Err(differs("verifyTransactionDate").into());
    }
    if settle.total.is_some_and(|total| to_minor(total, digits) != document.total_minor()) {
        return Err(differs("verifyTotalAmount").into());
    }
    if settle.tax.is_some_and(|tax| to_minor(tax, digits) != document.tax_minor()) {
        return Err(differs("verifyTotalTax").into());
    }
    if let Some(code) = settle.code {
        rename(document, code, turn)?;
    }
    document.status = if settle.is_committed { Status::Committed } else { Status::Posted };
    Ok(())
}

fn rename(document: &mut Document, code: String, turn: &mut Turn<'_>) -> Result<(), Stop> {
    if matches!(document.status, Status::Cancelled | Status::Adjusted) {
        return Err(wrong_status(document, "Saved|Posted|Committed").into());
    }
    if code == document.code {
        return Ok(());
    }
    if find(&code, document.kind, document.account, turn.books)?.is_some() {
        let description = format!("A transaction with the code '{code}' exists.");
        return Err(errors::error(400, "DuplicateEntry", "An entry with this code exists.", &description).into());
    }
    document.code = code;
    name(document, turn);
    Ok(())
}

/// Makes the document that gives another one back, wholly or in part.
fn give_back(document: &Document, refund: Refund, terms: Terms<'_>, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    if document.kind != Kind::SalesInvoice {
        let description = "Only a SalesInvoice can be given back.";
        return Err(
            errors::error(400, "InvalidDocumentTypeForRefund", "This type cannot be refunded.", description).into()
        );
    }
    if document.status != Status::Committed {
        return Err(wrong_status(document, "Committed").into());
    }
    let lines = lines_of(document, &refund.share)?;
    let code = refund.code.unwrap_or_else(|| format!("{}.1", document.code));
    if find(&code, Kind::ReturnInvoice, document.account, turn.books)?.is_some() {
        let description = format!("A refund with the code '{code}' exists.");
        return Err(errors::error(400, "DuplicateEntry", "An entry with this code exists.", &description).into());
    }
    let back = Document {
        n: turn.books.documents.number(),
        kind: Kind::ReturnInvoice,
        code,
        version: 1,
        is_locked: false,
        date: refund.date.unwrap_or_else(|| Date::of(terms.now_us)),
        tax_date: document.tax_date.clone(),
        modified_us: terms.now_us,
        reference_code: refund.reference_code.or_else(|| Some(document.code.clone())),
        adjustment_reason: None,
        adjustment_description: None,
        lines,
        mark: turn.context.intent.clone(),
        ..document.clone()
    };
    name(&back, turn);
    turn.row(row(Op::Document, &back).parent(document.code.clone()).state(state(&back)));
    let answer = Answer::json(201, &view::document(&back, terms.include));
    keep(back, turn);
    Ok(answer)
}

/// The lines of a refund: the document's, below zero.
fn lines_of(document: &Document, share: &RefundShare) -> Result<Vec<TaxedLine>, Stop> {
    if let RefundShare::Lines(wanted) = share
        && let Some(stranger) = wanted.iter().find(|number| document.lines.iter().all(|line| line.number != **number))
    {
        return Err(errors::out_of_range("refundLines", &format!("There is no line '{stranger}'.")).into());
    }
    let hundred = i128::from(100 * SCALE);
    let lines = document.lines.iter().filter(|line| match share {
        RefundShare::Lines(wanted) => wanted.contains(&line.number),
        RefundShare::Full | RefundShare::Tax | RefundShare::Percentage(_) => true,
    });
    let lines = lines.map(|line| match share {
        RefundShare::Full | RefundShare::Lines(_) => line.times(|minor| -minor, |minor| -minor),
        RefundShare::Tax => line.times(|_| 0, |minor| -minor),
        RefundShare::Percentage(part) => {
            let share = |minor: i64| -divide(i128::from(minor) * i128::from(*part), hundred);
            line.times(share, share)
        }
    });
    Ok(lines.collect())
}
