//! Heads of HTTP/1 messages, read only as far as the boundaries between messages and the rules' conditions demand.

use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};
use model::fault::Ending;

use crate::toxics::Then;

/// Header lines of a head at most; what has more is passed through as if it were no HTTP.
const HEADERS_MAX: usize = 100;
/// Longest head, in bytes.
pub(crate) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Room for the header lines of one head.
pub(crate) type Slots<'b> = [MaybeUninit<Header<'b>>; HEADERS_MAX];

/// Empty room; it costs nothing until it is filled.
pub(crate) const fn slots<'b>() -> Slots<'b> {
    [const { MaybeUninit::uninit() }; HEADERS_MAX]
}

/// What the beginning of some bytes is.
#[derive(Debug)]
pub(crate) enum Read<T> {
    /// A whole head, and its length in bytes.
    Whole(T, usize),
    /// The beginning of one.
    Partial,
    /// No head of HTTP/1.
    Foreign,
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// It has this many bytes.
    Length(u64),
    Chunked,
    /// It ends with the stream.
    UntilEnd,
}

/// Whether the connection goes on after an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Afterwards {
    KeepAlive,
    Close,
}

impl Afterwards {
    /// What comes after an answer of our own.
    pub(crate) const fn then(self) -> Then {
        match self {
            Self::KeepAlive => Then::More,
            Self::Close => Then::Close(Ending::Fin),
        }
    }
}

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Request<'h, 'b> {
    pub method: &'b str,
    pub target: &'b str,
    pub headers: &'h [Header<'b>],
    pub framing: Framing,
    pub afterwards: Afterwards,
}

impl<'b> Request<'_, 'b> {
    /// The first value of a header that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&'b str> {
        self.values(name).next()
    }

    /// Every value of a header that is text.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'b str> {
        let named = self.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.filter_map(|header| std::str::from_utf8(header.value).ok())
    }

    /// Path without query, whether the target is absolute or not.
    pub(crate) fn path(&self) -> &'b str {
        let without_scheme = self.target.split_once("://").filter(|_| !self.target.starts_with('/'));
        let path = match without_scheme {
            Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
            None => self.target,
        };
        path.split_once(['?', '#']).map_or(path, |(path, _)| path)
    }

    /// Whether the body waits until the server says 100.
    pub(crate) fn expects_continue(&self) -> bool {
        self.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    }
}

/// The head of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub status: u16,
    /// As the headers say; a request of HEAD and some statuses have no body whatever they say.
    pub framing: Framing,
}

/// Reads the head of a request.
pub(crate) fn request<'h, 'b>(bytes: &'b [u8], slots: &'h mut Slots<'b>) -> Read<Request<'h, 'b>> {
    let mut head = httparse::Request::new(&mut []);
    let length = match head.parse_with_uninit_headers(bytes, slots) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if bytes.len() <= HEAD_BYTES_MAX && may_begin_request(bytes) => return Read::Partial,
        Ok(Status::Partial) | Err(_) => return Read::Foreign,
    };
    let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version) else {
        return Read::Foreign;
    };
    let headers: &'h [Header<'b>] = head.headers;
    let framing = match framing(headers) {
        Some(Framing::UntilEnd) => Framing::Length(0),
        Some(framing) => framing,
        None => return Read::Foreign,
    };
    let closes = says(headers, "close") || (version == 0 && !says(headers, "keep-alive"));
    let afterwards = if closes { Afterwards::Close } else { Afterwards::KeepAlive };
    Read::Whole(Request { method, target, headers, framing, afterwards }, length)
}

/// Reads the head of an answer.
pub(crate) fn answer(bytes: &[u8]) -> Read<Answer> {
    let mut slots = slots();
    let mut head = httparse::Response::new(&mut []);
    // Header lines that only a server's authors understand are no reason to be blind to its answers.
    let mut config = ParserConfig::default();
    config.ignore_invalid_headers_in_responses(true).allow_spaces_after_header_name_in_responses(true);
    let length = match config.parse_response_with_uninit_headers(&mut head, bytes, &mut slots) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if bytes.len() <= HEAD_BYTES_MAX => return Read::Partial,
        Ok(Status::Partial) | Err(_) => return Read::Foreign,
    };
    match (head.code, framing(head.headers)) {
        (Some(status), Some(framing)) => Read::Whole(Answer { status, framing }, length),
        _ => Read::Foreign,
    }
}

