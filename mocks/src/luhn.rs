//! The check digit of card numbers (Luhn, US patent 2,950,048).

/// The digits of a number as people write it, if it can be a card's: 12 to 19 of them, and the last one checks the others.
pub(crate) fn digits_of(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    ((12..=19).contains(&digits.len()) && checks(&digits)).then_some(digits)
}

fn checks(digits: &str) -> bool {
    let mut sum = 0;
    for (place, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(byte - b'0');
        sum += match (place % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        };
    }
    sum % 10 == 0
}

#[cfg(test)]
mod tests {
    use super::digits_of;

    #[test]
    fn blanks_are_left_out_and_a_wrong_digit_is_found() {
        assert_eq!(digits_of("4242 4242-4242 4242").as_deref(), Some("4242424242424242"));
        for number in ["4242424242424241", "4242", "424242424242424x", "", "００００００００００００"] {
            assert_eq!(digits_of(number), None, "{number}");
        }
    }
}
