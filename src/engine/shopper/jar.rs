//! The cookies of one shopper at the shop: name, value, path, and when they end.

use http::HeaderValue;
use std::time::{Duration, Instant};

/// Cookies in the order in which they were first set.
#[derive(Debug, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    path: String,
    ends: Option<Instant>,
}

impl Jar {
    /// Takes a `Set-Cookie` that came with the answer for `path`. `Expires` is not read: shops that forget a cookie
    /// send `Max-Age=0` or an empty value with it.
    pub fn take(&mut self, set_cookie: &HeaderValue, path: &str, now: Instant) {
        let Ok(text) = set_cookie.to_str() else { return };
        let mut parts = text.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let mut cookie = Cookie {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            path: default_path(path).to_owned(),
            ends: None,
        };
        let mut gone = false;
        for attribute in parts {
            let (attribute, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            if attribute.eq_ignore_ascii_case("path") && value.starts_with('/') {
                value.clone_into(&mut cookie.path);
            } else if attribute.eq_ignore_ascii_case("max-age") {
                match value.parse::<i64>() {
                    Ok(..=0) => gone = true,
                    Ok(seconds) => cookie.ends = now.checked_add(Duration::from_secs(seconds as u64)),
                    Err(_) => {}
                }
            } else if attribute.eq_ignore_ascii_case("expires") && value.contains(" 1970 ") {
                gone = true;
            }
        }
        let known = self.cookies.iter().position(|known| known.name == cookie.name && known.path == cookie.path);
        match (known, gone) {
            (Some(known), true) => drop(self.cookies.remove(known)),
            (Some(known), false) => self.cookies[known] = cookie,
            (None, true) => {}
            (None, false) => self.cookies.push(cookie),
        }
    }

    /// The value of a cookie.
    pub fn get(&self, name: &str, now: Instant) -> Option<&str> {
        self.living(now).find(|cookie| cookie.name == name).map(|cookie| cookie.value.as_str())
    }

    /// The `Cookie` header for a path; none when no cookie fits.
    pub fn header(&self, path: &str, now: Instant) -> Option<HeaderValue> {
        if self.cookies.is_empty() {
            return None;
        }
        let path = path.split('?').next().unwrap_or_default();
        let mut text = String::new();
        for cookie in self.living(now).filter(|cookie| fits(&cookie.path, path)) {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(&cookie.name);
            text.push('=');
            text.push_str(&cookie.value);
        }
        if text.is_empty() { None } else { HeaderValue::from_str(&text).ok() }
    }

    fn living(&self, now: Instant) -> impl Iterator<Item = &Cookie> {
        self.cookies.iter().filter(move |cookie| cookie.ends.is_none_or(|ends| now < ends))
    }
}

/// The directory of the path (RFC 6265, 5.1.4).
fn default_path(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or_default();
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}

/// Whether a cookie's path covers the request's (RFC 6265, 5.1.4).
fn fits(cookie: &str, request: &str) -> bool {
    match request.strip_prefix(cookie) {
        Some(rest) => rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jar(cookies: &[(&'static str, &str)]) -> (Jar, Instant) {
        let (mut jar, now) = (Jar::default(), Instant::now());
        for (cookie, path) in cookies {
            jar.take(&HeaderValue::from_static(cookie), path, now);
        }
        (jar, now)
    }

    #[test]
    fn cookies_go_where_their_path_fits() {
        let (jar, now) = jar(&[("a=1; Path=/; HttpOnly", "/x"), ("b=2", "/shop/cart"), ("c=3; path=/shop", "/x")]);
        let sent = |path| jar.header(path, now).map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(sent("/").as_deref(), Some("a=1"));
        assert_eq!(sent("/shop?q=1").as_deref(), Some("a=1; b=2; c=3"));
        assert_eq!(sent("/shopping").as_deref(), Some("a=1"));
    }

    #[test]
    fn cookies_are_replaced_and_end() {
        let (mut jar, now) = jar(&[("a=1; Path=/", "/"), ("a=2; Path=/; Max-Age=10", "/"), ("b=1; Path=/", "/")]);
        assert_eq!(jar.get("a", now), Some("2"));
        assert_eq!(jar.get("a", now + Duration::from_secs(11)), None);
        jar.take(&HeaderValue::from_static("b=; Path=/; Max-Age=0"), "/", now);
        assert_eq!(jar.get("b", now), None);
        jar.take(&HeaderValue::from_static("a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), "/", now);
        assert_eq!(jar.header("/", now), None);
    }
}
