//! Where the body of a message ends, found without looking at its data.

use super::message::Framing;

/// Digits of a chunk's size at most; more could not be counted.
const SIZE_DIGITS_MAX: u8 = 15;
/// Longest line of a trailer or of a chunk's size, in bytes.
const LINE_BYTES_MAX: u32 = 16 * 1024;

/// The rest of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Length(u64),
    Chunked(Chunked),
    UntilEnd,
}

/// Where in a chunked body the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunked {
    /// Among the digits of a size.
    Size {
        size: u64,
        digits: u8,
    },
    /// After the digits, before the end of their line.
    Extension {
        size: u64,
        line: u32,
    },
    Data {
        left: u64,
    },
    /// In the line break after a chunk's data.
    Break,
    /// In a line of the trailer.
    Trailer {
        line: u32,
    },
    Done,
}

/// The next bytes of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bite {
    Data(usize),
    /// Sizes of chunks, line breaks, trailers.
    Frame(usize),
    /// This is no body.
    Foreign,
}

impl Body {
    pub(crate) const fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(Chunked::Size { size: 0, digits: 0 }),
            Framing::UntilEnd => Self::UntilEnd,
        }
    }

    /// Whether no byte is left.
    pub(crate) const fn is_done(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunked::Done))
    }

    /// How many bytes of data are left, as far as that is known.
    pub(crate) const fn known_data(&self) -> Option<u64> {
        match self {
            Self::Length(left) | Self::Chunked(Chunked::Data { left }) => Some(*left),
            Self::Chunked(_) | Self::UntilEnd => None,
        }
    }

    /// Goes over the next bytes of one kind. At least one, unless the body is done.
    pub(crate) fn bite(&mut self, bytes: &[u8]) -> Bite {
        match self {
            Self::UntilEnd => Bite::Data(bytes.len()),
            Self::Length(left) => Bite::Data(take(left, bytes.len())),
            Self::Chunked(Chunked::Data { left }) => {
                let taken = take(left, bytes.len());
                if *left == 0 {
                    *self = Self::Chunked(Chunked::Break);
                }
                Bite::Data(taken)
            }
            Self::Chunked(chunked) => frame(chunked, bytes),
        }
    }
}

fn take(left: &mut u64, available: usize) -> usize {
    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(available);
    *left -= taken as u64;
    taken
}

/// Goes over what stands between the data of two chunks.
fn frame(at: &mut Chunked, bytes: &[u8]) -> Bite {
    for (index, byte) in bytes.iter().enumerate() {
        match step(*at, *byte) {
            Some(next) => *at = next,
            None => return Bite::Foreign,
        }
        if matches!(at, Chunked::Data { .. } | Chunked::Done) {
            return Bite::Frame(index + 1);
        }
    }
    Bite::Frame(bytes.len())
}

fn step(at: Chunked, byte: u8) -> Option<Chunked> {
    match (at, byte) {
        (Chunked::Size { size, digits }, _) if byte.is_ascii_hexdigit() => {
            let digit = char::from(byte).to_digit(16)?;
            (digits < SIZE_DIGITS_MAX).then(|| Chunked::Size { size: size * 16 + u64::from(digit), digits: digits + 1 })
        }
        (Chunked::Size { digits: 0, .. }, _) => None,
        (Chunked::Size { size: 0, .. } | Chunked::Extension { size: 0, .. }, b'\n') => {
            Some(Chunked::Trailer { line: 0 })
        }
        (Chunked::Size { size, .. } | Chunked::Extension { size, .. }, b'\n') => Some(Chunked::Data { left: size }),
        (Chunked::Size { size, .. }, b'\r' | b';' | b' ' | b'\t') => Some(Chunked::Extension { size, line: 0 }),
        (Chunked::Extension { size, line }, _) => {
            (line < LINE_BYTES_MAX).then(|| Chunked::Extension { size, line: line + 1 })
        }
        (Chunked::Break, b'\r') => Some(Chunked::Break),
        (Chunked::Break, b'\n') => Some(Chunked::Size { size: 0, digits: 0 }),
        (Chunked::Trailer { line: 0 }, b'\n') => Some(Chunked::Done),
        (Chunked::Trailer { line: 0 }, b'\r') | (Chunked::Trailer { .. }, b'\n') => Some(Chunked::Trailer { line: 0 }),
        (Chunked::Trailer { line }, _) => (line < LINE_BYTES_MAX).then(|| Chunked::Trailer { line: line + 1 }),
        (Chunked::Size { .. } | Chunked::Break | Chunked::Data { .. } | Chunked::Done, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data and length of a body that comes in pieces of this size.
    fn read(mut body: Body, bytes: &[u8], piece: usize) -> Option<(Vec<u8>, usize)> {
        let (mut data, mut at) = (Vec::new(), 0);
        while !body.is_done() && at < bytes.len() {
            match body.bite(&bytes[at..(at + piece).min(bytes.len())]) {
                Bite::Data(count) => {
                    data.extend_from_slice(&bytes[at..at + count]);
                    at += count;
                }
                Bite::Frame(count) => at += count,
                Bite::Foreign => return None,
            }
        }
        body.is_done().then_some((data, at))
    }

    #[test]
    fn chunks_end_where_they_say_however_they_are_cut() {
        let whole = b"4;a=\"b\"\r\nshop\r\nA \r\n0123456789\r\n0\r\nx: y\r\n\r\nGET /";
        for piece in 1..whole.len() {
            let (data, at) = read(Body::new(Framing::Chunked), whole, piece).unwrap();
            assert_eq!((data.as_slice(), &whole[at..]), (&b"shop0123456789"[..], &b"GET /"[..]), "{piece}");
        }
    }

    #[test]
    fn what_is_no_chunk_is_told() {
        for bytes in ["\r\n", "g\r\n", "1\r\nab\r\n", "1234567890123456\r\n"] {
            assert_eq!(read(Body::new(Framing::Chunked), bytes.as_bytes(), 64), None, "{bytes}");
        }
    }

    #[test]
    fn a_length_is_a_length() {
        assert_eq!(read(Body::Length(3), b"abcdef", 2), Some((b"abc".to_vec(), 3)));
    }
}
