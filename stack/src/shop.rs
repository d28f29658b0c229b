//! The shop itself: its parts, and what is done whenever a step of an order has been stored.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{
    catalogue::Catalogue,
    clock::uptime_ms,
    config::{Breaker, Config},
    defects::Defects,
    flags::Flags,
    log::Log,
    metrics::Metrics,
    outbox::Outbox,
    providers::{
        BadAddress, Link,
        fraud::FraudProvider,
        fulfilment::FulfilmentProvider,
        gateway::{Adyen, Gateway, Gateways, Stripe},
        shipping::ShippingProvider,
        tax::TaxProvider,
    },
    refusal::{Refusal, known},
    shipping::ShippingDesk,
    store::{Message, Move, Refund, Store, StoreError},
    works::Works,
};

/// Most calls to the fraud provider that are in flight.
const FRAUD_IN_FLIGHT_MAX: usize = 512;

/// One shop.
pub(crate) struct Shop {
    pub(crate) config: Config,
    /// What shoppers reach the shop by.
    pub(crate) public_url: String,
    pub(crate) catalogue: Catalogue,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gateways: Gateways,
    pub(crate) tax: TaxProvider,
    pub(crate) fulfilment: FulfilmentProvider,
    /// Who says what shipping costs, where somebody does.
    pub(crate) shipping: Option<ShippingDesk>,
    /// Who judges orders, where somebody does.
    pub(crate) fraud: Option<FraudProvider>,
    pub(crate) flags: Arc<Flags>,
    pub(crate) outbox: Outbox,
    /// What requests have asked for.
    pub(crate) works: Works,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) log: Log,
    pub(crate) defects: Defects,
    /// Keys of shoppers whose requests are at work.
    pub(crate) keys: AtWork<String>,
    /// Payments that somebody is settling.
    pub(crate) paying: AtWork<i64>,
    /// Refunds that somebody is settling.
    pub(crate) refunding: AtWork<i64>,
    /// Turns true when the shop closes.
    pub(crate) closing: watch::Receiver<bool>,
}

impl Shop {
    pub(crate) fn new(
        config: Config,
        store: Arc<dyn Store>,
        flags: Arc<Flags>,
        log: Log,
        listen: SocketAddr,
        closing: watch::Receiver<bool>,
    ) -> Result<Self, BadAddress> {
        let metrics = Arc::new(Metrics::default());
        let link = |url: &str, in_flight_max, timeout_ms, breaker, authorization| {
            Link::new(url, in_flight_max, timeout_ms, breaker, authorization, Arc::clone(&metrics))
        };
        let (payment, tax, fulfilment) = (&config.payment, &config.tax, &config.fulfilment);
        let bearer = secret(&format!("Bearer {}", payment.secret_key));
        let basic = secret(&format!("Basic {}", STANDARD.encode(format!("{}:{}", tax.account, tax.license))));
        let defects = Defects(config.defect);
        let payment =
            link(&payment.url, payment.in_flight_max, payment.timeout_ms, &payment.breaker, bearer)?.with(defects);
        let tax = link(&tax.url, tax.in_flight_max, tax.timeout_ms, &tax.breaker, basic)?;
        let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{listen}"));
        let orders_url = format!("{}/orders/", public_url.trim_end_matches('/'));
        let backup = match &config.backup_payment {
            None => None,
            Some(terms) => {
                let key = secret(&terms.api_key);
                let link = link(&terms.url, terms.in_flight_max, terms.timeout_ms, &terms.breaker, key)?;
                let link = link.keyed_by(HeaderName::from_static("x-api-key"));
                let merchant_account = terms.merchant_account.clone();
                Some(Gateway::Adyen(Adyen { link, merchant_account, orders_url: orders_url.clone() }))
            }
        };
        let fulfilment =
            link(&fulfilment.url, fulfilment.in_flight_max, fulfilment.timeout_ms, &fulfilment.breaker, None)?;
        let shipping = match &config.shipping {
            None => None,
            Some(terms) => {
                let user = secret(&format!("Basic {}", STANDARD.encode(format!("{}:", terms.api_key))));
                let link = link(&terms.url, terms.in_flight_max, terms.timeout_ms, &terms.breaker, user)?;
                Some(ShippingDesk::new(ShippingProvider { link }, terms.clone()))
            }
        };
        let fraud = match &config.fraud {
            None => None,
            Some(terms) => Some(FraudProvider {
                link: link(&terms.url, FRAUD_IN_FLIGHT_MAX, terms.timeout_ms, &Breaker::default(), None)?,
                shop_domain: terms.shop_domain.clone(),
                auth_token: terms.auth_token.clone(),
            }),
        };
        Ok(Self {
            fraud,
            shipping,
            flags,
            catalogue: Catalogue::new(&config),
            gateways: Gateways {
                first: Gateway::Stripe(Stripe { link: payment, orders_url: orders_url.clone(), defects }),
                backup,
            },
            tax: TaxProvider { link: tax },
            fulfilment: FulfilmentProvider { link: fulfilment },
            outbox: Outbox::default(),
            works: Works::default(),
            defects,
            keys: AtWork::default(),
            paying: AtWork::default(),
            refunding: AtWork::default(),
            public_url,
            config,
            store,
            metrics,
            log,
            closing,
        })
    }

