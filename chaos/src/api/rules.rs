//! The routes that put, show and remove rules.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde_json::{Map, Value};

use super::{Control, Treatment};
use crate::refused::Refused;
use crate::wire;

pub(super) async fn list(
    State(control): State<Arc<Control>>,
    Path(proxy): Path<String>,
) -> Result<Json<Vec<wire::Rule>>, Refused> {
    Ok(Json(control.registry.get(&proxy)?.rules().await))
}

pub(super) async fn show(
    State(control): State<Arc<Control>>,
    Path((proxy, rule)): Path<(String, String)>,
) -> Result<Json<wire::Rule>, Refused> {
    Ok(Json(control.registry.get(&proxy)?.rule(&rule).await?))
}

pub(super) async fn put(
    State(control): State<Arc<Control>>,
    Path((proxy, rule)): Path<(String, String)>,
    Query(treatment): Query<Treatment>,
    body: Bytes,
) -> Result<(StatusCode, Json<wire::Rule>), Refused> {
    let proxy = control.registry.get(&proxy)?;
    let mut json: Map<String, Value> = serde_json::from_slice(&body)?;
    if json.get("id").is_some_and(|id| *id != *rule) {
        return Err(Refused::BadRule("`id` is not the one in the path"));
    }
    json.insert("id".to_owned(), Value::String(rule));
    let (shown, is_new) = proxy.put_rule(Value::Object(json), treatment.open_ones()?).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(shown)))
}

pub(super) async fn delete(
    State(control): State<Arc<Control>>,
    Path((proxy, rule)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    control.registry.get(&proxy)?.remove_rule(&rule).await?;
    Ok(StatusCode::NO_CONTENT)
}
