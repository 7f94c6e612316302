//! systemd's reading of a unit (systemd.syntax(7), systemd.service(5), `extract_first_word` and `config_parse` in its
//! source), written from its description and not from our own code, which is compared with it.

/// The values of a key in `[Service]`, since the last empty one.
pub(crate) fn values(unit: &str, key: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut section = String::new();
    for line in lines(unit) {
        if let Some(name) = line.strip_prefix('[') {
            // systemd refuses a file with an open one; nothing below it counts.
            section = name.strip_suffix(']').unwrap_or_default().to_owned();
        } else if section == "Service"
            && let Some((name, value)) = line.split_once('=')
            && name.trim_end() == key
        {
            match value.trim() {
                "" => values.clear(),
                value => values.push(value.to_owned()),
            }
        }
    }
    values
}

/// Logical lines: comments left out, also between continued lines; a backslash at the end stands for a blank.
fn lines(unit: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open: Option<String> = None;
    for line in unit.split('\n') {
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let joined = open.take().unwrap_or_default() + line;
        let escapes = joined.chars().rev().take_while(|c| *c == '\\').count();
        match escapes % 2 {
            1 => open = Some(format!("{} ", &joined[..joined.len() - 1])),
            _ => lines.push(joined.trim().to_owned()),
        }
    }
    lines.extend(open.map(|line| line.trim().to_owned()));
    lines
}

/// The words of a command or of an assignment, without quotes and escapes; `None`: systemd refuses the line.
pub(crate) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| " \t\n\r".contains(*c)).is_some() {}
        if chars.peek().is_none() {
            return Some(words);
        }
        let (mut word, mut quote) = (Vec::new(), None);
        loop {
            match (chars.next(), quote) {
                (None, None) => break,
                (None, Some(_)) => return None,
                (Some('\\'), _) => unescape(&mut chars, &mut word)?,
                (Some(c), Some(open)) if c == open => quote = None,
                (Some(c @ ('"' | '\'')), None) => quote = Some(c),
                (Some(' ' | '\t' | '\n' | '\r'), None) => break,
                (Some(c), _) => word.extend(c.to_string().bytes()),
            }
        }
        words.push(String::from_utf8(word).ok()?);
    }
}

fn unescape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, word: &mut Vec<u8>) -> Option<()> {
    let plain = chars.next()?;
    let mut number = |first: Option<char>, digits: usize, radix: u32| {
        let text: String = first.into_iter().chain(chars.by_ref().take(digits)).collect();
        let is_whole = text.chars().all(|c| c.is_digit(radix));
        is_whole.then(|| u32::from_str_radix(&text, radix).ok())?.filter(|number| *number != 0)
    };
    let byte = match plain {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        's' => b' ',
        '\\' | '"' | '\'' => plain as u8,
        'x' => u8::try_from(number(None, 2, 16)?).ok()?,
        '0'..='7' => u8::try_from(number(Some(plain), 2, 8)?).ok()?,
        'u' | 'U' => {
            let digits = if plain == 'u' { 4 } else { 8 };
            word.extend(char::from_u32(number(None, digits, 16)?)?.to_string().bytes());
            return Some(());
        }
        _ => return None,
    };
    word.push(byte);
    Some(())
}

/// `%%` is a percent sign; `None`: another specifier, whose value is the host's affair.
pub(crate) fn specifiers(word: &str) -> Option<String> {
    doubled(word, '%')
}

/// `$$` is a dollar sign; `None`: a variable.
pub(crate) fn dollars(word: &str) -> Option<String> {
    doubled(word, '$')
}

fn doubled(word: &str, sign: char) -> Option<String> {
    let mut plain = String::new();
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        if c == sign && chars.next() != Some(sign) {
            return None;
        }
        plain.push(c);
    }
    Some(plain)
}
