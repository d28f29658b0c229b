//! The last phase of a payment: the proof, the order's next state, what is owed to the outside and the key's final
//! answer, all in one step.

use rusqlite::{Connection, params};

use super::{
    super::{
        ABANDONED, MessageKind, Move, NotCharged, PaymentState, Proof, Refund, Settled, Settlement, Standing, Stray,
        Terms,
    },
    captures, checkout, giving_up, keys, orders,
    orders::Hold,
    outbox,
    payments::{self, PaymentRow},
    refunds, strays,
    writer::{Done, JobError},
};
use crate::{
    answer,
    clock::now_ms,
    defects::Defect,
    order::{Brief, State},
    refusal::known,
};

pub(super) fn settle(connection: &Connection, terms: &Terms, settlement: Settlement) -> Done<Settled> {
    let row = payments::find(connection, settlement.payment)?.ok_or(known::NOT_FOUND)?;
    // What it was confirmed at is not known before the edit has ended: whoever tells of it tells again.
    if row.is_being_edited {
        return Err(known::BUSY.into());
    }
    let brief = orders::brief(connection, row.order)?.ok_or(known::NOT_FOUND)?;
    let mut settling = Settling { connection, terms, row, brief, why: settlement.why, made: Made::default() };
    let unseen = match &settlement.event {
        Some(event) => is_new(connection, event)?,
        None => true,
    };
    if unseen {
        settling.apply(settlement.proof)?;
    }
    let settled = settling.finish();
    if let Some(key) = &settlement.key
        && let Some(stored) = answer::final_answer(&settled.standing)
    {
        keys::answer(connection, key, &stored)?;
    }
    Ok(settled)
}

/// Records an event before its effect; `false` when it has been recorded before.
pub(super) fn is_new(connection: &Connection, event: &str) -> rusqlite::Result<bool> {
    let inserted = connection
        .prepare_cached("INSERT INTO events (id, created_ms) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING")?
        .execute(params![event, now_ms()])?;
    Ok(inserted == 1)
}

/// What a proof tells of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Reserved,
    Captured,
}

#[derive(Default)]
struct Made {
    moves: Vec<Move>,
    messages: Vec<super::Message>,
    refund: Option<Refund>,
    contradiction: bool,
}

/// One settlement at work.
struct Settling<'a> {
    connection: &'a Connection,
    terms: &'a Terms,
    row: PaymentRow,
    brief: Brief,
    why: &'static str,
    made: Made,
}

