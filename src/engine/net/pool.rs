//! The servers that one worker knows: where they are, whether they may be reached, and what they speak.

use super::shelves::{Shelves, Speaks};
use crate::engine::address::Scheme;
use http::HeaderValue;
use rustix::io::Errno;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use thiserror::Error;

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
    /// The server cannot be trusted, or does not speak TLS.
    #[error("no secured connection could be made")]
    NotSecured,
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

/// A server that the pool knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorityId(pub(super) usize);

/// Servers by scheme and authority, and the connections to them that all shoppers share.
pub struct Pool {
    servers: Vec<Server>,
    allowed: Vec<String>,
    /// Connections that all shoppers share.
    pub shelves: Shelves,
}

struct Server {
    scheme: Scheme,
    authority: Rc<str>,
    /// `http://host:port`.
    origin: Rc<str>,
    host: HeaderValue,
    speaks: Speaks,
    address: Option<SocketAddr>,
}

impl Pool {
    /// An empty one; `allowed` are hosts off loopback, as `host` or `host:port`.
    pub const fn new(allowed: Vec<String>, max: Option<usize>) -> Self {
        Self { servers: Vec::new(), allowed, shelves: Shelves::new(max) }
    }

    /// The id of a scheme and `host` or `host:port`; none when it cannot be a `Host` header. `speaks` is what is tried
    /// where it was not known before.
    pub fn authority(&mut self, scheme: Scheme, authority: &str, speaks: Speaks) -> Option<AuthorityId> {
        let same = |server: &Server| server.scheme == scheme && *server.authority == *authority;
        if let Some(known) = self.servers.iter().position(same) {
            return Some(AuthorityId(known));
        }
        let host = HeaderValue::from_str(authority).ok()?;
        let origin = format!("{}://{authority}", scheme.name()).into();
        self.servers.push(Server { scheme, authority: authority.into(), origin, host, speaks, address: None });
        Some(AuthorityId(self.servers.len() - 1))
    }

    /// Value of the `Host` header.
    pub fn host(&self, id: AuthorityId) -> HeaderValue {
        self.servers[id.0].host.clone()
    }

    /// As `http://host:port`.
    pub fn origin(&self, id: AuthorityId) -> Rc<str> {
        Rc::clone(&self.servers[id.0].origin)
    }

    /// Scheme, and `host` or `host:port`.
    pub fn name(&self, id: AuthorityId) -> (Scheme, Rc<str>) {
        let server = &self.servers[id.0];
        (server.scheme, Rc::clone(&server.authority))
    }

    /// What is spoken there, as far as it is known.
    pub fn speaks(&self, id: AuthorityId) -> Speaks {
        self.servers[id.0].speaks
    }

    /// Remembers what a server agreed to.
    pub fn agreed(&mut self, id: AuthorityId, speaks: Speaks) {
        self.servers[id.0].speaks = speaks;
    }

    /// The socket address, when it is known already; what must be asked for otherwise.
    pub fn address(&self, id: AuthorityId) -> Result<Option<SocketAddr>, OpenError> {
        let server = &self.servers[id.0];
        if server.address.is_some() {
            return Ok(server.address);
        }
        let (host, port) = split(server.scheme, &server.authority);
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
        self.servers[id.0].address = Some(address);
    }
}

/// Host and port; the scheme's own when none is named.
pub fn split(scheme: Scheme, authority: &str) -> (&str, u16) {
    let own = scheme.port();
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => port.parse().map_or((authority, own), |port| (host, port)),
        _ => (authority, own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_and_what_is_allowed_is_reached() {
        let mut pool = Pool::new(vec!["shop.test".into(), "192.0.2.1:8080".into()], None);
        let mut address = |authority: &str| {
            let id = pool.authority(Scheme::Http, authority, Speaks::One).expect("an authority");
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
        assert_eq!(split(Scheme::Http, "shop.test:8080"), ("shop.test", 8080));
        assert_eq!(split(Scheme::Https, "shop.test"), ("shop.test", 443));
        assert_eq!(split(Scheme::Http, "[::1]:90"), ("[::1]", 90));
        assert_eq!(split(Scheme::Http, "[::1]"), ("[::1]", 80));
    }
}
