//! One HTTP request on a connection of its own.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// An answer.
#[derive(Clone, Debug)]
pub struct Got {
    pub status: u16,
    pub replayed: bool,
    pub text: String,
    pub json: Value,
}

impl Got {
    pub fn order(&self) -> String {
        self.json["order"].as_str().unwrap_or_else(|| panic!("no order in {}", self.text)).to_owned()
    }

    pub fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or("none")
    }
}

pub async fn call(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Got {
    try_call(to, method, path, headers, body).await.expect("the shop answers")
}

/// Sends a request and leaves it at that: whoever drops the connection hangs up.
pub async fn begin(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: shop\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
    stream
}

pub async fn try_call(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<String>,
) -> Option<Got> {
    let stream = TcpStream::connect(to).await.ok()?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let mut request = http::Request::builder().method(method).uri(path).header("host", "shop");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body.unwrap_or_default()))).unwrap();
    let response = sender.send_request(request).await.ok()?;
    let (head, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.ok()?.to_bytes().to_vec()).unwrap();
    Some(Got {
        status: head.status.as_u16(),
        replayed: head.headers.contains_key("idempotent-replayed"),
        json: serde_json::from_str(&text).unwrap_or(Value::Null),
        text,
    })
}
