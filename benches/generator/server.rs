//! A shop that knows its answers by heart.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::Read as _;

const PRODUCTS: &str = r#"{"products":[{"sku":"lamp","name":"Lamp","unit_minor":2500,"currency":"USD","popularity":0.4},{"sku":"kettle","name":"Kettle","unit_minor":3900,"currency":"USD","popularity":0.3},{"sku":"rug","name":"Rug","unit_minor":8900,"currency":"USD","popularity":0.2}]}"#;
const CART: &str = r#"{"cart":"c_0123456789abcdef","currency":"USD"}"#;
const LINES: &str =
    r#"{"cart":"c_0123456789abcdef","lines":[{"sku":"lamp","quantity":2,"unit_minor":2500}],"subtotal_minor":5000}"#;
const QUOTE: &str = r#"{"subtotal_minor":5000,"discount_minor":0,"shipping_minor":500,"tax_minor":450,"total_minor":5950,"currency":"USD","tax_source":"quote"}"#;
const ORDER: &str = r#"{"order":"DB-1000042","state":"paid","total_minor":5950,"currency":"USD"}"#;

/// Serves until standard input closes.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.spawn(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        println!("{}", listener.local_addr().expect("an address"));
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("a socket option");
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    });
    let closed = runtime.spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    let _ = runtime.block_on(closed);
    std::process::exit(0);
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let _ = body.collect().await;
    let (status, text) = match (&head.method, head.uri.path().rsplit('/').next()) {
        (&Method::GET, _) => (StatusCode::OK, PRODUCTS),
        (_, Some("carts")) => (StatusCode::CREATED, CART),
        (_, Some("lines")) => (StatusCode::CREATED, LINES),
        (_, Some("quote")) => (StatusCode::OK, QUOTE),
        _ => (StatusCode::CREATED, ORDER),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    Ok(response)
}
