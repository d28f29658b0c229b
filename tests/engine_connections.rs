//! How shoppers reach the shop: instances in turn, connections of their own or shared, TLS, HTTP/2 and its farewells.

#![allow(dead_code, reason = "the tests of the engine share their helpers, and no file needs all of them")]

mod engine_course;

use bytes::Bytes;
use engine_course::till::{Till, reply};
use engine_course::{Books, ask, course, journey, plan, request, run, scenario};
use http::{Response, Version};
use http_body_util::Full;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use model::connections::{Connections, Http, Per};
use model::outcome::{Outcome, Reading};
use model::plan::Manner;
use serde_json::json;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a server saw.
#[derive(Clone, Default)]
struct Seen {
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<(Version, String)>>>,
}

impl Seen {
    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> Vec<(Version, String)> {
        self.requests.lock().expect("no panic holds it").clone()
    }
}

/// What is done with the first connections; those after them are served.
#[derive(Clone, Copy)]
enum First {
    Served,
    /// Says farewell to the first request, whose stream has the number 1, with this last number processed.
    Farewell(u32),
    /// Resets every stream with this code.
    Reset(u32),
}

/// A server that answers everything after a while, over TLS if it has an acceptor.
fn server(acceptor: Option<TlsAcceptor>, first: First, after: Duration) -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let (told, address) = std::sync::mpsc::channel();
    let counted = seen.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            told.send(listener.local_addr().expect("an address")).expect("the test waits");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let nth = counted.connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, seen) = (acceptor.clone(), counted.clone());
                tokio::spawn(async move {
                    match (acceptor, first) {
                        (None, First::Served) => serve(stream, seen, after).await,
                        (None, _) if nth > 0 => serve(stream, seen, after).await,
                        (None, First::Farewell(last)) => by_hand(stream, |_| goaway(last), true).await,
                        (None, First::Reset(code)) => by_hand(stream, |nth| reset(nth, code), false).await,
                        (Some(acceptor), _) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, seen, after).await;
                            }
                        }
                    }
                });
            }
        });
    });
    (address.recv().expect("a server"), seen)
}

/// Speaks what the other side begins with.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, seen: Seen, after: Duration) {
    let mut first = [0];
    if stream.read_exact(&mut first).await.is_err() {
        return;
    }
    let two = &first == b"P";
    let io = TokioIo::new(Again { first: Some(first[0]), stream });
    let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let host = request.headers().get("host").map(|host| host.to_str().expect("text").to_owned());
        let host = host.or_else(|| request.uri().authority().map(ToString::to_string)).unwrap_or_default();
        seen.requests.lock().expect("no panic holds it").push((request.version(), host));
        async move {
            tokio::time::sleep(after).await;
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{}"))))
        }
    });
    // How it ends does not matter.
    if two {
        drop(http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await);
    } else {
        drop(http1::Builder::new().serve_connection(io, service).await);
    }
}

