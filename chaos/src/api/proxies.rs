//! The routes that make, show, change and delete proxies.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;

use super::{Control, body_of, list_of};
use crate::refused::Refused;
use crate::wire;

pub(super) async fn list(State(control): State<Arc<Control>>) -> Json<BTreeMap<String, wire::Proxy>> {
    let mut shown = BTreeMap::new();
    for (name, proxy) in control.registry.all() {
        shown.insert(name, proxy.show().await);
    }
    Json(shown)
}

pub(super) async fn create(
    State(control): State<Arc<Control>>,
    body: Bytes,
) -> Result<(StatusCode, Json<wire::Proxy>), Refused> {
    let proxy = control.registry.create(&body_of(&body)?).await?;
    Ok((StatusCode::CREATED, Json(proxy.show().await)))
}

/// The proxies that exist now, and what went wrong with the first that does not.
#[derive(Serialize)]
pub(super) struct Populated {
    #[serde(flatten)]
    refusal: Option<wire::Refusal>,
    proxies: Vec<wire::Proxy>,
}

pub(super) async fn populate(
    State(control): State<Arc<Control>>,
    body: Bytes,
) -> Result<(StatusCode, Json<Populated>), Refused> {
    let list: Vec<wire::NewProxy> = list_of(&body)?;
    let (made, outcome) = control.registry.populate(&list).await;
    let mut proxies = Vec::with_capacity(made.len());
    for proxy in made {
        proxies.push(proxy.show().await);
    }
    let status = outcome.as_ref().map_or_else(Refused::status, |()| StatusCode::CREATED);
    Ok((status, Json(Populated { refusal: outcome.err().map(|refused| refused.body()), proxies })))
}

pub(super) async fn show(
    State(control): State<Arc<Control>>,
    Path(proxy): Path<String>,
) -> Result<Json<wire::Proxy>, Refused> {
    Ok(Json(control.registry.get(&proxy)?.show().await))
}

pub(super) async fn change(
    State(control): State<Arc<Control>>,
    Path(proxy): Path<String>,
    body: Bytes,
) -> Result<Json<wire::Proxy>, Refused> {
    let proxy = control.registry.get(&proxy)?;
    proxy.change(&body_of(&body)?).await?;
    Ok(Json(proxy.show().await))
}

pub(super) async fn delete(
    State(control): State<Arc<Control>>,
    Path(proxy): Path<String>,
) -> Result<StatusCode, Refused> {
    control.registry.delete(&proxy).await?;
    Ok(StatusCode::NO_CONTENT)
}
