//! Addresses: the shop's base, and what a shopper's target means beside it.

use bytes::Bytes;
use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use thiserror::Error;

/// What may not stand in the path or query of a request; everything else is sent as the journey wrote it.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');

/// An address that is not one of ours to send to.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not an address that starts with http:// or https://")]
pub struct BadAddress(pub String);

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In clear.
    Http,
    /// Secured.
    Https,
}

impl Scheme {
    /// As in an address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port when none is named.
    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// The scheme of an address, and what follows `://`.
    fn of(address: &str) -> Option<(Self, &str)> {
        let plain = address.strip_prefix("http://").map(|rest| (Self::Http, rest));
        plain.or_else(|| address.strip_prefix("https://").map(|rest| (Self::Https, rest)))
    }
}

/// Where the shop is: the same shop at each of its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Of all addresses.
    pub scheme: Scheme,
    /// `host:port` of each; there is one at least.
    pub authorities: Vec<String>,
    /// What stands before every path, at each address; without a slash at the end.
    pub prefix: String,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A path of the shop.
    Shop(&'a str),
    /// Scheme, `host:port` and path.
    Elsewhere(Scheme, &'a str, &'a str),
}

impl Base {
    /// From `http://host:port/prefix`, once for each instance; they differ in the authority only.
    pub fn parse(addresses: &[String]) -> Result<Self, BadAddress> {
        let mut base: Option<Self> = None;
        for address in addresses {
            let (scheme, authority, prefix) = parts(address)?;
            let base = base.get_or_insert_with(|| Self { scheme, authorities: Vec::new(), prefix: prefix.clone() });
            if (base.scheme, &base.prefix) != (scheme, &prefix) {
                return Err(BadAddress(address.clone()));
            }
            base.authorities.push(authority);
        }
        base.ok_or_else(|| BadAddress(String::new()))
    }

    /// What a rendered target means. The shop's own full addresses are the shop.
    pub fn target<'a>(&self, rendered: &'a str) -> Result<Target<'a>, BadAddress> {
        if rendered.starts_with('/') && !rendered.starts_with("//") {
            return Ok(Target::Shop(rendered));
        }
        let (scheme, rest) = Scheme::of(rendered).ok_or_else(|| BadAddress(rendered.into()))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let ours = scheme == self.scheme && self.authorities.iter().any(|own| own == authority);
        match path.strip_prefix(self.prefix.as_str()) {
            Some(path) if ours => Ok(Target::Shop(path)),
            _ => Ok(Target::Elsewhere(scheme, authority, path)),
        }
    }
}

fn parts(address: &str) -> Result<(Scheme, String, String), BadAddress> {
    let bad = || BadAddress(address.into());
    let (scheme, _) = Scheme::of(address).ok_or_else(bad)?;
    let uri: Uri = address.parse().map_err(|_| bad())?;
    let authority = uri.authority().ok_or_else(bad)?.as_str().to_owned();
    Ok((scheme, authority, uri.path().trim_end_matches('/').to_owned()))
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

/// Where a redirect leads, seen from the path of the origin (`http://host:port`) that sent it.
pub fn resolve(origin: &str, path: &str, location: &str) -> String {
    if Scheme::of(location).is_some() {
        return location.to_owned();
    }
    if location.starts_with("//") {
        let scheme = Scheme::of(origin).map_or(Scheme::Http, |(scheme, _)| scheme);
        return format!("{}:{location}", scheme.name());
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let directory = path.rfind('/').map_or("/", |end| &path[..=end]);
    match location.chars().next() {
        Some('/') => format!("{origin}{location}"),
        Some('?') => format!("{origin}{path}{location}"),
        _ => format!("{origin}{}", without_dots(&format!("{directory}{location}"))),
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

    fn base(addresses: &[&str]) -> Result<Base, BadAddress> {
        Base::parse(&addresses.iter().map(|address| (*address).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_base_has_authorities_and_a_prefix() {
        let shop = base(&["http://127.0.0.1:80/shop/", "http://127.0.0.1:81/shop"]).expect("addresses");
        assert_eq!(
            (shop.authorities, shop.prefix.as_str()),
            (vec!["127.0.0.1:80".into(), "127.0.0.1:81".into()], "/shop")
        );
        assert_eq!(base(&["https://127.0.0.1"]).expect("an address").scheme, Scheme::Https);
        assert!(base(&["127.0.0.1"]).is_err());
        assert!(base(&[]).is_err());
        assert!(base(&["http://a.test", "https://b.test"]).is_err());
    }

    #[test]
    fn the_own_address_is_the_shop() {
        let base = base(&["http://shop.test:80/shop", "http://shop.test:81/shop"]).expect("addresses");
        let elsewhere = |scheme, authority, path| Ok(Target::Elsewhere(scheme, authority, path));
        assert_eq!(base.target("/carts?a=b"), Ok(Target::Shop("/carts?a=b")));
        assert_eq!(base.target("http://shop.test:81/shop/carts"), Ok(Target::Shop("/carts")));
        assert_eq!(base.target("http://shop.test:80/other"), elsewhere(Scheme::Http, "shop.test:80", "/other"));
        assert_eq!(base.target("https://shop.test:80/shop"), elsewhere(Scheme::Https, "shop.test:80", "/shop"));
        assert_eq!(base.target("http://pay.test"), elsewhere(Scheme::Http, "pay.test", ""));
        assert!(base.target("ftp://pay.test").is_err());
        assert!(base.target("carts").is_err());
    }

    #[test]
    fn redirects_resolve_against_where_they_come_from() {
        let resolved = |location| resolve("http://a.test:1", "/x/y?z=1", location);
        assert_eq!(resolve("https://a.test", "/x", "//b.test/c"), "https://b.test/c");
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
