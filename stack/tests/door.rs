//! The shop's door: HTTP/1.1 and HTTP/2, in the clear and over TLS.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Version, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use support::Stage;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

/// Asks for the shop's health in HTTP/2; answers status, version and body.
async fn ask_in_h2<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(stream: S) -> (u16, Version, Bytes) {
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("http://shop/healthz").body(Full::new(Bytes::new())).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let (status, version) = (response.status().as_u16(), response.version());
    (status, version, response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn in_the_clear_the_first_bytes_say_what_is_spoken() {
    let stage = Stage::honest().await;
    assert_eq!(stage.get("/healthz").await.text, "ok\n");
    let answered = ask_in_h2(TcpStream::connect(stage.shop).await.unwrap()).await;
    assert_eq!(answered, (200, Version::HTTP_2, Bytes::from_static(b"ok\n")));

    let mut slow = TcpStream::connect(stage.shop).await.unwrap();
    slow.write_all(b"P").await.unwrap();
    slow.write_all(b"OST /none HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn over_tls_the_two_agree_on_what_is_spoken() {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["shop.example".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let (certificate, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let stage = Stage::with(|config| config["tls"] = json!({"certificate": certificate, "key": key})).await;

    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let roots = Arc::new(roots);
    let connect = async |protocol: &[u8]| {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(Arc::clone(&roots))
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(stage.shop).await.unwrap();
        let name = ServerName::try_from("shop.example").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    };
    assert_eq!(ask_in_h2(connect(b"h2").await).await.1, Version::HTTP_2);
    let mut plain = connect(b"http/1.1").await;
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    drop(plain.read_to_end(&mut answer).await);
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));

    let mut bad = stage.config.clone();
    bad.tls.as_mut().unwrap().key = files.path().join("none.pem");
    assert!(stack::serve(bad).await.unwrap_err().to_string().contains("none.pem"));
}
