//! Reads the shop's orders book: the reference shop's export, or whatever the scenario says about a shop of one's own.

use crate::arena::Arena;
use crate::caller::{CallError, Caller};
use books::rows::OrderRow;
use model::scenario::{OrdersSource, Scenario, Shop};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Orders a page of the reference shop's export.
const PAGE_ROWS: usize = 5_000;

/// An export of a large book takes its time.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(60);

/// Why an orders book could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OrdersError {
    /// The export did not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The file cannot be read.
    #[error("read `{path}`")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Certificates cannot be read.
    #[error(transparent)]
    Trust(#[from] crate::engine::TrustError),
    /// A row cannot be read.
    #[error(transparent)]
    Book(#[from] books::orders::OrdersError),
}

/// The whole orders book; none where the scenario names none.
pub async fn read(scenario: &Scenario, directory: &Path, arena: &Arena) -> Result<Option<Vec<OrderRow>>, OrdersError> {
    let authorities = scenario.traffic.connections.authorities.as_deref();
    let caller = Caller::new(EXPORT_TIMEOUT, None).trusting(authorities)?;
    match &scenario.shop {
        Shop::Reference(_) => Ok(Some(read_export(&caller, arena.shop_url()).await?)),
        Shop::Own(own) => {
            let Some(book) = &own.orders else { return Ok(None) };
            let text = match &book.from {
                OrdersSource::Csv(file) => {
                    let path = directory.join(file);
                    std::fs::read_to_string(&path).map_err(|source| OrdersError::File { path, source })?
                }
                OrdersSource::Http(address) => {
                    let full = if address.starts_with('/') {
                        format!("{}{address}", arena.shop_url())
                    } else {
                        address.clone()
                    };
                    String::from_utf8_lossy(&caller.get(&full).await?).into_owned()
                }
            };
            Ok(Some(books::orders::read(&text, book)?))
        }
    }
}

async fn read_export(caller: &Caller, shop: &str) -> Result<Vec<OrderRow>, OrdersError> {
    let mut rows: Vec<OrderRow> = Vec::new();
    loop {
        let after = rows.last().map_or(0, |row| row.seq);
        let address = format!("{shop}/admin/export/orders?after={after}&limit={PAGE_ROWS}");
        let page = caller.get(&address).await?;
        let before = rows.len();
        for line in page.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let row = serde_json::from_slice(line)
                .map_err(|error| CallError::Unreadable { address: address.clone(), reason: error.to_string() })?;
            rows.push(row);
        }
        if rows.len() - before < PAGE_ROWS {
            return Ok(rows);
        }
    }
}
