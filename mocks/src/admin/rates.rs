//! Rates of tax that change at an instant: told, listed, taken back.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{Admin, Reply, is_stored, read_body};
use crate::config::TaxRateChange;
use crate::http::Call;
use crate::ledger::now_us;
use crate::statement::Stamp;
use crate::tax::changes;
use model::fault::Provider;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    /// Whose requests they meet; everybody's when absent.
    #[serde(default)]
    run: Option<String>,
    changes: Vec<TaxRateChange>,
}

pub(super) fn list(admin: &Admin) -> Reply {
    let changes = admin.ledger.books.lock().rate_changes.clone();
    Reply::json(StatusCode::OK, &json!({ "changes": changes }))
}

/// Puts a run's changes in the place of those that it had.
pub(super) async fn put(admin: &Admin, call: &Call) -> Reply {
    let put: Put = match read_body(call) {
        Ok(put) => put,
        Err(reply) => return reply,
    };
    let read = match changes::read(&put.changes, put.run.as_deref(), now_us()) {
        Ok(read) => read,
        Err(error) => return Reply::error(StatusCode::BAD_REQUEST, "bad_change", &error.to_string()),
    };
    let told = json!({ "changes": read });
    let stored = {
        let mut books = admin.ledger.books.lock();
        let writes = changes::replace(&mut books, put.run.as_deref(), read);
        let stamp = Stamp::bare(now_us(), put.run, Provider::Tax);
        admin.ledger.note_in(&mut books, &stamp, &[], writes)
    };
    if !is_stored(stored).await {
        return Reply::broken();
    }
    Reply::json(StatusCode::OK, &told)
}
