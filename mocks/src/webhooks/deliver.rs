//! Delivering: takes what is due, posts it, writes what came of it, and tries again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use model::fault::Provider;

use super::dress::dress;
use super::forge::{STRANGERS_SECRET, forge};
use super::queue::{Item, Next};
use super::{Client, Delivery};
use crate::accounts::Endpoint;
use crate::config::WebhookConfig;
use crate::http::Stopping;
use crate::ledger::{Ledger, now_us};
use crate::metrics::Metrics;
use crate::statement::{Op, Row, Stamp};
use crate::store::{Table, Write};

/// Longest wait for attempts under way when the server stops.
const GRACE: Duration = Duration::from_secs(3);

/// What an attempt needs.
struct Post {
    ledger: Arc<Ledger>,
    metrics: Arc<Metrics>,
    client: Client,
    config: WebhookConfig,
}

/// Delivers until the server stops.
pub(crate) async fn run(ledger: Arc<Ledger>, metrics: Arc<Metrics>, config: WebhookConfig, mut stopping: Stopping) {
    let permits = Arc::new(Semaphore::new(config.concurrency.max(1)));
    let post = Arc::new(Post { ledger, metrics, client: Client::default(), config });
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit.expect("the semaphore is never closed"),
            _ = stopping.wait_for(|stop| *stop) => break,
        };
        let Some(item) = post.wait(&mut stopping).await else { break };
        tokio::spawn(Arc::clone(&post).attempt(item, permit));
    }
    // Attempts under way may end, so that what came of them is written.
    let all = permits.acquire_many(post.config.concurrency.max(1) as u32);
    if tokio::time::timeout(GRACE, all).await.is_err() {
        tracing::debug!("webhooks under way are tried again at the next start");
    }
}

impl Post {
    /// Waits for what is due; `None` when the server stops.
    async fn wait(&self, stopping: &mut Stopping) -> Option<Box<Item>> {
        let queue = &self.ledger.webhooks;
        loop {
            if queue.wants_refill()
                && let Err(error) = queue.refill(&self.ledger.books.lock().reader)
            {
                tracing::error!(%error, "failed to read webhooks from the store");
            }
            let pause = match queue.next(now_us()) {
                Next::Item(item) => return Some(item),
                Next::At(due_us) => Duration::from_micros((due_us - now_us()).max(0) as u64),
                Next::Nothing => Duration::from_secs(3_600),
            };
            tokio::select! {
                () = queue.woken() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stopping.wait_for(|stop| *stop) => return None,
            }
        }
    }

    async fn attempt(self: Arc<Self>, mut item: Box<Item>, permit: OwnedSemaphorePermit) {
        if item.delivery.is_lost {
            self.record(&item.delivery, "lost", None, None);
        } else {
            self.send(&mut item).await;
        }
        drop(item.early.take());
        self.ledger.webhooks.attempt_is_over();
        drop(permit);
    }

    async fn send(&self, item: &mut Item) {
        let endpoint = {
            let accounts = self.ledger.accounts.read();
            accounts.endpoint(item.delivery.account, item.delivery.endpoint).map(Arc::clone)
        };
        let payload = item.payload.take().or_else(|| self.read_payload(&item.delivery));
        // The endpoint was deleted since: nobody waits for it.
        let (Some(endpoint), Some(payload)) = (endpoint, payload) else {
            self.ledger.note(&stamp(&item.delivery), &[], vec![delete(&item.delivery)]);
            return;
        };
        item.delivery.attempts += 1;
        if item.delivery.is_forged {
            // A stranger has one try, whatever it is answered.
            let forged = Endpoint { secret: STRANGERS_SECRET.to_owned(), ..Endpoint::clone(&endpoint) };
            let payload = forge(item.delivery.provider, &payload);
            let status = self.post(item.delivery.provider, &forged, payload).await;
            if let Some((rule, _)) = &item.delivery.fault
                && let Some(rule) = self.ledger.rules.find(rule).filter(|_| status.is_some())
            {
                rule.count_hazard();
            }
            return self.record(&item.delivery, "forged", status, None);
        }
        let status = self.post(item.delivery.provider, &endpoint, payload).await;
        if status.is_some_and(|status| (200..300).contains(&status)) {
            let state = if item.delivery.is_copy { "duplicate" } else { "delivered" };
            self.record(&item.delivery, state, status, None);
            self.ledger.webhooks.delivered(&item.delivery, now_us());
            return;
        }
        let backoff = if endpoint.backoff_ms.is_empty() { &self.config.backoff_ms } else { &endpoint.backoff_ms };
        let Some(pause_ms) = backoff.get(item.delivery.attempts as usize - 1) else {
            self.record(&item.delivery, "failed", status, None);
            return;
        };
        item.delivery.due_us = now_us() + *pause_ms as i64 * 1_000;
        item.delivery.reordered_by = None;
        self.record(&item.delivery, "failed", status, Some(item.delivery.write()));
        self.ledger.webhooks.put_back(Item {
            delivery: item.delivery.clone(),
            payload: None,
            early: item.early.take(),
        });
    }

    fn read_payload(&self, delivery: &Delivery) -> Option<Bytes> {
        match self.ledger.books.lock().reader.event(delivery.account, delivery.event) {
            Ok(body) => body.map(Bytes::from),
            Err(error) => {
                tracing::error!(%error, "failed to read an event from the store");
                None
            }
        }
    }

    /// The status that the endpoint answered, if it did.
    async fn post(&self, provider: Provider, endpoint: &Endpoint, payload: Bytes) -> Option<u16> {
        let url: Uri = endpoint.url.parse().ok()?;
        let headers = dress(provider, &endpoint.secret, now_us() / 1_000_000, &payload);
        let posted = self.client.post(&url, &headers, payload);
        match tokio::time::timeout(Duration::from_millis(self.config.timeout_ms), posted).await {
            Ok(Ok(status)) => Some(status),
            Ok(Err(error)) => {
                tracing::debug!(%error, %url, "failed to deliver a webhook");
                None
            }
            Err(_) => None,
        }
    }

    /// Writes what came of an attempt; without `again` the delivery is over.
    fn record(&self, delivery: &Delivery, state: &'static str, status: Option<u16>, again: Option<Write>) {
        let mut stamp = stamp(delivery);
        stamp.http_status = status;
        let is_last = again.is_none();
        let row = Row::new(Op::Webhook)
            .object(delivery.event_id.clone())
            .parent(delivery.parent.clone())
            .state(state)
            .detail(serde_json::json!({ "type": delivery.kind, "attempt": delivery.attempts, "last": is_last }));
        self.ledger.note(&stamp, &[row], vec![again.unwrap_or_else(|| delete(delivery))]);
        self.ledger.last_change_us.store(stamp.at_us, Ordering::Relaxed);
        self.metrics.count_webhook(state);
    }
}

fn stamp(delivery: &Delivery) -> Stamp {
    let mut stamp = Stamp::bare(now_us(), delivery.run.clone(), delivery.provider);
    stamp.intent.clone_from(&delivery.intent);
    stamp.order.clone_from(&delivery.order);
    if let Some((rule, effect)) = &delivery.fault {
        stamp.fault = Some(rule.clone());
        stamp.effect = Some(effect.clone().into());
    }
    stamp
}

const fn delete(delivery: &Delivery) -> Write {
    Write::Delete { table: Table::Delivery, n: delivery.n }
}