impl Settling<'_> {
    fn apply(&mut self, proof: Proof) -> Done<()> {
        let settled = !self.row.state.may_take_money();
        let told = if let Proof::Authorised { .. } = proof { Told::Reserved } else { Told::Captured };
        match proof {
            Proof::Succeeded { intent } | Proof::Authorised { intent, .. } if self.is_another(&intent) => {
                self.stray(intent, matches!(told, Told::Captured))
            }
            Proof::Succeeded { intent } => match self.row.state {
                // What was reserved is captured by the shop alone, and booked there.
                PaymentState::Succeeded | PaymentState::Authorised => Ok(()),
                // The defect `unknown-forced-to-failed`: failed is final, whatever is proven later.
                _ if self.row.code.as_deref() == Some(NotCharged::Forced.name()) => Ok(()),
                PaymentState::Open
                | PaymentState::Unknown
                | PaymentState::Waiting
                | PaymentState::Declined
                | PaymentState::NotCharged
                | PaymentState::Voided => {
                    self.made.contradiction = settled;
                    self.succeeded(Some(&intent))
                }
            },
            Proof::Covered if settled => Ok(()),
            Proof::Covered => self.succeeded(None),
            // Told late of what was captured, released or run out since.
            Proof::Authorised { .. } if self.is_reserved_or_beyond() => Ok(()),
            Proof::Authorised { .. } if self.row.code.as_deref() == Some(NotCharged::Forced.name()) => Ok(()),
            Proof::Authorised { intent, until_ms } => {
                self.made.contradiction = settled;
                self.authorised(&intent, until_ms)
            }
            Proof::Declined { .. } if self.row.state == PaymentState::Authorised => {
                let lost = giving_up::authorisation_lost(
                    self.connection,
                    self.terms,
                    &self.row,
                    &mut self.brief,
                    "released there",
                )?;
                self.made.moves.extend(lost.moves);
                self.made.messages.extend(lost.messages);
                Ok(())
            }
            // A settled payment stays so: a failure that comes late belongs to a story that has ended.
            Proof::Declined { .. } | Proof::NotCharged(_) if settled => Ok(()),
            Proof::Declined { intent, code } => {
                self.write(PaymentState::Declined, intent.as_deref(), Some(&code))?;
                self.failed()
            }
            Proof::NotCharged(reason) => {
                self.write(PaymentState::NotCharged, None, Some(reason.name()))?;
                self.failed()
            }
        }
    }

    /// Whether the provider tells of another payment than the one that is booked: one that it made twice, or late.
    fn is_another(&self, intent: &str) -> bool {
        let is_booked = matches!(self.row.state, PaymentState::Succeeded | PaymentState::Authorised);
        // With the defect `guard-in-open-transaction` a payment that is complete is complete, by whichever charge.
        let is_looked_at = !self.terms.defects.has(Defect::GuardInOpenTransaction);
        is_looked_at && is_booked && self.row.intent.as_deref().is_some_and(|booked| booked != intent)
    }

    fn is_reserved_or_beyond(&self) -> bool {
        match self.row.state {
            PaymentState::Authorised | PaymentState::Succeeded | PaymentState::Voided => true,
            PaymentState::Open
            | PaymentState::Unknown
            | PaymentState::Waiting
            | PaymentState::Declined
            | PaymentState::NotCharged => false,
        }
    }

    fn stray(&mut self, intent: String, is_captured: bool) -> Done<()> {
        let stray = Stray {
            order: self.row.order,
            provider: self.row.provider,
            intent,
            amount_minor: self.row.amount_minor,
            is_captured,
            event: None,
        };
        let made = strays::book(self.connection, self.terms, &self.brief, &stray)?;
        self.made.contradiction = true;
        self.made.messages.extend(made.messages);
        self.made.refund = made.refund;
        Ok(())
    }

    fn write(&mut self, state: PaymentState, intent: Option<&str>, code: Option<&str>) -> rusqlite::Result<()> {
        self.row.state = state;
        self.row.code = code.map(str::to_owned);
        let captured_minor = if state == PaymentState::Succeeded { self.row.amount_minor } else { 0 };
        self.connection
            .prepare_cached(
                "UPDATE payments SET state = ?2, intent = coalesce(?3, intent), code = ?4, captured_minor = ?5,
                        owner = NULL
                 WHERE id = ?1",
            )?
            .execute(params![self.row.id, state.name(), intent, code, captured_minor])?;
        Ok(())
    }

    /// The money is reserved: the order is the shopper's, and is captured as it leaves.
    fn authorised(&mut self, intent: &str, until_ms: Option<i64>) -> Done<()> {
        let order = self.brief.number.0;
        self.write(PaymentState::Authorised, Some(intent), None)?;
        let until_ms = until_ms.unwrap_or_else(|| now_ms() + self.terms.authorisation_ttl_ms);
        self.connection
            .prepare_cached("UPDATE payments SET authorised_minor = amount, authorised_until_ms = ?2 WHERE id = ?1")?
            .execute(params![self.row.id, until_ms])?;
        let payable = matches!(self.brief.state, State::Pending | State::Failed);
        if !payable || !self.hold_for_good()? {
            if payable {
                self.step(State::Cancelled, "authorised when its stock was gone")?;
            }
            return self.release_reserve();
        }
        self.connection
            .prepare_cached(
                "UPDATE orders SET authorised_minor = ?2, payment = ?3, payment_provider = ?4, hold = 'sold',
                        dispatch = 'queued'
                 WHERE seq = ?1",
            )?
            .execute(params![order, self.row.amount_minor, intent, self.row.provider.name()])?;
        self.brief.provider = Some(self.row.provider);
        self.step(State::Authorised, self.why)?;
        if self.cancel_wanted()? {
            orders::release(self.connection, order)?;
            outbox::withdraw_dispatch(self.connection, order)?;
            self.step(State::Cancelled, "the shopper gave it up")?;
            return self.release_reserve();
        }
        // While the desk looks, the money stays reserved and nothing is owed; its decision owes it.
        if self.brief.in_review {
            return Ok(());
        }
        self.made.messages.push(outbox::owe(self.connection, self.terms, order, MessageKind::TaxDocument, None)?);
        let parts = captures::plan(self.connection, self.terms, &self.brief, self.row.id)?;
        self.made.messages.extend(parts);
        Ok(())
    }

    fn release_reserve(&mut self) -> Done<()> {
        let order = self.brief.number.0;
        let void = outbox::owe(self.connection, self.terms, order, MessageKind::PaymentVoid, Some(self.row.id))?;
        self.made.messages.push(void);
        Ok(())
    }

    fn step(&mut self, to: State, why: &'static str) -> rusqlite::Result<bool> {
        let moved = orders::step(self.connection, &mut self.brief, to, why)?;
        self.made.moves.extend(moved);
        Ok(moved.is_some())
    }

    fn failed(&mut self) -> Done<()> {
        let order = self.brief.number.0;
        if self.why == ABANDONED && self.brief.state == State::Pending {
            orders::release(self.connection, order)?;
            self.step(State::Cancelled, ABANDONED)?;
            return Ok(());
        }
        if self.brief.state != State::Pending || !self.step(State::Failed, self.why)? {
            return Ok(());
        }
        self.connection
            .prepare_cached("UPDATE orders SET hold_until_ms = ?2 WHERE seq = ?1")?
            .execute(params![order, now_ms() + self.terms.hold_ttl_ms])?;
        // The defect `stock-returned-twice`: here, and once more when the hold ends.
        if self.terms.defects.has(Defect::StockReturnedTwice) {
            orders::give_stock_back(self.connection, order)?;
        }
        if self.cancel_wanted()? {
            orders::release(self.connection, order)?;
            self.step(State::Cancelled, "the shopper gave it up")?;
        }
        Ok(())
    }

    fn succeeded(&mut self, intent: Option<&str>) -> Done<()> {
        let order = self.brief.number.0;
        self.write(PaymentState::Succeeded, intent, None)?;
        let payable = matches!(self.brief.state, State::Pending | State::Failed);
        if payable && self.hold_for_good()? {
            self.connection
                .prepare_cached(
                    "UPDATE orders SET paid_minor = paid_minor + ?2, payment = ?3, payment_provider = ?4, hold = 'sold',
                            dispatch = 'queued'
                     WHERE seq = ?1",
                )?
                .execute(params![order, self.row.amount_minor, intent, intent.map(|_| self.row.provider.name())])?;
            self.brief.provider = intent.map(|_| self.row.provider);
            self.step(State::Paid, self.why)?;
            if self.terms.defects.claims_the_cart_late() {
                checkout::claim_cart(self.connection, &self.brief.cart, self.brief.number)?;
            }
            if self.cancel_wanted()? {
                orders::release(self.connection, order)?;
                outbox::withdraw_dispatch(self.connection, order)?;
                self.step(State::Cancelled, "the shopper gave it up")?;
                return self.give_back(intent);
            }
            for kind in [MessageKind::TaxDocument, MessageKind::Dispatch] {
                self.made.messages.push(outbox::owe(self.connection, self.terms, order, kind, None)?);
            }
            return Ok(());
        }
        // Paid twice, paid after it was cancelled, or paid when its stock was gone: the money goes back.
        self.connection
            .prepare_cached("UPDATE orders SET paid_minor = paid_minor + ?2 WHERE seq = ?1")?
            .execute(params![order, self.row.amount_minor])?;
        if payable {
            self.step(State::Cancelled, "paid when its stock was gone")?;
        }
        if self.terms.defects.keeps_a_second_payment() || self.terms.defects.keeps_late_charges() {
            return Ok(());
        }
        self.give_back(intent)
    }

    /// Makes sure of what is sold; `false` when it was released and cannot be had again.
    fn hold_for_good(&mut self) -> Done<bool> {
        let order = self.brief.number.0;
        let (hold, promotion) = orders::hold_of(self.connection, order)?;
        if hold == Hold::Released {
            self.connection.execute_batch("SAVEPOINT hold")?;
            match orders::hold_again(self.connection, order) {
                Ok(()) => self.connection.execute_batch("RELEASE hold")?,
                Err(JobError::Refused(_)) => {
                    self.connection.execute_batch("ROLLBACK TO hold; RELEASE hold")?;
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(code) = promotion
            && self.terms.defects.counts_promotions_late()
        {
            self.connection.prepare_cached("UPDATE promotions SET used = used + 1 WHERE code = ?1")?.execute([code])?;
        }
        Ok(true)
    }

    fn cancel_wanted(&self) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached("SELECT cancel_wanted FROM orders WHERE seq = ?1")?
            .query_row([self.brief.number.0], |row| row.get(0))
    }

    fn give_back(&mut self, intent: Option<&str>) -> Done<()> {
        let Some(intent) = intent else { return Ok(()) };
        let (payment, amount_minor, provider) = (self.row.id, self.row.amount_minor, self.row.provider);
        let refund = refunds::ask(self.connection, &self.brief, (payment, provider, intent), amount_minor)?;
        self.made.refund = Some(refund);
        Ok(())
    }

    fn finish(self) -> Settled {
        let Made { moves, messages, refund, contradiction } = self.made;
        let standing = match self.brief.state {
            State::Authorised | State::Paid | State::PartiallyFulfilled | State::Fulfilled | State::Cancelled => {
                Standing::Accepted(self.brief)
            }
            State::Pending | State::Failed => self.row.standing(self.brief),
        };
        Settled { standing, moves, messages, refund, contradiction }
    }
}
