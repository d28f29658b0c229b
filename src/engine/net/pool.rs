//! Connections of one worker that wait to be used again, by authority.

use super::connection::Connection;
use http::HeaderValue;
use rustix::io::Errno;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};
use thiserror::Error;

/// Connections that idled longer are closed: common servers give up idle ones after five seconds, and a request that
/// crosses their farewell would be lost.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// Why there is no connection.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum OpenError {
    /// The address is off loopback and the scenario does not allow it.
    #[error("the target is not allowed")]
    NotAllowed,
    /// No such host.
    #[error("the host has no address")]
    NoSuchHost,
    /// Nothing listens there.
    #[error("the connection was refused")]
    Refused,
    /// This machine has no socket or port left.
    #[error("no socket is left")]
    NoSocket,
    /// Anything else.
    #[error("no connection could be made")]
    Failed,
}

impl From<&std::io::Error> for OpenError {
    fn from(error: &std::io::Error) -> Self {
        // EMFILE and ENFILE, EADDRNOTAVAIL: what the generator itself ran out of.
        const NO_FILE: [i32; 2] = [Errno::MFILE.raw_os_error(), Errno::NFILE.raw_os_error()];
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::AddrNotAvailable => Self::NoSocket,
            _ if error.raw_os_error().is_some_and(|code| NO_FILE.contains(&code)) => Self::NoSocket,
            _ => Self::Failed,
        }
    }
}

/// An authority that the pool knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorityId(usize);

/// Idle connections by authority.
pub struct Pool {
    shelves: Vec<Shelf>,
    allowed: Vec<String>,
}

struct Shelf {
    authority: Rc<str>,
    host: HeaderValue,
    address: Option<SocketAddr>,
    /// The one used last is taken first.
    idle: Vec<Connection>,
}

impl Pool {
    /// An empty one; `allowed` are hosts off loopback, as `host` or `host:port`.
    pub const fn new(allowed: Vec<String>) -> Self {
        Self { shelves: Vec::new(), allowed }
    }

    /// The id of `host` or `host:port`; none when it cannot be a `Host` header.
    pub fn authority(&mut self, authority: &str) -> Option<AuthorityId> {
        if let Some(known) = self.shelves.iter().position(|shelf| *shelf.authority == *authority) {
            return Some(AuthorityId(known));
        }
        let host = HeaderValue::from_str(authority).ok()?;
        self.shelves.push(Shelf { authority: authority.into(), host, address: None, idle: Vec::new() });
        Some(AuthorityId(self.shelves.len() - 1))
    }

    /// Value of the `Host` header.
    pub fn host(&self, id: AuthorityId) -> HeaderValue {
        self.shelves[id.0].host.clone()
    }

    /// As `host` or `host:port`.
    pub fn name(&self, id: AuthorityId) -> Rc<str> {
        Rc::clone(&self.shelves[id.0].authority)
    }

    /// A connection that waits, if one does.
    pub fn take(&mut self, id: AuthorityId) -> Option<Connection> {
        self.shelves[id.0].idle.pop()
    }

    /// Keeps a connection for the next request.
    pub fn put(&mut self, id: AuthorityId, connection: Connection) {
        self.shelves[id.0].idle.push(connection);
    }

    /// Closes what idled too long; called a few times a second.
    pub fn sweep(&mut self, now: Instant) {
        for shelf in &mut self.shelves {
            let aged = shelf.idle.iter().take_while(|idle| now.duration_since(idle.idle_since()) > IDLE_MAX).count();
            shelf.idle.drain(..aged);
        }
    }

    /// The socket address, when it is known already; what must be asked for otherwise.
    pub fn address(&self, id: AuthorityId) -> Result<Option<SocketAddr>, OpenError> {
        let shelf = &self.shelves[id.0];
        if shelf.address.is_some() {
            return Ok(shelf.address);
        }
        let (host, port) = split(&shelf.authority);
        let ip = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let local = host == "localhost" || ip.is_some_and(|ip| ip.is_loopback());
        let named = |entry: &String| entry == host || *entry == format!("{host}:{port}");
        if !local && !self.allowed.iter().any(named) {
            return Err(OpenError::NotAllowed);
        }
        Ok(ip.map(|ip| SocketAddr::new(ip, port)))
    }

    /// Remembers what a name stands for.
    pub fn learn(&mut self, id: AuthorityId, address: SocketAddr) {
        self.shelves[id.0].address = Some(address);
    }
}

/// Host and port; 80 when none is named.
pub fn split(authority: &str) -> (&str, u16) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => port.parse().map_or((authority, 80), |port| (host, port)),
        _ => (authority, 80),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_and_what_is_allowed_is_reached() {
        let mut pool = Pool::new(vec!["shop.test".into(), "192.0.2.1:8080".into()]);
        let mut address = |authority: &str| {
            let id = pool.authority(authority).expect("an authority");
            pool.address(id)
        };
        assert_eq!(address("127.0.0.1:81"), Ok(Some(SocketAddr::from(([127, 0, 0, 1], 81)))));
        assert_eq!(address("[::1]:81").map(|found| found.map(|found| found.port())), Ok(Some(81)));
        assert_eq!(address("localhost:81"), Ok(None));
        assert_eq!(address("shop.test"), Ok(None));
        assert_eq!(address("192.0.2.1:8080"), Ok(Some(SocketAddr::from(([192, 0, 2, 1], 8080)))));
        assert_eq!(address("192.0.2.1:8081"), Err(OpenError::NotAllowed));
        assert_eq!(address("localhost.shop.test"), Err(OpenError::NotAllowed));
    }

    #[test]
    fn an_authority_falls_into_host_and_port() {
        assert_eq!(split("shop.test:8080"), ("shop.test", 8080));
        assert_eq!(split("shop.test"), ("shop.test", 80));
        assert_eq!(split("[::1]:90"), ("[::1]", 90));
        assert_eq!(split("[::1]"), ("[::1]", 80));
    }
}
