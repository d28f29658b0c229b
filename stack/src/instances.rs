//! Several processes on one store: each says again and again that it is alive. What one has claimed – a payment, a refund, a
//! message – is taken over by another only once its lease has ended.

use std::{sync::Arc, time::Duration};

use crate::{clock::now_ms, outbox::Outbox, shop::Shop, store::StoreError};

/// How long an instance counts as alive that says nothing.
const LEASE_MS: i64 = 2_000;
const RENEW_EVERY: Duration = Duration::from_millis(500);

impl Shop {
    /// Says once that this instance is alive.
    pub(crate) async fn live(&self) -> Result<(), StoreError> {
        self.store.stay_alive(now_ms() + LEASE_MS).await
    }

    /// Keeps the lease until the shop closes.
    pub(crate) async fn stay_alive(self: Arc<Self>) {
        while !*self.closing.borrow() {
            self.pause(RENEW_EVERY).await;
            if *self.closing.borrow() {
                return;
            }
            if let Err(error) = self.live().await {
                self.log.store_trouble("the lease was not renewed", &error);
            }
        }
    }

    /// Takes over the messages of instances that have died.
    pub(crate) async fn take_over_messages(self: &Arc<Self>) {
        match self.store.adopt_messages().await {
            Ok(messages) => Outbox::send(self, messages),
            Err(error) => self.log.store_trouble("orphaned messages were not read", &error),
        }
    }
}
