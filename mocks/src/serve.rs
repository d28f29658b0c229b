//! Brings the providers up and down.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::accounts::{Accounts, Endpoint, Lease};
use crate::admin::Admin;
use crate::adyen::Adyen;
use crate::books::Books;
use crate::config::{Config, FraudConfig};
use crate::due;
use crate::error::Error;
use crate::fraud::Fraud;
use crate::http::{Stopping, accept};
use crate::ledger::{AHEAD_SETTING, Ledger, now_us};
use crate::metrics::Metrics;
use crate::payment::{self, Payment};
use crate::pipeline::Server;
use crate::retention;
use crate::rules::{Live, Rules, StoredRule};
use crate::shipping::Shipping;
use crate::store::{self, Store, Table, Write, Writer};
use crate::tax::{Rates, Tax, changes};
use crate::warehouse::Warehouse;
use crate::webhooks::{self, Queue};

/// How often leases are looked at.
const TICK: Duration = Duration::from_millis(100);

/// Where the providers listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Stripe's wire.
    pub payment: SocketAddr,
    /// Adyen's wire.
    pub backup_payment: SocketAddr,
    /// `AvaTax`'s wire.
    pub tax: SocketAddr,
    /// Riskified's wire.
    pub fraud: SocketAddr,
    /// `EasyPost`'s wire.
    pub shipping: SocketAddr,
    /// The warehouse.
    pub warehouse: SocketAddr,
    /// The admin interface.
    pub admin: SocketAddr,
}

/// Providers that are up. Dropped without [`Running::stop`], they stop listening at once; what was answered is stored.
pub struct Running {
    addresses: Addresses,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    ledger: Arc<Ledger>,
    _store: Store,
}

impl Running {
    /// Where the providers listen.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The line that tells a parent process that the providers are ready.
    #[must_use]
    pub fn ready_line(&self) -> Value {
        let Addresses { payment, backup_payment, tax, fraud, shipping, warehouse, admin } = self.addresses;
        json!({
            "role": "providers",
            "payment": payment.to_string(),
            "backup_payment": backup_payment.to_string(),
            "tax": tax.to_string(),
            "fraud": fraud.to_string(),
            "shipping": shipping.to_string(),
            "warehouse": warehouse.to_string(),
            "admin": admin.to_string(),
        })
    }

    /// Resolves when a part of the providers has ended by itself, which is an error of ours.
    pub async fn closed(&mut self) {
        if let Some(Err(error)) = self.tasks.join_next().await {
            tracing::error!(%error, "a part of the providers ended");
        }
    }

    /// Ends gracefully: no new connection, answers under way are given, everything is stored.
    pub async fn stop(mut self) {
        // Nobody listens any more when all parts have ended already.
        let _ = self.stop.send(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the providers ended");
            }
        }
        let ledger = self.ledger;
        if let Err(error) = tokio::task::spawn_blocking(move || ledger.writer.close()).await {
            tracing::error!(%error, "the store was not closed");
        }
    }
}