/// Whether these bytes can become a request of a method that is in use: bytes of another protocol must not be held back.
fn may_begin_request(bytes: &[u8]) -> bool {
    const METHODS: [&[u8]; 9] =
        [b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"CONNECT ", b"OPTIONS ", b"TRACE ", b"PATCH "];
    METHODS.iter().any(|method| {
        let known = method.len().min(bytes.len());
        method[..known] == bytes[..known]
    })
}

/// How the body is framed (RFC 9112, section 6.3); nothing where the headers contradict themselves.
fn framing(headers: &[Header<'_>]) -> Option<Framing> {
    let mut length = None;
    let mut chunked = None;
    for header in headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            let value: u64 = std::str::from_utf8(header.value).ok()?.trim().parse().ok()?;
            if length.replace(value).is_some_and(|before| before != value) {
                return None;
            }
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            let codings = std::str::from_utf8(header.value).ok()?;
            chunked = Some(codings.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked")));
        }
    }
    match (chunked, length) {
        (Some(true), _) => Some(Framing::Chunked),
        (Some(false), _) | (None, None) => Some(Framing::UntilEnd),
        (None, Some(length)) => Some(Framing::Length(length)),
    }
}

fn says(headers: &[Header<'_>], word: &str) -> bool {
    let connection = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("connection"));
    let mut values = connection.filter_map(|header| std::str::from_utf8(header.value).ok());
    values.any(|value| value.split(',').any(|option| option.trim().eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing_of(head: &str) -> Option<Framing> {
        match request(head.as_bytes(), &mut slots()) {
            Read::Whole(request, _) => Some(request.framing),
            Read::Partial | Read::Foreign => None,
        }
    }

    #[test]
    fn bodies_are_framed_as_the_standard_says() {
        assert_eq!(framing_of("GET / HTTP/1.1\r\n\r\n"), Some(Framing::Length(0)));
        assert_eq!(framing_of("POST / HTTP/1.1\r\nContent-Length: 7\r\n\r\n"), Some(Framing::Length(7)));
        let both = "POST / HTTP/1.1\r\ncontent-length: 7\r\ntransfer-encoding: gzip, Chunked\r\n\r\n";
        assert_eq!(framing_of(both), Some(Framing::Chunked));
        assert_eq!(framing_of("POST / HTTP/1.1\r\ncontent-length: 7\r\ncontent-length: 8\r\n\r\n"), None);
        assert_eq!(framing_of("POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n"), None);
    }

    #[test]
    fn bytes_of_other_protocols_are_known_at_once() {
        for bytes in ["12345", "EHLO shop", "\u{16}\u{3}\u{1}", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GETS"] {
            assert!(matches!(request(bytes.as_bytes(), &mut slots()), Read::Foreign), "{bytes}");
        }
        for bytes in ["P", "POST", "GET /a", "GET / HTTP/1.1\r\nhost: a\r\n"] {
            assert!(matches!(request(bytes.as_bytes(), &mut slots()), Read::Partial), "{bytes}");
        }
    }

    #[test]
    fn a_path_has_no_query_and_no_authority() {
        for (target, path) in
            [("/v1/a?b=c", "/v1/a"), ("http://tax:80/v2/x?y", "/v2/x"), ("http://tax", "/"), ("/a?u=http://b/c", "/a")]
        {
            let head = format!("GET {target} HTTP/1.1\r\n\r\n");
            let mut slots = slots();
            let Read::Whole(request, _) = request(head.as_bytes(), &mut slots) else { panic!("a whole head") };
            assert_eq!(request.path(), path);
        }
    }
}
