//! Text from elsewhere for a terminal: its control characters are shown and not obeyed.

use std::borrow::Cow;

/// With control characters as `\x1b`; line ends and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    shown(text, |c| c.is_control() && !matches!(c, '\n' | '\t'))
}

/// As [`visible`], for what has to stay on its line: a name, a cell of a table.
pub fn visible_line(text: &str) -> Cow<'_, str> {
    shown(text, char::is_control)
}

fn shown(text: &str, is_hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    // What came through a terminal ends its lines with both.
    for c in text.replace("\r\n", "\n").chars() {
        if is_hidden(c) {
            shown.push_str(&format!("\\x{:02x}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// At most so many characters, with `…` for the rest.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_letters() {
        assert_eq!((shortened("über", 4), shortened("über", 1)), ("über".into(), "ü…".into()));
    }

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        for (text, seen) in [
            ("plain\n\ttext – ü\n", "plain\n\ttext – ü\n"),
            ("\u{1b}]0;title\u{7}", "\\x1b]0;title\\x07"),
            ("\u{9b}31mred", "\\x9b31mred"),
            ("gone\u{8}\u{8}\u{7f}", "gone\\x08\\x08\\x7f"),
            ("over\rwritten", "over\\x0dwritten"),
            ("a line\r\n", "a line\n"),
        ] {
            assert_eq!(visible(text), seen);
        }
        assert_eq!(visible_line("a\nhint: b\t"), "a\\x0ahint: b\\x09");
        assert!(matches!(visible("as it is"), Cow::Borrowed(_)));
    }
}
