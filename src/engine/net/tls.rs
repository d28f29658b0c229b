//! Whom secured connections trust, and what they offer to speak.

use model::connections::Http;
use rustls_native_certs::load_native_certs;
use std::sync::Arc;
use thiserror::Error;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Why nothing can be trusted.
#[derive(Debug, Error)]
pub enum TrustError {
    /// The scenario's certificates.
    #[error("read the certificates of the scenario: {0}")]
    Unreadable(String),
    /// The TLS library refuses the settings.
    #[error("prepare secured connections: {0}")]
    Settings(#[from] tokio_rustls::rustls::Error),
}

/// Offers HTTP/2 where it is wanted, HTTP/1.1 always, to whom [`trust`] trusts.
pub fn connector(authorities: Option<&str>, http: Http) -> Result<TlsConnector, TrustError> {
    let mut config = trust(authorities)?;
    config.alpn_protocols = match http {
        Http::One => vec![b"http/1.1".to_vec()],
        Http::Two => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Trusts the system's authorities, and those of `authorities` (PEM).
pub fn trust(authorities: Option<&str>) -> Result<ClientConfig, TrustError> {
    let mut roots = RootCertStore::empty();
    // A certificate of the system that cannot be read is one authority less.
    roots.add_parsable_certificates(load_native_certs().certs);
    for certificate in CertificateDer::pem_slice_iter(authorities.unwrap_or_default().as_bytes()) {
        let certificate = certificate.map_err(|error| TrustError::Unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| TrustError::Unreadable(error.to_string()))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
