//! Addresses that a run may send to: loopback, and what the scenario allows.

use std::fmt;
use std::net::IpAddr;

/// Host and port of an `http` or `https` address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Name or address, in lower case; IPv6 without brackets.
    pub host: String,
    /// Port, the scheme's own when the address names none.
    pub port: u16,
}

impl Target {
    /// Takes host and port out of an address; none when it is not one, or hides a user name in it.
    #[must_use]
    pub fn of(address: &str) -> Option<Self> {
        let (rest, default_port) = match address.strip_prefix("http://") {
            Some(rest) => (rest, 80),
            None => (address.strip_prefix("https://")?, 443),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = split_port(authority)?;
        let port = port.map_or(Some(default_port), |port| port.parse().ok().filter(|port| *port > 0))?;
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-._:".contains(letter);
        (!host.is_empty() && host.chars().all(fits)).then(|| Self { host: host.to_ascii_lowercase(), port })
    }

    /// Whether it is this machine itself.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }

    /// Whether an entry of `allow_targets`, a host or `host:port`, allows it.
    #[must_use]
    pub fn is_allowed_by(&self, entry: &str) -> bool {
        split_port(entry).is_some_and(|(host, port)| {
            self.host.eq_ignore_ascii_case(host) && port.is_none_or(|port| port.parse() == Ok(self.port))
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        None => Some((authority, None)),
        Some((host, port)) => (!port.contains(':')).then_some((host, Some(port))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(address: &str) -> String {
        Target::of(address).map_or_else(|| "none".into(), |target| format!("{target} {}", target.is_loopback()))
    }

    #[test]
    fn hosts_are_found_and_loopback_is_known() {
        assert_eq!(target("http://127.0.0.1:8080/x"), "127.0.0.1:8080 true");
        assert_eq!(target("https://Shop.Example"), "shop.example:443 false");
        assert_eq!(target("http://[::1]:9/"), "[::1]:9 true");
        assert_eq!(target("http://localhost"), "localhost:80 true");
        assert_eq!(target("http://127.0.0.1.example.com"), "127.0.0.1.example.com:80 false");
        assert_eq!(target("http://localhost@evil.example/"), "none");
        assert_eq!(target("ftp://localhost"), "none");
        assert_eq!(target("http://"), "none");
    }

    #[test]
    fn an_entry_allows_a_host_or_one_port_of_it() {
        let target = Target::of("https://shop.example:8443").expect("an address");
        assert!(target.is_allowed_by("shop.example"));
        assert!(target.is_allowed_by("Shop.example:8443"));
        assert!(!target.is_allowed_by("shop.example:443"));
        assert!(!target.is_allowed_by("example"));
    }
}
