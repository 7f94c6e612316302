//! Go's `strconv`: which words are switches and numbers.

/// Why a word is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntError {
    /// Not the form of a number.
    Syntax,
    /// More than 64 bits.
    Range,
}

/// `strconv.ParseBool`.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `strconv.ParseInt(text, 0, 64)`: decimal, `0x`, `0o`, `0b`, a leading 0 for octal, `_` between digits.
pub(crate) fn parse_int(text: &str) -> Result<i64, IntError> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = radix(unsigned);
    if unsigned.is_empty() || !underscores_separate_digits(unsigned) {
        return Err(IntError::Syntax);
    }
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(IntError::Syntax);
    }
    let sign = if negative { "-" } else { "" };
    let padded = format!("{sign}0{digits}");
    i64::from_str_radix(&padded, radix).map_err(|_| IntError::Range)
}

fn radix(unsigned: &str) -> (u32, &str) {
    let Some(rest) = unsigned.strip_prefix('0') else { return (10, unsigned) };
    let prefixed = |radix| (radix, &rest[1..]);
    match rest.as_bytes() {
        [b'x' | b'X', _, ..] => prefixed(16),
        [b'o' | b'O', _, ..] => prefixed(8),
        [b'b' | b'B', _, ..] => prefixed(2),
        _ => (8, rest),
    }
}

/// Each `_` has a digit, or the base's prefix, on its left and a digit on its right.
fn underscores_separate_digits(unsigned: &str) -> bool {
    let has_prefix = ["0x", "0X", "0o", "0O", "0b", "0B"].iter().any(|prefix| unsigned.starts_with(prefix));
    let body = if has_prefix { &unsigned[2..] } else { unsigned };
    let starts_well = has_prefix || !body.starts_with('_');
    starts_well && !body.ends_with('_') && !body.contains("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        let good = [
            ("10", 10),
            ("0", 0),
            ("-5", -5),
            ("+5", 5),
            ("0x10", 16),
            ("0XfF", 255),
            ("010", 8),
            ("0o17", 15),
            ("0b11", 3),
            ("1_000", 1000),
            ("0x_1", 1),
            ("0_7", 7),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ];
        for (text, number) in good {
            assert_eq!(parse_int(text), Ok(number), "{text}");
        }
        for text in ["", "-", "x", "08", "0x", "0xg", "1.5", " 1", "_1", "1_", "1__0", "--1", "0-7", "1e3", "٣"] {
            assert_eq!(parse_int(text), Err(IntError::Syntax), "{text}");
        }
        assert_eq!(parse_int("9223372036854775808"), Err(IntError::Range));
    }

    #[test]
    fn switches_are_read_as_go_reads_them() {
        assert_eq!(parse_bool("T"), Some(true));
        assert_eq!(parse_bool("False"), Some(false));
        assert_eq!([parse_bool("yes"), parse_bool(""), parse_bool("tRUE")], [None; 3]);
    }
}