/// Opens the store, brings back what it holds, and serves. Returns when every interface listens.
pub async fn serve(config: Config) -> Result<Running, Error> {
    let path = config.store.clone();
    let (store, ledger) = open(&config)?;
    let admin_reader = store.reader()?;
    let (payment, backup_payment, tax, fraud, shipping, warehouse, admin) = (
        listen(config.payment, "payment").await?,
        listen(config.backup_payment, "backup payment").await?,
        listen(config.tax, "tax").await?,
        listen(config.fraud, "fraud").await?,
        listen(config.shipping, "shipping").await?,
        listen(config.warehouse, "warehouse").await?,
        listen(config.admin, "admin").await?,
    );
    let addresses = Addresses {
        payment: payment.1,
        backup_payment: backup_payment.1,
        tax: tax.1,
        fraud: fraud.1,
        shipping: shipping.1,
        warehouse: warehouse.1,
        admin: admin.1,
    };
    let metrics = Arc::new(Metrics::default());
    let (stop, stopping) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let changes = changes::read(&config.tax_rate_changes, None, now_us());
    let changes = changes.map_err(|error| Error::RateChange(error.to_string()))?;
    let rates = Rates::new(&config.tax_rates, config.tax_default_basis_points, changes);
    let (l, m) = (|| Arc::clone(&ledger), || Arc::clone(&metrics));
    let public_url = config.payment_public_url.unwrap_or_else(|| format!("http://{}", addresses.payment));
    let wire = Payment {
        processing_ms: config.processing_ms,
        challenge_ms: config.challenge_ms,
        public_url: public_url.trim_end_matches('/').to_owned(),
    };
    tasks.spawn(accept(payment.0, Arc::new(Server { wire, ledger: l(), metrics: m() }), stopping.clone()));
    let public_url = config.backup_payment_public_url.unwrap_or_else(|| format!("http://{}", addresses.backup_payment));
    let wire = Adyen {
        processing_ms: config.processing_ms,
        challenge_ms: config.challenge_ms,
        public_url: public_url.trim_end_matches('/').to_owned(),
    };
    tasks.spawn(accept(backup_payment.0, Arc::new(Server { wire, ledger: l(), metrics: m() }), stopping.clone()));
    let wire = Tax { company: config.company, rates };
    tasks.spawn(accept(tax.0, Arc::new(Server { wire, ledger: l(), metrics: m() }), stopping.clone()));
    let wire = Fraud { config: config.fraud_rules.clone() };
    tasks.spawn(accept(fraud.0, Arc::new(Server { wire, ledger: l(), metrics: m() }), stopping.clone()));
    let wire = Shipping::new();
    tasks.spawn(accept(shipping.0, Arc::new(Server { wire, ledger: l(), metrics: m() }), stopping.clone()));
    tasks.spawn(accept(warehouse.0, Arc::new(Server { wire: Warehouse, ledger: l(), metrics: m() }), stopping.clone()));
    let handler = Admin {
        ledger: l(),
        metrics: m(),
        reader: Arc::new(Mutex::new(admin_reader)),
        token: config.admin_token,
        account_ttl_ms: config.account_ttl_ms,
    };
    tasks.spawn(accept(admin.0, Arc::new(handler), stopping.clone()));
    tasks.spawn(webhooks::run(l(), m(), config.webhooks, stopping.clone()));
    tasks.spawn(due::watch(l(), stopping.clone()));
    tasks.spawn(retention::watch(l(), stopping.clone()));
    tasks.spawn(watch_leases(l(), m(), config.fraud_rules, stopping));
    resume_payments(&ledger).map_err(|source| Error::Store { path, source })?;
    Ok(Running { addresses, stop, tasks, ledger, _store: store })
}

async fn listen(address: SocketAddr, interface: &'static str) -> Result<(TcpListener, SocketAddr), Error> {
    let error = |source| Error::Listen { address, interface, source };
    let listener = TcpListener::bind(address).await.map_err(error)?;
    let bound = listener.local_addr().map_err(error)?;
    Ok((listener, bound))
}

/// Opens the store and everything that is kept in it.
pub(crate) fn open(config: &Config) -> Result<(Store, Arc<Ledger>), Error> {
    let (store, outlet) = Store::open(&config.store)?;
    let error = |source| store_error(&config.store, source);
    let salt = store::salt(&outlet.connection).map_err(error)?;
    let reader = store.reader()?;
    let leases = read_all::<Lease>(&reader, Table::Account, "accounts").map_err(error)??;
    let endpoints = read_all::<Endpoint>(&reader, Table::Endpoint, "endpoints").map_err(error)??;
    let stored_rules = read_all::<StoredRule>(&reader, Table::Rule, "rules").map_err(error)??;
    let open_rows = reader.open_rows().map_err(error)?;
    let ahead_us = reader.setting(AHEAD_SETTING).map_err(error)?.unwrap_or(0);
    let queue = Queue::new(config.webhooks.queue_max);
    queue.restore(&reader).map_err(error)?;
    let books = Arc::new(Mutex::new(Books::open(reader, salt, config.desk).map_err(error)?));

    let of_failure = Arc::clone(&books);
    let forget_all = move |finished_turn| {
        let mut books = of_failure.lock();
        books.forget(finished_turn);
        books.epoch
    };
    let writer =
        Writer::start(outlet, forget_all).map_err(|source| Error::Lock { path: config.store.clone(), source })?;
    let rules = Rules::default();
    for stored in stored_rules {
        let n = books.lock().identity.hash("rule", 0, &stored.rule.id);
        rules.add(Arc::new(Live::new(stored, n)));
    }
    let ledger = Arc::new(Ledger {
        books,
        writer,
        accounts: RwLock::new(Accounts::new(config.open_accounts, leases, endpoints)),
        rules,
        webhooks: queue,
        runtime: tokio::runtime::Handle::current(),
        in_flight: AtomicU64::new(0),
        last_change_us: AtomicI64::new(now_us()),
        ahead_us: AtomicI64::new(ahead_us),
    });
    lose_open_answers(&ledger, open_rows);
    Ok((store, ledger))
}

