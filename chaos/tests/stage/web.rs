//! A server of HTTP/1.1 that remembers what it was asked, and a client that says exactly what a test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{soon, upstream};

/// What the server was asked: method, target and body.
pub type Asked = Arc<Mutex<Vec<String>>>;

/// Answers each request with its own body, or as the path says: `/chunked`, `/empty`, `/until-end`, `/upgrade`.
pub async fn web() -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let at = upstream(move |stream| {
        let asked = Arc::clone(&noted);
        async move {
            let _ = converse(Web::new(stream), asked).await;
        }
    })
    .await;
    (at, asked)
}

async fn converse(mut web: Web, asked: Asked) -> Option<()> {
    loop {
        let head = web.head().await?;
        if head.to_ascii_lowercase().contains("expect: 100-continue") {
            web.say("HTTP/1.1 100 Continue\r\n\r\n").await;
        }
        let body = web.body(&head).await?;
        let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
        let body = String::from_utf8_lossy(&body).into_owned();
        asked.lock().unwrap().push(format!("{line} {body}"));
        let (method, target) = line.split_once(' ')?;
        let length = body.len();
        match target {
            "/chunked" => {
                web.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n").await;
                web.say("6;x=y\r\nsecond\r\n0\r\ntrailer: 1\r\n\r\n").await;
            }
            "/empty" => web.say("HTTP/1.1 204 No Content\r\n\r\n").await,
            "/until-end" => {
                web.say("HTTP/1.1 200 OK\r\n\r\nall of it").await;
                return None;
            }
            "/upgrade" => {
                web.say("HTTP/1.1 101 Switching Protocols\r\nupgrade: raw\r\n\r\n").await;
                let mut stream = web.stream;
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
                return None;
            }
            _ if method == "HEAD" => web.say("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await,
            _ => web.say(&format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}")).await,
        }
    }
}

/// One end of a connection that speaks HTTP/1.1.
pub struct Web {
    pub stream: TcpStream,
    read: Vec<u8>,
}

impl Web {
    pub const fn new(stream: TcpStream) -> Self {
        Self { stream, read: Vec::new() }
    }

    /// Says these bytes; what a broken connection does not take is lost.
    pub async fn say(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    /// Asks with a body, under an idempotency key.
    pub async fn post(&mut self, path: &str, key: &str, body: &str) {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\nIdempotency-Key: {key}\r\ncontent-length: {length}");
        self.say(&format!("{head}\r\n\r\n{body}")).await;
    }

    /// Asks and takes the answer: status and body. None when the connection ended first.
    pub async fn ask(&mut self, path: &str, key: &str, body: &str) -> Option<(u16, String)> {
        self.post(path, key, body).await;
        self.answer().await
    }

    /// Takes an answer: status and body. None when the connection ended before it did.
    pub async fn answer(&mut self) -> Option<(u16, String)> {
        let head = self.head().await?;
        let body = self.body(&head).await?;
        Some((status(&head), String::from_utf8_lossy(&body).into_owned()))
    }

    /// Takes a head, with the empty line after it.
    pub async fn head(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                return Some(String::from_utf8(self.read.drain(..at + 4).collect()).unwrap());
            }
            self.more().await?;
        }
    }

    /// Takes the body after this head.
    pub async fn body(&mut self, head: &str) -> Option<Vec<u8>> {
        let lower = head.to_ascii_lowercase();
        if lower.contains("transfer-encoding: chunked") {
            loop {
                // Bodies here end with one of these; what follows them is another message.
                let ends = [&b"\r\n0\r\ntrailer: 1\r\n\r\n"[..], b"0\r\n\r\n"];
                let ends = ends.map(|end| Some(self.read.windows(end.len()).position(|at| at == end)? + end.len()));
                if let Some(end) = ends.into_iter().flatten().min() {
                    return Some(self.read.drain(..end).collect());
                }
                self.more().await?;
            }
        }
        let length = lower.split_once("content-length: ");
        let length = length.map_or(0, |(_, rest)| rest.lines().next().unwrap().trim().parse().unwrap());
        while self.read.len() < length {
            self.more().await?;
        }
        Some(self.read.drain(..length).collect())
    }

    /// Everything until the end of the stream; whether it ended in order.
    pub async fn rest(&mut self) -> (String, bool) {
        let ended = soon(self.stream.read_to_end(&mut self.read)).await.is_ok();
        (String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned(), ended)
    }

    async fn more(&mut self) -> Option<()> {
        let mut bytes = [0; 4096];
        let count = soon(self.stream.read(&mut bytes)).await.ok().filter(|count| *count > 0)?;
        self.read.extend_from_slice(&bytes[..count]);
        Some(())
    }
}

/// The status of a head.
pub fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}
