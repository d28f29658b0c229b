//! What the interface refuses, in Toxiproxy's words and statuses.

use std::io;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::toxics::AttributesError;
use crate::wire;

/// A request that could not be fulfilled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("bad request body: {0}")]
    BadBody(#[from] serde_json::Error),
    #[error("bad request body: larger than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
    #[error("bad request body: it did not arrive")]
    Unreadable,
    #[error("bad request body: toxicity must lie between 0 and 1")]
    Toxicity,
    #[error("missing required field: {0}")]
    MissingField(String),
    #[error("proxy not found")]
    ProxyNotFound,
    #[error("proxy already exists")]
    ProxyExists,
    #[error("stream was invalid, can be either upstream or downstream")]
    InvalidStream,
    #[error("invalid toxic type")]
    InvalidType,
    #[error("toxic already exists")]
    ToxicExists,
    #[error("toxic not found")]
    ToxicNotFound,
    #[error("rule not found")]
    RuleNotFound,
    #[error("bad request body: {0}")]
    BadRule(&'static str),
    #[error("connections was invalid, can be either keep or close")]
    Connections,
    #[error("the lease is held by run {run}")]
    Leased { run: String },
    #[error("a bearer token is required")]
    Token,
    #[error("listen {listen}: {error}")]
    Listen { listen: String, error: io::Error },
}

impl Refused {
    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::BadBody(_)
            | Self::Unreadable
            | Self::Toxicity
            | Self::MissingField(_)
            | Self::InvalidStream
            | Self::InvalidType
            | Self::BadRule(_)
            | Self::Connections => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::ProxyNotFound | Self::ToxicNotFound | Self::RuleNotFound => StatusCode::NOT_FOUND,
            Self::ProxyExists | Self::ToxicExists | Self::Leased { .. } => StatusCode::CONFLICT,
            Self::Listen { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The error's body.
    pub(crate) fn body(&self) -> wire::Refusal {
        wire::Refusal { error: self.to_string(), status: self.status().as_u16() }
    }
}

impl From<AttributesError> for Refused {
    fn from(error: AttributesError) -> Self {
        match error {
            AttributesError::UnknownType => Self::InvalidType,
            AttributesError::Malformed(error) => Self::BadBody(error),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status(), Json(self.body())).into_response()
    }
}
