//! The last phase of a payment: the proof, the order's next state, what is owed to the outside and the key's final
//! answer, all in one step.

use rusqlite::{Connection, params};

use super::{
    super::{MessageKind, Move, NotCharged, PaymentState, Proof, Refund, Settled, Settlement, Standing, Terms},
    checkout, keys, orders,
    orders::Hold,
    outbox,
    payments::{self, PaymentRow},
    refunds,
    writer::{Done, JobError},
};
use crate::{
    answer,
    clock::{identifier, now_ms},
    order::{Brief, State},
    refusal::known,
};

pub(super) fn settle(connection: &Connection, terms: &Terms, settlement: Settlement) -> Done<Settled> {
    let row = payments::find(connection, settlement.payment)?.ok_or(known::NOT_FOUND)?;
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
fn is_new(connection: &Connection, event: &str) -> rusqlite::Result<bool> {
    let inserted = connection
        .prepare_cached("INSERT INTO events (id, created_ms) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING")?
        .execute(params![event, now_ms()])?;
    Ok(inserted == 1)
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
        let settled = !self.row.state.is_unsettled();
        match proof {
            Proof::Succeeded { intent } => match self.row.state {
                PaymentState::Succeeded => Ok(()),
                // The defect `unknown-forced-to-failed`: failed is final, whatever is proven later.
                _ if self.row.code.as_deref() == Some(NotCharged::Forced.name()) => Ok(()),
                PaymentState::Open | PaymentState::Unknown | PaymentState::Declined | PaymentState::NotCharged => {
                    self.made.contradiction = settled;
                    self.succeeded(&intent)
                }
            },
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

    fn write(&mut self, state: PaymentState, intent: Option<&str>, code: Option<&str>) -> rusqlite::Result<()> {
        self.row.state = state;
        self.row.code = code.map(str::to_owned);
        self.connection
            .prepare_cached("UPDATE payments SET state = ?2, intent = ?3, code = ?4 WHERE id = ?1")?
            .execute(params![self.row.id, state.name(), intent, code])?;
        Ok(())
    }

    fn step(&mut self, to: State, why: &'static str) -> rusqlite::Result<bool> {
        let moved = orders::step(self.connection, &mut self.brief, to, why)?;
        self.made.moves.extend(moved);
        Ok(moved.is_some())
    }

    fn failed(&mut self) -> Done<()> {
        let order = self.brief.number.0;
        if self.brief.state != State::Pending || !self.step(State::Failed, self.why)? {
            return Ok(());
        }
        self.connection
            .prepare_cached("UPDATE orders SET hold_until_ms = ?2 WHERE seq = ?1")?
            .execute(params![order, now_ms() + self.terms.hold_ttl_ms])?;
        if self.cancel_wanted()? {
            orders::release(self.connection, order)?;
            self.step(State::Cancelled, "the shopper gave it up")?;
        }
        Ok(())
    }

    fn succeeded(&mut self, intent: &str) -> Done<()> {
        let order = self.brief.number.0;
        self.write(PaymentState::Succeeded, Some(intent), None)?;
        let payable = matches!(self.brief.state, State::Pending | State::Failed);
        if payable && self.hold_for_good()? {
            self.connection
                .prepare_cached(
                    "UPDATE orders SET paid_minor = paid_minor + ?2, payment = ?3, hold = 'sold', dispatch = 'queued'
                     WHERE seq = ?1",
                )?
                .execute(params![order, self.row.amount_minor, intent])?;
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
                self.made.messages.push(outbox::owe(self.connection, order, kind)?);
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

    fn give_back(&mut self, intent: &str) -> Done<()> {
        let key = identifier("rk_");
        let refund = refunds::ask(self.connection, &self.brief, self.row.id, self.row.amount_minor, &key)?;
        self.made.refund = Some(Refund {
            id: refund,
            key,
            amount_minor: self.row.amount_minor,
            intent: intent.to_owned(),
            brief: self.brief.clone(),
        });
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
