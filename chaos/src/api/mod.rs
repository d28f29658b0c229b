//! The control interface: Toxiproxy's routes, and ours beside them.

mod faults;
mod figures;
mod guard;
mod proxies;
mod rules;
mod toxics;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::lease::LeaseBook;
use crate::proxy::OpenOnes;
use crate::refused::Refused;
use crate::registry::Registry;
use crate::wire;

/// The version of Toxiproxy whose interface this is.
const VERSION: &str = "2.12.0";

/// What every route works on.
pub(crate) struct Control {
    pub registry: Arc<Registry>,
    pub leases: LeaseBook,
    /// Demanded of every request, when set.
    pub token: Option<String>,
}

/// All routes.
pub(crate) fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/proxies", get(proxies::list).post(proxies::create))
        .route("/populate", post(proxies::populate))
        .route(
            "/proxies/{proxy}",
            get(proxies::show).post(proxies::change).patch(proxies::change).delete(proxies::delete),
        )
        .route("/proxies/{proxy}/toxics", get(toxics::list).post(toxics::create))
        .route(
            "/proxies/{proxy}/toxics/{toxic}",
            get(toxics::show).post(toxics::change).patch(toxics::change).delete(toxics::delete),
        )
        .route("/proxies/{proxy}/rules", get(rules::list))
        .route("/proxies/{proxy}/rules/{rule}", get(rules::show).put(rules::put).delete(rules::delete))
        .route("/faults", get(faults::show).post(faults::set))
        .route("/reset", post(reset))
        .route("/version", get(version))
        .route("/metrics", get(figures::metrics))
        .route("/doorbuster/counters", get(figures::counters))
        .route("/lease", put(lease))
        .fallback(unknown)
        .layer(from_fn_with_state(Arc::clone(&control), guard::admit))
        .with_state(control)
}

/// Reads a body as a JSON object whatever its content type says, since many clients say nothing.
pub(crate) fn body_of<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    read(serde_json::from_slice(body)?)
}

/// As [`body_of`] for an array of objects.
fn list_of<T: DeserializeOwned>(body: &Bytes) -> Result<Vec<T>, Refused> {
    let objects: Vec<Map<String, Value>> = serde_json::from_slice(body)?;
    objects.into_iter().map(read).collect()
}

/// A field that is null counts as absent, as it does in Toxiproxy.
fn read<T: DeserializeOwned>(mut object: Map<String, Value>) -> Result<T, Refused> {
    object.retain(|_, value| !value.is_null());
    Ok(serde_json::from_value(Value::Object(object))?)
}

/// How a request wants open connections to be treated.
#[derive(Debug, Default, Deserialize)]
struct Treatment {
    connections: Option<String>,
}

impl Treatment {
    fn open_ones(&self) -> Result<OpenOnes, Refused> {
        match self.connections.as_deref() {
            None | Some("") => Ok(OpenOnes::Meet),
            Some("keep") => Ok(OpenOnes::Keep),
            Some("close") => Ok(OpenOnes::Close),
            Some(_) => Err(Refused::Connections),
        }
    }
}

/// As Toxiproxy says it.
async fn unknown() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "404 page not found\n")
}

async fn reset(State(control): State<Arc<Control>>) -> Result<StatusCode, Refused> {
    control.registry.reset().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn version() -> impl axum::response::IntoResponse {
    ([(CONTENT_TYPE, "application/json;charset=utf-8")], format!("{{\"version\": \"{VERSION}\"}}\n"))
}

async fn lease(State(control): State<Arc<Control>>, body: Bytes) -> Result<axum::Json<wire::Lease>, Refused> {
    let lease: wire::Lease = body_of(&body)?;
    if lease.ttl_ms == 0 {
        control.leases.release(&lease.run)?;
        control.registry.reset().await?;
    } else {
        control.leases.renew(&lease)?;
    }
    Ok(axum::Json(lease))
}
