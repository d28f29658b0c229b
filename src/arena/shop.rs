//! The shop's side doors, as far as it has them: quiet, metrics, stock, vouchers, the files that it writes.

use crate::caller::{CallError, Caller};
use books::rows::{AccountRow, PromotionRow, StockRow, VoucherRow};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What the reference shop says about its own unfinished work.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct ShopQuiet {
    /// Messages not yet accepted by tax provider and warehouse.
    pub outbox_pending: u64,
    /// Orders whose payment it does not know.
    pub doubts: u64,
    /// Requests under way.
    pub in_flight: u64,
    /// Since an order changed.
    pub last_change_ms_ago: u64,
}

/// What of an order is charged: its total less the credit.
#[derive(Deserialize)]
struct Due {
    total_minor: i64,
    credit_minor: i64,
}

#[derive(Deserialize)]
struct Files {
    files: Vec<String>,
}

/// The side doors of the reference shop's instances.
#[derive(Clone)]
pub struct ShopDoors {
    caller: Caller,
    bases: Vec<String>,
}

impl ShopDoors {
    /// Doors of the instances at `bases`; there is at least one.
    #[must_use]
    pub const fn new(caller: Caller, bases: Vec<String>) -> Self {
        Self { caller, bases }
    }

    /// Unfinished work, of the store and of all instances together.
    pub async fn quiet(&self) -> Result<ShopQuiet, CallError> {
        let mut all: Option<ShopQuiet> = None;
        for base in &self.bases {
            let one: ShopQuiet = self.read(&format!("{base}/admin/quiet")).await?;
            all = Some(match all {
                None => one,
                Some(all) => ShopQuiet {
                    outbox_pending: all.outbox_pending.max(one.outbox_pending),
                    doubts: all.doubts.max(one.doubts),
                    in_flight: all.in_flight + one.in_flight,
                    last_change_ms_ago: all.last_change_ms_ago.min(one.last_change_ms_ago),
                },
            });
        }
        Ok(all.expect("a shop has an instance"))
    }

    /// The files in which it stores anything, by every instance's own account.
    pub async fn files(&self) -> Result<Vec<String>, CallError> {
        let mut all = Vec::new();
        for base in &self.bases {
            let files: Files = self.read(&format!("{base}/admin/export/files")).await?;
            all.extend(files.files);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Whether any order so far has something to be charged: what vouchers and credit cover whole goes to no payment provider.
    pub async fn charges_something(&self) -> Result<bool, CallError> {
        let orders: Vec<Due> = self.read_lines(&format!("{}/admin/export/orders?after=0", self.bases[0])).await?;
        Ok(orders.iter().any(|order| order.credit_minor < order.total_minor))
    }

    /// Its stock at the end.
    pub async fn stock(&self) -> Result<Vec<StockRow>, CallError> {
        self.read_lines(&format!("{}/admin/export/stock", self.bases[0])).await
    }

    /// Its vouchers at the end.
    pub async fn vouchers(&self) -> Result<Vec<VoucherRow>, CallError> {
        self.read_lines(&format!("{}/admin/export/vouchers", self.bases[0])).await
    }

    /// Its promotions at the end.
    pub async fn promotions(&self) -> Result<Vec<PromotionRow>, CallError> {
        self.read_lines(&format!("{}/admin/export/promotions", self.bases[0])).await
    }

    /// The store credit of its accounts at the end.
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, CallError> {
        self.read_lines(&format!("{}/admin/export/accounts", self.bases[0])).await
    }

    /// Metrics as Prometheus text, with the number of the instance; instances that do not answer are left out.
    pub async fn metrics(&self) -> Vec<(usize, String)> {
        let mut texts = Vec::new();
        for (instance, base) in self.bases.iter().enumerate() {
            if let Ok(body) = self.caller.get(&format!("{base}/metrics")).await {
                texts.push((instance, String::from_utf8_lossy(&body).into_owned()));
            }
        }
        texts
    }

    async fn read<T: DeserializeOwned>(&self, address: &str) -> Result<T, CallError> {
        let value = self.caller.get_json(address).await?;
        serde_json::from_value(value).map_err(|error| unreadable(address, &error))
    }

    async fn read_lines<T: DeserializeOwned>(&self, address: &str) -> Result<Vec<T>, CallError> {
        let body = self.caller.get(address).await?;
        body.split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).map_err(|error| unreadable(address, &error)))
            .collect()
    }
}

fn unreadable(address: &str, error: &serde_json::Error) -> CallError {
    CallError::Unreadable { address: address.to_owned(), reason: error.to_string() }
}
