//! What the whole-server tests share: a shop on a store of its own, its shoppers, and providers that can be told to fail.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    reason = "each test file uses its own part and fails by panicking"
)]

use std::{
    future::Future,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use stack::{Config, Defect, Running, serve};

pub mod adyen;
pub mod front;
pub mod providers;
pub mod wire;

pub use providers::{Act, Providers};
use wire::{Got, call};

pub const SECRET: &str = "whsec_test";

/// A shop with its providers and its files.
pub struct Stage {
    pub providers: Arc<Providers>,
    pub shop: SocketAddr,
    pub running: Option<Running>,
    pub config: Config,
    pub files: tempfile::TempDir,
}

/// A configuration with small patience, for the providers at an address.
pub fn config(providers: SocketAddr, files: &std::path::Path) -> Value {
    let url = format!("http://{providers}");
    json!({
        "store": files.join("shop.db"),
        "log": files.join("shop.log"),
        "catalogue": {"products": [
            {"sku": "tv", "name": "Television", "unit_minor": 49_900, "stock": 1_000, "popularity": 0.7},
            {"sku": "cable", "name": "Cable", "unit_minor": 999, "stock": 1_000, "popularity": 0.9},
            {"sku": "rare", "name": "Last ones", "unit_minor": 2_500, "stock": 3},
        ]},
        "promotions": [{"code": "TEN", "percent_bp": 1_000, "limit": 3}],
        "shipping_minor": 500,
        "payment": {"url": url, "secret_key": "sk_test_1", "webhook_secret": SECRET, "timeout_ms": 300,
                    "retries": 2, "backoff_ms": 5},
        "tax": {"url": url, "account": "a", "license": "l", "timeout_ms": 300, "retries": 1, "backoff_ms": 5},
        "fulfilment": {"url": url, "timeout_ms": 300},
        "reconcile_every_ms": 20,
        "reconcile_after_ms": 50,
    })
}

impl Stage {
    pub async fn honest() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn defective(defect: Defect) -> Self {
        Self::with(|config| config["defect"] = defect.slug().into()).await
    }

    pub async fn with(change: impl FnOnce(&mut Value)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let providers = Providers::start().await;
        let mut json = config(providers.address, files.path());
        change(&mut json);
        let config: Config = serde_json::from_value(json).unwrap();
        let running = serve(config.clone()).await.unwrap();
        Self { providers, shop: running.listen(), running: Some(running), config, files }
    }

    /// Closes the shop and opens it again on the same store.
    pub async fn reopen(&mut self) {
        self.running.take().unwrap().stop().await;
        let running = serve(self.config.clone()).await.unwrap();
        self.shop = running.listen();
        self.running = Some(running);
    }

    pub async fn get(&self, path: &str) -> Got {
        call(self.shop, "GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, key: &str, body: Value) -> Got {
        let headers = [("idempotency-key", key), ("doorbuster-intent", "r1.7.0")];
        call(self.shop, "POST", path, &headers, Some(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Got {
        call(self.shop, "PUT", path, &[], Some(body.to_string())).await
    }

    /// A second process on the same store.
    pub async fn beside(&self) -> Running {
        serve(self.config.clone()).await.unwrap()
    }

    /// A cart with lines and an address; answers its name.
    pub async fn cart(&self, lines: &[(&str, i64)]) -> String {
        let cart =
            call(self.shop, "POST", "/carts", &[], Some("{}".into())).await.json["cart"].as_str().unwrap().to_owned();
        for (sku, quantity) in lines {
            let body = json!({"sku": sku, "quantity": quantity}).to_string();
            let got = call(self.shop, "POST", &format!("/carts/{cart}/lines"), &[], Some(body)).await;
            assert_eq!(got.status, 201, "{}", got.json);
        }
        let address = json!({"name": "A", "line1": "1 Main St", "city": "Irvine", "region": "CA",
                             "postal_code": "92615", "country": "US"});
        let path = format!("/carts/{cart}/address");
        assert_eq!(call(self.shop, "PUT", &path, &[], Some(address.to_string())).await.status, 200);
        cart
    }

    pub async fn check_out(&self, cart: &str, key: &str, method: &str) -> Got {
        self.post(&format!("/carts/{cart}/checkout"), key, checkout_body(method)).await
    }

    /// Checks many carts out at the same time.
    pub async fn check_out_all(&self, carts: &[String]) -> Vec<Got> {
        let mut tasks = tokio::task::JoinSet::new();
        for (nth, cart) in carts.iter().enumerate() {
            let (shop, path, key) = (self.shop, format!("/carts/{cart}/checkout"), format!("key-{nth}-{cart}"));
            let body = checkout_body("pm_card_visa").to_string();
            tasks.spawn(async move { call(shop, "POST", &path, &[("idempotency-key", &key)], Some(body)).await });
        }
        tasks.join_all().await
    }

    /// The orders book.
    pub async fn book(&self) -> Vec<Value> {
        let got = self.get("/admin/export/orders?after=0&limit=10000").await;
        got.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub async fn state(&self, order: &str) -> String {
        self.get(&format!("/orders/{order}")).await.json["state"].as_str().unwrap_or("none").to_owned()
    }

    /// Waits for an order's state.
    pub async fn until_state(&self, order: &str, state: &str) {
        until(&format!("{order} is {state}"), || async { self.state(order).await == state }).await;
    }

    /// Waits until nothing is owed, in doubt or in flight.
    pub async fn until_quiet(&self) {
        until("the shop is quiet", || async {
            let quiet = self.get("/admin/quiet").await.json;
            ["outbox_pending", "doubts", "in_flight"].iter().all(|name| quiet[name] == 0)
        })
        .await;
    }

    /// Everything that the shop has written to its files.
    pub async fn written(&self) -> Vec<u8> {
        let files = self.get("/admin/export/files").await.json;
        let files: Vec<PathBuf> = serde_json::from_value(files["files"].clone()).unwrap();
        assert!(files.len() >= 2, "{files:?}");
        files.iter().flat_map(|file| std::fs::read(file).unwrap()).collect()
    }
}

pub fn checkout_body(method: &str) -> Value {
    json!({"email": "a@example.com", "payment": {"method": method}})
}

/// Waits for a condition, for at most ten seconds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds().await {
        assert!(Instant::now() < deadline, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The states that an order was in.
pub fn states(line: &Value) -> Vec<&str> {
    line["history"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect()
}
