//! The shop's door: one connection after another, in the clear or over TLS, in HTTP/1.1 or HTTP/2. In the clear a client
//! speaks HTTP/2 by prior knowledge, which its first bytes say (RFC 9113, 3.3); over TLS the two agree by ALPN.

use std::{path::Path, sync::Arc, time::Duration};

use hyper::{
    rt::{Read, Write},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{
    config::TlsFiles,
    http,
    shop::{Shop, closes},
};

/// How long a connection may stay without sending a whole head.
const HEADERS_MAX: Duration = Duration::from_secs(120);
/// How long a client may take to agree on TLS.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How an HTTP/2 connection begins; no method of HTTP/1.1 does.
const PREFACE: &[u8] = b"PRI";
/// Pause between two looks at a first byte that could be the beginning of either.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Certificate or key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("use `{path}` for TLS: {reason}")]
pub struct BadTls {
    path: String,
    reason: String,
}

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// The door, in the clear unless it has a certificate.
#[derive(Clone)]
pub(crate) struct Door {
    tls: Option<TlsAcceptor>,
}

impl Door {
    pub(crate) fn new(files: Option<&TlsFiles>) -> Result<Self, BadTls> {
        Ok(Self { tls: files.map(acceptor).transpose()? })
    }

    /// Serves a connection until it ends or the shop closes. Its troubles are its client's business.
    pub(crate) async fn serve(self, stream: TcpStream, shop: Arc<Shop>) {
        drop(stream.set_nodelay(true));
        let Some(tls) = self.tls else {
            if let Some(version) = first_words(&stream).await {
                speak(version, TokioIo::new(stream), shop).await;
            }
            return;
        };
        let Ok(Ok(stream)) = timeout(HANDSHAKE_MAX, tls.accept(stream)).await else { return };
        let version = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Version::Http2,
            Some(_) | None => Version::Http1,
        };
        speak(version, TokioIo::new(stream), shop).await;
    }
}

fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, BadTls> {
    let bad = |path: &Path, reason: &dyn std::fmt::Display| BadTls {
        path: path.display().to_string(),
        reason: reason.to_string(),
    };
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| bad(&files.certificate, &error))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| bad(&files.key, &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| bad(&files.certificate, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What the first bytes say, without taking them; `None` where none come.
async fn first_words(stream: &TcpStream) -> Option<Version> {
    let look = async {
        let mut first = [0; PREFACE.len()];
        loop {
            let seen = stream.peek(&mut first).await.ok().filter(|&seen| seen > 0)?;
            if first[..seen] != PREFACE[..seen] {
                return Some(Version::Http1);
            }
            if seen == PREFACE.len() {
                return Some(Version::Http2);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    timeout(HEADERS_MAX, look).await.ok().flatten()
}

async fn speak<S: Read + Write + Unpin + Send + 'static>(version: Version, stream: S, shop: Arc<Shop>) {
    let mut closing = shop.closing.clone();
    let service = service_fn(move |request| http::answer(Arc::clone(&shop), request));
    match version {
        Version::Http1 => {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS_MAX)
                .serve_connection(stream, service);
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                ended = connection.as_mut() => return drop(ended),
                () = closes(&mut closing) => connection.as_mut().graceful_shutdown(),
            }
            drop(connection.await);
        }
        Version::Http2 => {
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(HEADERS_MAX)
                .serve_connection(stream, service);
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                ended = connection.as_mut() => return drop(ended),
                () = closes(&mut closing) => connection.as_mut().graceful_shutdown(),
            }
            drop(connection.await);
        }
    }
}
