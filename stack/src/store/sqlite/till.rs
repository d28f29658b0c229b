//! The calls around payments, each one step or one look.

use rusqlite::params;

use super::{
    super::{
        Aftermath, Answer, CaptureEnd, CaptureOrder, CaptureStep, Challenge, Charge, Claim, DisputeLine, DisputeNews,
        Edit, EditEnd, Message, MessageKind, NotCharged, OpenTransaction, PaymentState, Refund, RefundNews,
        RefundProof, StoreError, Stored, Stray, Subject, Till, VoidOrder,
    },
    SqliteStore, captures, disputes, edits, orders, outbox, payments,
    refunds::{self, Anew},
    settlement, strays, waiting,
};
use crate::{
    order::{Parcel, PaymentProvider},
    refusal::known,
};

impl Till for SqliteStore {
    fn stay_alive(&self, until_ms: i64) -> Answer<'_, ()> {
        self.step(move |connection, terms| {
            connection
                .prepare_cached(
                    "INSERT INTO instances (id, expires_ms) VALUES (?1, ?2)
                     ON CONFLICT (id) DO UPDATE SET expires_ms = excluded.expires_ms",
                )?
                .execute(params![terms.instance, until_ms])?;
            Ok(())
        })
    }

    fn retire(&self) -> Answer<'_, ()> {
        self.step(|connection, terms| {
            connection.prepare_cached("DELETE FROM instances WHERE id = ?1")?.execute([&terms.instance])?;
            Ok(())
        })
    }

    fn claim_payment(&self, payment: i64) -> Answer<'_, bool> {
        self.step(move |connection, terms| Ok(waiting::claim_payment(connection, terms, payment)?))
    }

    fn claim_refund(&self, refund: i64) -> Answer<'_, bool> {
        self.step(move |connection, terms| Ok(refunds::claim(connection, terms, refund)?))
    }

    fn adopt_messages(&self) -> Answer<'_, Vec<Message>> {
        let terms = std::sync::Arc::clone(&self.terms);
        let orphans = self.look(|connection| outbox::has_orphans(connection, &terms));
        Box::pin(async move {
            if !orphans.await? {
                return Ok(Vec::new());
            }
            self.step(|connection, terms| Ok(outbox::adopt(connection, terms)?)).await
        })
    }

    fn own_messages(&self) -> Answer<'_, Vec<Message>> {
        let terms = std::sync::Arc::clone(&self.terms);
        self.archived(move |connection| outbox::own(connection, &terms))
    }

    fn owed(&self) -> Answer<'_, i64> {
        self.look(outbox::owed)
    }

    fn begin_dispatches(&self, messages: Vec<i64>) -> Answer<'_, Vec<i64>> {
        self.step(move |connection, _| outbox::begin_dispatches(connection, &messages))
    }

    fn fail_over(
        &self,
        payment: i64,
        reason: NotCharged,
        to: PaymentProvider,
        method: Option<String>,
        key: String,
    ) -> Answer<'_, Option<Charge>> {
        self.step(move |connection, terms| {
            payments::fail_over(connection, terms, payment, reason, (to, method.as_deref(), &key))
        })
    }

    fn begin_anew(&self, payment: i64, key: String) -> Answer<'_, Option<Charge>> {
        self.step(move |connection, terms| payments::begin_anew(connection, terms, payment, &key))
    }

    fn open_transaction(&self) -> Answer<'_, OpenTransaction> {
        let (open, opened) = tokio::sync::oneshot::channel();
        // Nobody asks how it went: it writes nothing.
        drop(self.step(move |_, _| {
            let (end, ended) = std::sync::mpsc::channel();
            if open.send(OpenTransaction::until(end)).is_ok() {
                // Ends when the other end is dropped.
                let _: Result<(), _> = ended.recv();
            }
            Ok(())
        }));
        Box::pin(async move { opened.await.map_err(|_| StoreError::Unavailable("the store was closed".into())) })
    }

    fn wait_for_holder(&self, payment: i64, challenge: Challenge) -> Answer<'_, ()> {
        self.step(move |connection, terms| waiting::wait_for_holder(connection, terms, payment, &challenge))
    }

    fn challenge_of(&self, payment: i64) -> Answer<'_, Option<Challenge>> {
        self.look(|connection| waiting::challenge_of(connection, payment))
    }

    fn overdue(&self, now_ms: i64) -> Answer<'_, Vec<Charge>> {
        let terms = std::sync::Arc::clone(&self.terms);
        self.look(|connection| payments::overdue(connection, &terms, now_ms))
    }

    fn payments_of(&self, order: i64) -> Answer<'_, Vec<(PaymentState, Charge)>> {
        self.look(|connection| payments::of_order(connection, order))
    }

    fn open_ends(&self) -> Answer<'_, i64> {
        self.look(payments::open_ends)
    }

    fn begin_edit(&self, edit: Edit) -> Answer<'_, Charge> {
        self.step(move |connection, _| edits::begin(connection, &edit))
    }

    fn end_edit(&self, payment: i64, end: EditEnd, answer: Option<(Claim, Stored)>) -> Answer<'_, ()> {
        self.step(move |connection, _| edits::end(connection, payment, end, answer))
    }

    fn open_edits(&self) -> Answer<'_, Vec<Charge>> {
        self.look(payments::being_edited)
    }

    fn begin_capture(&self, message: Message) -> Answer<'_, CaptureStep> {
        self.step(move |connection, terms| captures::begin(connection, terms, message))
    }

    fn settle_capture(&self, capture: i64, end: CaptureEnd, event: Option<String>) -> Answer<'_, Aftermath> {
        self.step(move |connection, terms| {
            if let Some(event) = &event
                && !settlement::is_new(connection, event)?
            {
                return Ok(Aftermath::default());
            }
            captures::settle(connection, terms, capture, &end)
        })
    }

    fn last_capture(&self, payment: i64) -> Answer<'_, Option<CaptureOrder>> {
        self.look(|connection| captures::last(connection, payment))
    }

    fn part(&self, message: Message) -> Answer<'_, Option<Parcel>> {
        let part = (message.kind == MessageKind::Dispatch && message.subject.is_some()).then_some(message.id);
        self.look(|connection| outbox::parcel(connection, message.order, part))
    }

    fn void_order(&self, message: Message) -> Answer<'_, Option<VoidOrder>> {
        self.look(|connection| outbox::void_order(connection, message))
    }

    fn refund_instead(&self, payment: i64) -> Answer<'_, Option<Refund>> {
        self.step(move |connection, _| refunds::instead_of_void(connection, payment))
    }

    fn book_stray(&self, stray: Stray) -> Answer<'_, Aftermath> {
        self.step(move |connection, terms| {
            if let Some(event) = &stray.event
                && !settlement::is_new(connection, event)?
            {
                return Ok(Aftermath::default());
            }
            let brief = orders::brief(connection, stray.order)?.ok_or(known::NOT_FOUND)?;
            strays::book(connection, terms, &brief, &stray)
        })
    }

    fn subject_of(&self, provider: PaymentProvider, reference: &str) -> Answer<'_, Option<Subject>> {
        self.look(|connection| {
            if let Some(row) = payments::by_intent(connection, provider, reference)? {
                return Ok(Some(Subject::Payment(row.id)));
            }
            if let Some(refund) = refunds::by_reference(connection, reference)? {
                return Ok(Some(Subject::Refund(refund)));
            }
            Ok(captures::by_reference(connection, reference)?.map(Subject::Capture))
        })
    }

    fn take_refund_news(&self, refund: i64, news: RefundNews, event: String) -> Answer<'_, Aftermath> {
        self.step(move |connection, terms| {
            let mut made = Aftermath::default();
            if !settlement::is_new(connection, &event)? {
                return Ok(made);
            }
            let reference = match news {
                RefundNews::Succeeded { reference } => reference,
                RefundNews::Refused => return refunds::came_back(connection, terms, refund, Anew::Never),
                RefundNews::Failed => return refunds::came_back(connection, terms, refund, Anew::AFewTimes),
            };
            let given = refunds::settle(connection, terms, refund, &RefundProof::Succeeded { reference })?;
            (made.moves, made.messages) = (given.moves, given.messages);
            Ok(made)
        })
    }

    fn take_dispute(&self, news: DisputeNews) -> Answer<'_, bool> {
        self.step(move |connection, _| disputes::take(connection, &news))
    }

    fn disputes(&self) -> Answer<'_, Vec<DisputeLine>> {
        self.look(disputes::list)
    }

    fn keep_evidence(&self, dispute: &str, evidence: String) -> Answer<'_, ()> {
        let dispute = dispute.to_owned();
        self.step(move |connection, _| disputes::keep_evidence(connection, &dispute, &evidence))
    }
}
