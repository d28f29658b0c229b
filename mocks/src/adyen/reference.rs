//! Adyen's references: sixteen letters and digits that lead back to a row and a part of it.

use crate::identity::Identity;

/// Letters and digits that are not taken for each other.
const DIGITS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const HEAD_LENGTH: usize = 9;
const TAIL_LENGTH: usize = 7;
const PART_BITS: u32 = 10;
/// Bits of what is told by a tail.
const TAIL_MASK: i64 = (1 << (5 * TAIL_LENGTH)) - 1;
const HEAD_MASK: i64 = (1 << (5 * HEAD_LENGTH)) - 1;

/// As many parts as one row can have; part 0 is the row itself.
pub(super) const PARTS_MAX: u32 = (1 << PART_BITS) - 1;

/// Whose reference it is; each kind counts for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Payment,
    Session,
    StoredMethod,
    /// What a shopper brings back from the page where the holder was asked.
    RedirectResult,
    /// A request that found nothing to act on.
    Request,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Payment => "psp",
            Self::Session => "psp session",
            Self::StoredMethod => "psp method",
            Self::RedirectResult => "psp redirect",
            Self::Request => "psp request",
        }
    }
}

fn tail(identity: Identity, kind: Kind, value: i64) -> i64 {
    identity.hash(kind.name(), value, "") & TAIL_MASK
}

/// The head is hidden behind its tail, so that references do not count up before one's eyes.
fn veil(identity: Identity, tail: i64) -> i64 {
    identity.hash("psp veil", tail, "") & HEAD_MASK
}

/// The reference of a row's part.
pub(super) fn make(identity: Identity, kind: Kind, n: i64, part: u32) -> String {
    let value = (n << PART_BITS | i64::from(part)) & HEAD_MASK;
    let tail = tail(identity, kind, value);
    let mut text = String::with_capacity(HEAD_LENGTH + TAIL_LENGTH);
    push(&mut text, tail, TAIL_LENGTH);
    push(&mut text, value ^ veil(identity, tail), HEAD_LENGTH);
    text
}

/// The row and part of a reference that this store made.
pub(super) fn read(identity: Identity, kind: Kind, text: &str) -> Option<(i64, u32)> {
    if text.len() != HEAD_LENGTH + TAIL_LENGTH || !text.is_ascii() {
        return None;
    }
    let (shown, head) = (value(&text[..TAIL_LENGTH])?, value(&text[TAIL_LENGTH..])?);
    let head = head ^ veil(identity, shown);
    (tail(identity, kind, head) == shown).then_some((head >> PART_BITS, (head & i64::from(PARTS_MAX)) as u32))
}

fn push(text: &mut String, value: i64, length: usize) {
    for place in (0..length).rev() {
        text.push(char::from(DIGITS[(value >> (5 * place) & 31) as usize]));
    }
}

fn value(text: &str) -> Option<i64> {
    text.bytes().try_fold(0, |value, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        Some(value << 5 | digit as i64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lead_back_to_their_row_and_part() {
        let identity = Identity::new(7);
        for n in [0, 1, 62, 1_000_000, 20_000_000_000] {
            for part in [0, 1, 7, PARTS_MAX] {
                let text = make(identity, Kind::Payment, n, part);
                assert_eq!(text.len(), 16);
                assert_eq!(read(identity, Kind::Payment, &text), Some((n, part)), "{text}");
                assert_eq!(read(identity, Kind::Session, &text), None);
                assert_eq!(read(Identity::new(8), Kind::Payment, &text), None);
            }
        }
    }

    #[test]
    fn strangers_are_not_read() {
        for stranger in ["", "8515131751004933", "ÄÄÄÄÄÄÄÄ", "LZSLLT7VMX6ZWKX5", "lzsllt7vmx6zwkx5"] {
            assert_eq!(read(Identity::new(7), Kind::Payment, stranger), None, "{stranger}");
        }
    }
}
