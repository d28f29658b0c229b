//! The shop's side doors, as far as it has them: quiet, metrics, the files that it writes.

use crate::caller::{CallError, Caller};
use serde::Deserialize;

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

#[derive(Deserialize)]
struct Files {
    files: Vec<String>,
}

/// The side doors of the reference shop.
#[derive(Clone)]
pub struct ShopDoors {
    caller: Caller,
    base: String,
}

impl ShopDoors {
    /// Doors of the shop at `base`.
    #[must_use]
    pub const fn new(caller: Caller, base: String) -> Self {
        Self { caller, base }
    }

    /// Its unfinished work.
    pub async fn quiet(&self) -> Result<ShopQuiet, CallError> {
        let address = format!("{}/admin/quiet", self.base);
        let value = self.caller.get_json(&address).await?;
        serde_json::from_value(value).map_err(|error| CallError::Unreadable { address, reason: error.to_string() })
    }

    /// The files in which it stores anything.
    pub async fn files(&self) -> Result<Vec<String>, CallError> {
        let address = format!("{}/admin/export/files", self.base);
        let value = self.caller.get_json(&address).await?;
        let files: Files = serde_json::from_value(value)
            .map_err(|error| CallError::Unreadable { address, reason: error.to_string() })?;
        Ok(files.files)
    }

    /// Its metrics, as Prometheus text.
    pub async fn metrics(&self) -> Result<String, CallError> {
        let body = self.caller.get(&format!("{}/metrics", self.base)).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}
