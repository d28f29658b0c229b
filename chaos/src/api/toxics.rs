//! The routes that add, show, change and remove toxics.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use http::StatusCode;

use super::{Control, Treatment, body_of};
use crate::refused::Refused;
use crate::wire;

pub(super) async fn list(
    State(control): State<Arc<Control>>,
    Path(proxy): Path<String>,
) -> Result<Json<Vec<wire::Toxic>>, Refused> {
    Ok(Json(control.registry.get(&proxy)?.toxics().await))
}

pub(super) async fn create(
    State(control): State<Arc<Control>>,
    Path(proxy): Path<String>,
    Query(treatment): Query<Treatment>,
    body: Bytes,
) -> Result<Json<wire::Toxic>, Refused> {
    let proxy = control.registry.get(&proxy)?;
    Ok(Json(proxy.add(&body_of(&body)?, treatment.open_ones()?).await?))
}

pub(super) async fn show(
    State(control): State<Arc<Control>>,
    Path((proxy, toxic)): Path<(String, String)>,
) -> Result<Json<wire::Toxic>, Refused> {
    Ok(Json(control.registry.get(&proxy)?.toxic(&toxic).await?))
}

pub(super) async fn change(
    State(control): State<Arc<Control>>,
    Path((proxy, toxic)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<wire::Toxic>, Refused> {
    let proxy = control.registry.get(&proxy)?;
    Ok(Json(proxy.alter(&toxic, body_of(&body)?).await?))
}

pub(super) async fn delete(
    State(control): State<Arc<Control>>,
    Path((proxy, toxic)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    control.registry.get(&proxy)?.remove(&toxic).await?;
    Ok(StatusCode::NO_CONTENT)
}