fn store_error(path: &Path, source: rusqlite::Error) -> Error {
    Error::Store { path: path.to_owned(), source }
}

/// Everything of a small table.
fn read_all<T: serde::de::DeserializeOwned>(
    reader: &store::Reader,
    table: Table,
    what: &'static str,
) -> rusqlite::Result<Result<Vec<T>, Error>> {
    let rows = reader.all(table, 0, usize::MAX >> 1)?;
    Ok(rows
        .iter()
        .map(|(_, _, body)| serde_json::from_slice(body).map_err(|source| Error::Content { what, source }))
        .collect())
}

/// Answers that a fault held when the process ended never left.
fn lose_open_answers(ledger: &Arc<Ledger>, open_rows: Vec<(i64, String)>) {
    let writes: Vec<Write> = open_rows
        .into_iter()
        .map(|(seq, lines)| {
            count_hazard(ledger, &lines);
            let lines = lines.replace("\"answer\":null", "\"answer\":\"lost\"").into();
            Write::Settle { seq, lines }
        })
        .collect();
    if !writes.is_empty() {
        ledger.note(&crate::statement::Stamp::bare(now_us(), None, model::fault::Provider::Payment), &[], writes);
    }
}

/// Counts an answer that was lost at the kill for the rule that held it.
fn count_hazard(ledger: &Ledger, lines: &str) {
    let row: Value = lines.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let is_executed = row["replayed"] == false && row["op"] != "refused_by_fault";
    if let Some(rule) = row["fault"].as_str().filter(|_| is_executed).and_then(|id| ledger.rules.find(id)) {
        rule.count_hazard();
    }
}

/// Payments that were processing go on where they were, and what was due later still is.
fn resume_payments(ledger: &Arc<Ledger>) -> rusqlite::Result<()> {
    let (waiting, chores) = {
        let books = ledger.books.lock();
        (books.reader.waiting_intents()?, books.reader.all(Table::Chore, 0, usize::MAX >> 1)?)
    };
    for (_, _, body) in chores {
        tokio::spawn(payment::do_later(Arc::clone(ledger), crate::shelf::decode(&body)?));
    }
    for payment in waiting {
        tokio::spawn(payment::settle_at(Arc::clone(ledger), payment, now_us()));
    }
    Ok(())
}

/// Ends rules whose lease has run out, decides what people have looked at long enough, and measures how late the runtime is.
async fn watch_leases(ledger: Arc<Ledger>, metrics: Arc<Metrics>, fraud: FraudConfig, mut stopping: Stopping) {
    loop {
        let due = Instant::now() + TICK;
        tokio::select! {
            () = tokio::time::sleep_until(due.into()) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        metrics.record_wake(due.elapsed());
        let now_us = now_us();
        crate::fraud::decide_due(&ledger, &fraud, now_us);
        for rule in ledger.rules.end(|rule| rule.until_us() <= now_us) {
            ledger.note_fault(&rule, "expired");
            ledger.webhooks.release(&rule.rule.id, now_us);
        }
    }
}
