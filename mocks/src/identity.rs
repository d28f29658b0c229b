//! Identifiers that look random, sort by creation, and lead back to a row number without an index.

use model::seed::Seed;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const NUMBER_LENGTH: usize = 7;
const TAIL_LENGTH: usize = 11;

/// Makes and reads identifiers; the salt differs between stores, so that no two stores hand out the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    salt: Seed,
}

impl Identity {
    pub(crate) const fn new(salt: u64) -> Self {
        Self { salt: Seed(salt) }
    }

    /// `<prefix>_3<number><tail>`.
    pub(crate) fn make(self, prefix: &str, number: i64) -> String {
        let mut id = String::with_capacity(prefix.len() + 2 + NUMBER_LENGTH + TAIL_LENGTH + 2);
        id.push_str(prefix);
        id.push_str("_3");
        push_base62(&mut id, number as u64, NUMBER_LENGTH);
        push_base62(&mut id, self.salt.fork_nth(number as u64).0, TAIL_LENGTH);
        id
    }

    /// An identifier for the `part`-th part of the object `number`.
    pub(crate) fn make_part(self, prefix: &str, number: i64, part: usize) -> String {
        let mut id = self.make(prefix, number);
        push_base62(&mut id, part as u64, 2);
        id
    }

    /// The number of an identifier that this store made.
    pub(crate) fn read(self, prefix: &str, id: &str) -> Option<i64> {
        let rest = id.strip_prefix(prefix)?.strip_prefix("_3")?;
        if rest.len() != NUMBER_LENGTH + TAIL_LENGTH {
            return None;
        }
        let number = read_base62(rest.get(..NUMBER_LENGTH)?)? as i64;
        (self.make(prefix, number) == id).then_some(number)
    }

    /// The number of the object and of its part.
    pub(crate) fn read_part(self, prefix: &str, id: &str) -> Option<(i64, usize)> {
        let at = id.len().checked_sub(2)?;
        let part = read_base62(id.get(at..)?)?;
        Some((self.read(prefix, id.get(..at)?)?, part as usize))
    }

    /// Text that only the store can make, for client secrets and the like.
    pub(crate) fn secret(self, purpose: &str, number: i64) -> String {
        let seed = self.salt.fork(purpose).fork_nth(number as u64);
        let mut text = String::with_capacity(2 * TAIL_LENGTH);
        push_base62(&mut text, seed.0, TAIL_LENGTH);
        push_base62(&mut text, seed.fork_nth(1).0, TAIL_LENGTH);
        text
    }

    /// A number for a name, positive so that it can be a row's.
    pub(crate) fn hash(self, kind: &str, owner: i64, name: &str) -> i64 {
        (self.salt.fork(kind).fork_nth(owner as u64).fork(name).0 >> 1) as i64
    }
}

fn push_base62(text: &mut String, mut value: u64, length: usize) {
    let mut digits = [b'0'; TAIL_LENGTH];
    for digit in digits[..length].iter_mut().rev() {
        *digit = DIGITS[(value % 62) as usize];
        value /= 62;
    }
    text.extend(digits[..length].iter().map(|digit| char::from(*digit)));
}

fn read_base62(text: &str) -> Option<u64> {
    text.bytes().try_fold(0u64, |value, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        value.checked_mul(62)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_lead_back_to_their_number() {
        let identity = Identity::new(7);
        for number in [0, 1, 61, 62, 1_000_000, 400_000_000_000] {
            assert_eq!(identity.read("pi", &identity.make("pi", number)), Some(number));
            assert_eq!(identity.read_part("re", &identity.make_part("re", number, 70)), Some((number, 70)));
        }
    }

    #[test]
    fn strangers_are_not_read() {
        let id = Identity::new(7).make("pi", 5);
        assert_eq!(Identity::new(8).read("pi", &id), None);
        for stranger in ["", "pi_", "pi_3", "pi_3é", "pi_30000005aaaaaaaaaaa", "ch_3", "pi_unknown_identifier"] {
            assert_eq!(Identity::new(7).read("pi", stranger), None, "{stranger}");
            assert_eq!(Identity::new(7).read_part("pi", stranger), None, "{stranger}");
        }
    }
}
