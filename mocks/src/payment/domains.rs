//! Domains on which wallets may be shown: Apple Pay's list, and the newer one of all methods.

use serde::{Deserialize, Serialize};

use super::form::Form;
use super::listing::{self, Listed};
use super::{errors, view};
use crate::store::{Table, Write};
use crate::turn::Turn;
use crate::wire::{Answer, Stop};

/// Which of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DomainKind {
    ApplePay,
    PaymentMethod,
}

impl DomainKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::ApplePay => "apwc",
            Self::PaymentMethod => "pmd",
        }
    }

    const fn object(self) -> &'static str {
        match self {
            Self::ApplePay => "apple_pay_domain",
            Self::PaymentMethod => "payment_method_domain",
        }
    }

    const fn url(self) -> &'static str {
        match self {
            Self::ApplePay => "/v1/apple_pay/domains",
            Self::PaymentMethod => "/v1/payment_method_domains",
        }
    }
}

/// A registered domain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Domain {
    pub(crate) n: i64,
    pub(crate) id: String,
    pub(crate) account: i64,
    pub(crate) kind: DomainKind,
    pub(crate) name: String,
    pub(crate) is_enabled: bool,
    pub(crate) created: i64,
}

pub(super) fn create(kind: DomainKind, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let name = form.text("domain_name").ok_or_else(|| errors::missing("domain_name"))?;
    let is_enabled = form.boolean("enabled")?.unwrap_or(true);
    let n = turn.books.domains.number();
    let id = turn.books.identity.make(kind.prefix(), n);
    let created = turn.now_s();
    let domain = Domain { n, id, account: turn.context.caller.account, kind, name, is_enabled, created };
    Ok(shown_and_kept(domain, turn))
}

fn shown_and_kept(domain: Domain, turn: &mut Turn<'_>) -> Answer {
    let answer = Answer::json(200, &view::domain(&domain));
    turn.books.domains.put(domain.n, domain.account, None, domain, &mut turn.writes, turn.progress);
    answer
}

fn find(kind: DomainKind, id: &str, turn: &mut Turn<'_>) -> Result<Domain, Stop> {
    let no_such = || errors::no_such(kind.object(), "id", id);
    let n = turn.books.identity.read(kind.prefix(), id).ok_or_else(no_such)?;
    let domain = turn.books.domains.take(n, &turn.books.reader)?;
    // What was deleted may still be in memory; it has no name any more.
    let domain = domain.filter(|domain| domain.account == turn.context.caller.account && !domain.name.is_empty());
    Ok(domain.ok_or_else(no_such)?)
}

pub(super) fn retrieve(kind: DomainKind, id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    Ok(Answer::json(200, &view::domain(&find(kind, id, turn)?)))
}

pub(super) fn update(kind: DomainKind, id: &str, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut domain = find(kind, id, turn)?;
    domain.is_enabled = form.boolean("enabled")?.unwrap_or(domain.is_enabled);
    Ok(shown_and_kept(domain, turn))
}

pub(super) fn delete(kind: DomainKind, id: &str, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let mut domain = find(kind, id, turn)?;
    domain.name.clear();
    let n = domain.n;
    turn.books.domains.put(n, domain.account, None, domain, &mut turn.writes, turn.progress);
    turn.writes.push(Write::Delete { table: Table::Domain, n });
    Ok(Answer::json(200, &view::deleted(id, kind.object())))
}

pub(super) fn list(kind: DomainKind, form: &Form, turn: &mut Turn<'_>) -> Result<Answer, Stop> {
    let name = form.text("domain_name");
    let asked =
        Listed { table: Table::Domain, prefix: kind.prefix(), kind: kind.object(), url: kind.url(), marked: None };
    let found = listing::numbered(
        &asked,
        form,
        turn,
        |domain: &Domain| (domain.n, domain.created),
        |domain| domain.kind == kind && name.as_ref().is_none_or(|name| *name == domain.name),
    )?;
    Ok(found.told(view::domain))
}