    /// Tells log and gauges of stored steps, and hands on what they owe to the outside.
    pub(crate) fn took_effect(self: &Arc<Self>, moves: &[Move], messages: Vec<Message>, refund: Option<Refund>) {
        self.metrics.last_change_ms.store(uptime_ms(), Ordering::Relaxed);
        for moved in moves {
            self.metrics.order_moved(moved.from, moved.to);
            self.log.moved(moved);
        }
        Outbox::send(self, messages);
        if let Some(refund) = refund {
            let shop = Arc::clone(self);
            tokio::spawn(async move { shop.give_back(&refund).await });
        }
    }

    /// What the shopper hears of a step that did not happen.
    pub(crate) fn refusal(&self, error: StoreError) -> Refusal {
        match error {
            StoreError::Refused(refusal) => refusal,
            StoreError::Unavailable(_) => {
                self.log.store_trouble("a step was not stored", &error);
                known::BUSY
            }
        }
    }
}

fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Waits until the shop closes, or whoever could close it has gone.
pub(crate) async fn closes(closing: &mut watch::Receiver<bool>) {
    drop(closing.wait_for(|closing| *closing).await);
}

/// Things that are being worked on, each by one task at a time.
pub(crate) struct AtWork<K: Eq + Hash>(Arc<Mutex<HashSet<K>>>);

impl<K: Eq + Hash> Default for AtWork<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash + Clone> AtWork<K> {
    /// Starts work on a thing; `None` while somebody else is at it.
    pub(crate) fn enter(&self, thing: &K) -> Option<Work<K>> {
        self.0.lock().insert(thing.clone()).then(|| Work { things: Arc::clone(&self.0), thing: thing.clone() })
    }

    /// Whether somebody is at it.
    pub(crate) fn contains(&self, thing: &K) -> bool {
        self.0.lock().contains(thing)
    }
}

/// Work that ends when this is dropped.
pub(crate) struct Work<K: Eq + Hash> {
    things: Arc<Mutex<HashSet<K>>>,
    thing: K,
}

impl<K: Eq + Hash> Drop for Work<K> {
    fn drop(&mut self) {
        self.things.lock().remove(&self.thing);
    }
}

/// Repeats that failed, by what was repeated: how often, and when the next is due.
#[derive(Default)]
pub(crate) struct Patience(Mutex<HashMap<i64, (u32, tokio::time::Instant)>>);

const PATIENCE_MAX_MS: u64 = 10_000;

impl Patience {
    /// Whether a thing's next try is due.
    pub(crate) fn is_due(&self, thing: i64) -> bool {
        self.0.lock().get(&thing).is_none_or(|(_, due)| *due <= tokio::time::Instant::now())
    }

    /// A try failed: the next comes later.
    pub(crate) fn failed(&self, thing: i64, base_ms: u64) {
        let mut tries = self.0.lock();
        let (count, due) = tries.entry(thing).or_insert((0, tokio::time::Instant::now()));
        *due = tokio::time::Instant::now() + crate::clock::backoff(base_ms, *count, PATIENCE_MAX_MS);
        *count += 1;
    }

    /// A try succeeded.
    pub(crate) fn settled(&self, thing: i64) {
        self.0.lock().remove(&thing);
    }
}
