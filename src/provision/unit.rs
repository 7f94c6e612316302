//! systemd's syntax (systemd.syntax(7), systemd.service(5)): the command of a unit, its words, and words of ours.

use std::str::Chars;

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it is written, with its quotes: it means the same to systemd elsewhere.
    pub(super) raw: String,
    /// Without quotes and escapes; specifiers and variables are still in it.
    pub(super) plain: String,
}

/// The `ExecStart=` that counts: the last one in `[Service]`, unless an empty one comes after it.
pub(super) fn exec_start(unit: &str) -> Option<String> {
    let mut is_service = false;
    let mut command = None;
    for line in logical_lines(unit) {
        let line = line.trim();
        if line.starts_with('[') {
            is_service = line == "[Service]";
        } else if let Some((key, value)) = line.split_once('=')
            && is_service
            && key.trim_end() == "ExecStart"
        {
            command = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        }
    }
    command
}

/// Lines with those that continue them. A remark is none, also between them, and does not go on.
fn logical_lines(unit: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut begun = String::new();
    for line in unit.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        begun.push_str(line);
        // Two backslashes are one that is meant.
        if begun.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1 {
            begun.pop();
            begun.push(' ');
        } else {
            lines.push(std::mem::take(&mut begun));
        }
    }
    lines.push(begun);
    lines
}

/// The words of a command; `None`: systemd does not understand it.
pub(super) fn words(command: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut chars = command.chars();
    loop {
        let start = chars.as_str().trim_start_matches(is_blank);
        if start.is_empty() {
            return Some(words);
        }
        chars = start.chars();
        let plain = plain_word(&mut chars)?;
        let raw = start[..start.len() - chars.as_str().len()].trim_end_matches(is_blank);
        words.push(Word { raw: raw.to_owned(), plain });
    }
}

fn is_blank(c: char) -> bool {
    " \t\n\r".contains(c)
}

/// Takes a word and the blank behind it.
fn plain_word(chars: &mut Chars<'_>) -> Option<String> {
    let mut plain = Vec::new();
    let mut quote = None;
    let mut buffer = [0; 4];
    loop {
        match (chars.next(), quote) {
            (None, None) => return String::from_utf8(plain).ok(),
            (None, Some(_)) => return None,
            (Some(c), None) if is_blank(c) => return String::from_utf8(plain).ok(),
            (Some('\\'), _) => plain.extend(escaped(chars)?),
            (Some(c), Some(open)) if c == open => quote = None,
            (Some(c @ ('"' | '\'')), None) => quote = Some(c),
            (Some(c), _) => plain.extend(c.encode_utf8(&mut buffer).bytes()),
        }
    }
}

/// What stands behind a backslash.
fn escaped(chars: &mut Chars<'_>) -> Option<Vec<u8>> {
    let before = chars.as_str();
    let byte = match chars.next()? {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        's' => b' ',
        c @ ('\\' | '"' | '\'') => c as u8,
        'x' => u8::try_from(number(chars, 2, 16)?).ok()?,
        'u' => return char::from_u32(number(chars, 4, 16)?).map(|c| c.to_string().into_bytes()),
        'U' => return char::from_u32(number(chars, 8, 16)?).map(|c| c.to_string().into_bytes()),
        _ => {
            *chars = before.chars();
            u8::try_from(number(chars, 3, 8)?).ok()?
        }
    };
    Some(vec![byte])
}

/// A number of so many digits; zero is none, because no word can have it in it.
fn number(chars: &mut Chars<'_>, digits: usize, radix: u32) -> Option<u32> {
    let (text, rest) = chars.as_str().split_at_checked(digits)?;
    *chars = rest.chars();
    let is_number = text.chars().all(|c| c.is_digit(radix));
    is_number.then(|| u32::from_str_radix(text, radix).ok())?.filter(|number| *number != 0)
}

/// Whether `$` means a variable: it does in `ExecStart=`, it does not in `Environment=` (systemd.exec(5)).
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Dollar {
    Doubled,
    Plain,
}

/// A word for systemd: specifiers, variables, quotes and control characters lose their meaning.
pub(super) fn quote(word: &str, dollar: Dollar) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_@+=:,./-[]".contains(c);
    if !word.is_empty() && word.chars().all(is_safe) {
        return word.to_owned();
    }
    let mut quoted = String::from('"');
    for c in word.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            '$' if dollar == Dollar::Doubled => quoted.push_str("$$"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_ascii_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A word of a command as the program gets it, where no variable and no specifier is in it.
pub(super) fn meant(word: &Word) -> String {
    word.plain.replace("%%", "%").replace("$$", "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(command: &str) -> Option<Vec<String>> {
        Some(words(command)?.into_iter().map(|word| word.plain).collect())
    }

    #[test]
    fn the_command_that_counts_is_the_last_of_its_section() {
        for (unit, command) in [
            ("[Service]\nExecStart=/a\nExecStart=\nExecStart=/b", Some("/b")),
            ("[Service]\nExecStart=/a\nExecStart=\n", None),
            ("[Service]\n  ExecStart = /a  \nExecStartPre=/b\n", Some("/a")),
            ("[Service]\nExecStart=/a\n[X-Old]\nExecStart=/b", Some("/a")),
            ("[Service]\n# an older one \\\nExecStart=/a", Some("/a")),
            ("[Service]\nExecStart=/a \\\n  # no \\\n ; no\n b", Some("/a   b")),
            ("[Service]\nExecStart=/a \\\\\nb=c", Some("/a \\\\")),
            ("[Service]\nExecStart=/a \\", Some("/a")),
            ("", None),
        ] {
            assert_eq!(exec_start(unit).as_deref(), command, "{unit}");
        }
    }

    #[test]
    fn quotes_and_escapes_are_systemds() {
        let read = words(r#"/a --x="b  c"'d' "" \x41\101\u00fc\s\" 'e\'f'"#).expect("a command");
        let raw: Vec<&str> = read.iter().map(|word| word.raw.as_str()).collect();
        assert_eq!(raw, ["/a", r#"--x="b  c"'d'"#, r#""""#, r#"\x41\101\u00fc\s\""#, r"'e\'f'"]);
        let read: Vec<String> = read.into_iter().map(|word| word.plain).collect();
        assert_eq!(read, ["/a", "--x=b  cd", "", "AA\u{fc} \"", "e'f"]);
        for refused in ["\"a", "'a", "a\\", r"\q", r"\x4", r"\x00", r"\400", r"\ud800"] {
            assert_eq!(plain(refused), None, "{refused}");
        }
    }

    #[test]
    fn awkward_words_are_quoted_and_read_back() {
        for (word, quoted) in [
            ("tcp://0.0.0.0:2376", "tcp://0.0.0.0:2376"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("100%", "\"100%%\""),
            ("$HOME", "\"$$HOME\""),
            ("say \"x\\y\"", r#""say \"x\\y\"""#),
            ("it's;", "\"it's;\""),
            ("a\nb\tc", "\"a\\nb\\x09c\""),
        ] {
            assert_eq!(quote(word, Dollar::Doubled), quoted);
            assert_eq!(words(quoted).expect("a word").iter().map(meant).collect::<Vec<_>>(), [word]);
        }
        assert_eq!(quote("A=$B %", Dollar::Plain), "\"A=$B %%\"");
    }
}
