//! Addresses: the shop's base, and what a shopper's target means beside it.

use bytes::Bytes;
use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use thiserror::Error;

/// What may not stand in the path or query of a request; everything else is sent as the journey wrote it.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');

/// An address that is not one of ours to send to.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not an address that starts with http://")]
pub struct BadAddress(pub String);

/// Where the shop is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// `host:port`.
    pub authority: String,
    /// What stands before every path; without a slash at the end.
    pub prefix: String,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A path of the shop.
    Shop(&'a str),
    /// `host:port` and path.
    Elsewhere(&'a str, &'a str),
}

impl Base {
    /// From `http://host:port/prefix`.
    pub fn parse(address: &str) -> Result<Self, BadAddress> {
        let bad = || BadAddress(address.into());
        let uri: Uri = address.parse().map_err(|_| bad())?;
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(bad());
        }
        let authority = uri.authority().ok_or_else(bad)?.as_str();
        Ok(Self { authority: authority.to_owned(), prefix: uri.path().trim_end_matches('/').to_owned() })
    }

    /// What a rendered target means. The shop's own full address is the shop.
    pub fn target<'a>(&self, rendered: &'a str) -> Result<Target<'a>, BadAddress> {
        if rendered.starts_with('/') && !rendered.starts_with("//") {
            return Ok(Target::Shop(rendered));
        }
        let rest = rendered.strip_prefix("http://").ok_or_else(|| BadAddress(rendered.into()))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        match path.strip_prefix(self.prefix.as_str()) {
            Some(path) if authority == self.authority => Ok(Target::Shop(path)),
            _ => Ok(Target::Elsewhere(authority, path)),
        }
    }
}

/// Path and query as they are sent; a fragment stays with the shopper.
pub fn path_and_query(prefix: &str, path: &str) -> Result<PathAndQuery, BadAddress> {
    let path = path.split('#').next().unwrap_or_default();
    let slash = if prefix.is_empty() && !path.starts_with('/') { "/" } else { "" };
    let text = || [prefix, slash, path].concat();
    PathAndQuery::from_maybe_shared(Bytes::from(text()))
        .or_else(|_| utf8_percent_encode(&text(), UNSENDABLE).to_string().parse())
        .map_err(|_| BadAddress(text()))
}

/// Where a redirect leads, seen from the address that sent it.
pub fn resolve(authority: &str, path: &str, location: &str) -> String {
    if location.starts_with("http://") || location.starts_with("https://") {
        return location.to_owned();
    }
    if let Some(rest) = location.strip_prefix("//") {
        return format!("http://{rest}");
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let directory = path.rfind('/').map_or("/", |end| &path[..=end]);
    match location.chars().next() {
        Some('/') => format!("http://{authority}{location}"),
        Some('?') => format!("http://{authority}{path}{location}"),
        _ => format!("http://{authority}{}", without_dots(&format!("{directory}{location}"))),
    }
}

/// The path with `.` and `..` gone (RFC 3986, 5.2.4).
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." => {}
            ".." => {
                kept.pop();
            }
            part => {
                kept.push(part);
                continue;
            }
        }
        if last {
            kept.push("");
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_has_an_authority_and_a_prefix() {
        let base = Base::parse("http://127.0.0.1:80/shop/").expect("an address");
        assert_eq!((base.authority.as_str(), base.prefix.as_str()), ("127.0.0.1:80", "/shop"));
        assert!(Base::parse("https://127.0.0.1").is_err());
        assert!(Base::parse("127.0.0.1").is_err());
    }

    #[test]
    fn the_own_address_is_the_shop() {
        let base = Base::parse("http://shop.test:80/shop").expect("an address");
        assert_eq!(base.target("/carts?a=b"), Ok(Target::Shop("/carts?a=b")));
        assert_eq!(base.target("http://shop.test:80/shop/carts"), Ok(Target::Shop("/carts")));
        assert_eq!(base.target("http://shop.test:80/other"), Ok(Target::Elsewhere("shop.test:80", "/other")));
        assert_eq!(base.target("http://pay.test"), Ok(Target::Elsewhere("pay.test", "")));
        assert!(base.target("https://pay.test").is_err());
        assert!(base.target("carts").is_err());
    }

    #[test]
    fn redirects_resolve_against_where_they_come_from() {
        let resolved = |location| resolve("a.test:1", "/x/y?z=1", location);
        assert_eq!(resolved("http://b.test/c"), "http://b.test/c");
        assert_eq!(resolved("//b.test/c"), "http://b.test/c");
        assert_eq!(resolved("/c"), "http://a.test:1/c");
        assert_eq!(resolved("c?d=/../e"), "http://a.test:1/x/c?d=/../e");
        assert_eq!(resolved("../c/./d"), "http://a.test:1/c/d");
        assert_eq!(resolved(".."), "http://a.test:1/");
        assert_eq!(resolved("?q=2"), "http://a.test:1/x/y?q=2");
    }

    #[test]
    fn paths_are_sent_as_written_unless_they_cannot_be() {
        let sent = |prefix, path| path_and_query(prefix, path).expect("a path").to_string();
        assert_eq!(sent("", "/a?b=%20c#d"), "/a?b=%20c");
        assert_eq!(sent("/shop", "/a b/ü"), "/shop/a%20b/%C3%BC");
        assert_eq!(sent("", ""), "/");
        assert_eq!(sent("", "?a"), "/?a");
    }
}