/// A stream whose first byte was looked at.
struct Again<S> {
    first: Option<u8>,
    stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Again<S> {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        if let Some(first) = self.first.take() {
            buf.put_slice(&[first]);
            return std::task::Poll::Ready(Ok(()));
        }
        std::pin::Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Again<S> {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::pin::Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// HTTP/2 by hand: settings, then to each request, by its stream, these bytes; and the end, if it ends.
async fn by_hand(mut stream: tokio::net::TcpStream, then: impl Fn(u32) -> Vec<u8>, ends: bool) {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.expect("a preface");
    stream.write_all(&frame(4, 0, 0, &[])).await.expect("settings");
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut body = vec![0; length as usize];
        stream.read_exact(&mut body).await.expect("a frame");
        match head[3] {
            1 => {
                let nth = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
                stream.write_all(&then(nth)).await.expect("a last word");
                if ends {
                    return;
                }
            }
            4 if head[4] == 0 => stream.write_all(&frame(4, 1, 0, &[])).await.expect("an acknowledgement"),
            _ => {}
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), body].concat()
}

fn goaway(last: u32) -> Vec<u8> {
    frame(7, 0, 0, &[last.to_be_bytes(), 0u32.to_be_bytes()].concat())
}

fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(3, 0, stream, &code.to_be_bytes())
}

/// So many shoppers at once, each of whom asks twice.
fn load(address: &str, shoppers: u64, connections: Connections) -> Books {
    let steps = vec![ask("first", request("GET", "/a")), ask("second", request("GET", "/b"))];
    let mut scenario = scenario(vec![journey("asks", steps)]);
    scenario.traffic.connections = connections;
    let mut course = course(scenario, plan(shoppers, 1, Manner::default()), ([127, 0, 0, 1], 1).into());
    course.shop = vec![address.to_owned()];
    run(&course)
}

fn completed(books: &Books) -> usize {
    books.arrivals.iter().filter(|end| end.outcome == Outcome::Completed).count()
}

/// Authority in PEM, and what a server of its name accepts with.
fn authority(protocols: &[&[u8]]) -> (String, TlsAcceptor) {
    let signed =
        rcgen::generate_simple_self_signed(vec!["127.0.0.1".into(), "localhost".into()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).expect("a key");
    let chain = vec![CertificateDer::from(signed.cert.der().to_vec())];
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions").with_no_client_auth();
    let mut config = config.with_single_cert(chain, key).expect("a certificate and its key");
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    (signed.cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

fn http(http: Http) -> Connections {
    Connections { http, ..Connections::default() }
}

const AT_ONCE: Duration = Duration::ZERO;
const A_WHILE: Duration = Duration::from_millis(30);

#[test]
fn instances_are_asked_in_turn() {
    let answer = [reply(200, &json!({}))];
    let tills: Vec<Till> = (0..3).map(|_| Till::open(&[("/a", &answer), ("/b", &answer)])).collect();
    let steps = vec![ask("first", request("GET", "/a")), ask("second", request("GET", "/b"))];
    let mut course =
        course(scenario(vec![journey("asks", steps)]), plan(6, 1_000, Manner::default()), tills[0].address);
    course.shop = tills.iter().map(|till| format!("http://{}", till.address)).collect();
    let books = run(&course);
    assert_eq!(completed(&books), 6);
    let asked: Vec<usize> = tills.iter().map(|till| till.lines().len()).collect();
    assert_eq!(asked, [4, 4, 4]);
}

#[test]
fn shoppers_with_connections_of_their_own_share_none() {
    let (address, seen) = server(None, First::Served, AT_ONCE);
    let per_shopper = Connections { per: Per::Shopper, ..Connections::default() };
    let books = load(&format!("http://{address}"), 5, per_shopper);
    assert_eq!((completed(&books), seen.connections(), seen.requests().len()), (5, 5, 10));
    assert_eq!(books.response_us("(connect)").len(), 5);
    assert_eq!(books.response_us("(tls)").len(), 0);
}

#[test]
fn a_pool_has_as_many_connections_as_it_may() {
    let (address, seen) = server(None, First::Served, A_WHILE);
    let books = load(&format!("http://{address}"), 6, Connections { max: Some(2), ..Connections::default() });
    assert_eq!((completed(&books), seen.connections()), (6, 2));
    // Three requests one after the other, on each of two connections: who waits, waits in their response time.
    assert!(books.response_us("first").max() >= 85_000, "{} µs", books.response_us("first").max());
}

#[test]
fn secured_servers_are_reached_and_their_handshakes_counted() {
    let (pem, acceptor) = authority(&[b"http/1.1"]);
    let (address, seen) = server(Some(acceptor), First::Served, AT_ONCE);
    let trusting = Connections { authorities: Some(pem), http: Http::Two, ..Connections::default() };
    let books = load(&format!("https://{address}"), 3, trusting);
    assert_eq!(completed(&books), 3);
    assert!(seen.requests().iter().all(|(version, _)| *version == Version::HTTP_11), "they agreed to 1.1");
    let handshakes = books.response_us("(tls)");
    assert_eq!(handshakes.len(), seen.connections() as u64);
    assert_eq!(books.response_us("(connect)").len(), handshakes.len());
    let first = books.response_us("first");
    assert!(first.max() >= handshakes.min(), "the response time counts from the intended start");
}

#[test]
fn who_cannot_be_trusted_is_told_nothing() {
    let (_, acceptor) = authority(&[b"http/1.1"]);
    let (address, seen) = server(Some(acceptor), First::Served, AT_ONCE);
    let books = load(&format!("https://{address}"), 1, Connections::default());
    assert_eq!((completed(&books), seen.requests().len()), (0, 0));
    assert!(books.attempts[0].remark.as_deref().is_some_and(|remark| remark.contains("secured")), "{books:?}");
    let failed = books.timings.iter().find(|timings| timings.step == "(tls)").expect("a handshake");
    assert_eq!(failed.reading, Reading::Unanswered);
}

#[test]
fn many_requests_share_one_connection_over_http_2() {
    let (pem, acceptor) = authority(&[b"h2", b"http/1.1"]);
    let (address, seen) = server(Some(acceptor), First::Served, A_WHILE);
    let books = load(&format!("https://{address}"), 40, Connections { authorities: Some(pem), ..http(Http::Two) });
    assert_eq!((completed(&books), seen.connections(), seen.requests().len()), (40, 1, 80));
    assert!(seen.requests().iter().all(|(version, host)| *version == Version::HTTP_2 && *host == address.to_string()));
}

#[test]
fn one_connection_carries_a_hundred_requests_at_once_and_no_more() {
    let (address, seen) = server(None, First::Served, Duration::from_millis(100));
    let books = load(&format!("http://{address}"), 150, http(Http::Two));
    assert_eq!((completed(&books), seen.connections()), (150, 2));
}

#[test]
fn what_was_not_processed_is_sent_again() {
    const REFUSED_STREAM: u32 = 7;
    let (address, seen) = server(None, First::Farewell(0), AT_ONCE);
    let books = load(&format!("http://{address}"), 1, http(Http::Two));
    assert_eq!((completed(&books), seen.connections(), seen.requests().len()), (1, 2, 2));

    // The connection stays, and refuses again and again: given up in the end.
    let (address, seen) = server(None, First::Reset(REFUSED_STREAM), AT_ONCE);
    let books = load(&format!("http://{address}"), 1, http(Http::Two));
    assert_eq!((books.arrivals[0].outcome, seen.connections()), (Outcome::Unknown, 1));
}

#[test]
fn what_may_have_been_processed_is_unknown() {
    const INTERNAL_ERROR: u32 = 2;
    for first in [First::Farewell(1), First::Reset(INTERNAL_ERROR)] {
        let (address, seen) = server(None, first, AT_ONCE);
        let books = load(&format!("http://{address}"), 1, http(Http::Two));
        assert_eq!((books.arrivals[0].outcome, seen.requests().len()), (Outcome::Unknown, 0));
        assert_eq!(seen.connections(), 1, "nothing is sent again");
    }
}
