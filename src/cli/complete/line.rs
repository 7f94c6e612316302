//! bash's line: bash hands over words cut at `:` and `=`, so we take the whole line and cut it ourselves, and give
//! back only what stands after bash's last cut.

/// A command line up to the cursor, cut into words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The words without their quotes; the last one, perhaps empty, is the one under the cursor.
    pub(super) words: Vec<String>,
    /// The word under the cursor is where a redirection leads.
    pub(super) redirected: bool,
    /// How much of the last word bash leaves alone, in bytes.
    kept: usize,
    /// The quote that is open at the cursor.
    quote: Option<char>,
}

impl Line {
    /// Cuts a line as a shell does. `breaks`: bash's `COMP_WORDBREAKS`.
    pub(super) fn cut(line: &str, breaks: &str) -> Self {
        let mut cut = Self { words: vec![String::new()], ..Self::default() };
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match (cut.quote, letter) {
                (Some(quote), _) if letter == quote => cut.quote = None,
                (Some('\''), _) => cut.push(letter),
                (_, '\\') => cut.push_escaped(letters.next()),
                (Some(_), _) => cut.push(letter),
                (None, '"' | '\'') => {
                    cut.quote = Some(letter);
                    cut.kept = cut.current().len();
                }
                (None, ' ' | '\t' | '\n') => cut.end_word(),
                (None, '<' | '>') => {
                    cut.end_word();
                    cut.redirected = true;
                }
                (None, _) => {
                    cut.push(letter);
                    if breaks.contains(letter) {
                        cut.kept = cut.current().len();
                    }
                }
            }
        }
        cut
    }

    /// What bash must put in the place of the rest of the last word, for a candidate that goes on from that word;
    /// a blank at the end where the word is complete.
    pub(super) fn rest(&self, candidate: &str) -> String {
        let rest = candidate.get(self.kept..).unwrap_or_default();
        let special: &str = match self.quote {
            Some('\'') => "",
            Some(_) => "\"$`\\",
            None => " \t\"'`$\\|&;<>()*?[]{}!#~",
        };
        let mut quoted = String::with_capacity(rest.len() + 1);
        for letter in rest.chars() {
            // A home folder that was typed as `~` goes on being one.
            let home = letter == '~' && quoted.is_empty() && self.kept == 0;
            if special.contains(letter) && !home {
                quoted.push('\\');
            }
            quoted.push(letter);
        }
        // bash itself closes a quote that is open.
        if self.quote.is_none() && !candidate.ends_with(['=', ':', '/']) {
            quoted.push(' ');
        }
        quoted
    }

    fn current(&mut self) -> &mut String {
        self.words.last_mut().expect("there is always a last word")
    }

    fn push(&mut self, letter: char) {
        self.current().push(letter);
    }

    fn push_escaped(&mut self, letter: Option<char>) {
        // Between double quotes a backslash stays one before most letters.
        if self.quote.is_some() && !letter.is_some_and(|letter| "\"$`\\".contains(letter)) {
            self.push('\\');
        }
        self.current().extend(letter);
    }

    fn end_word(&mut self) {
        if self.current().is_empty() {
            return;
        }
        if self.redirected {
            self.words.pop();
            self.redirected = false;
        }
        self.words.push(String::new());
        self.kept = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// bash's own value.
    const BREAKS: &str = " \t\n\"'><=;|&(:";

    fn words(line: &str) -> String {
        Line::cut(line, BREAKS).words.join("|")
    }

    #[test]
    fn a_line_is_cut_as_a_shell_cuts_it() {
        for (line, wanted) in [
            ("dm ", "dm|"),
            ("dm  ls\t-q", "dm|ls|-q"),
            ("dm -s /a\\ b 'c d' \"e \\\"f\" g", "dm|-s|/a b|c d|e \"f|g"),
            ("dm ssh 'open it", "dm|ssh|open it"),
            ("dm scp web:/et", "dm|scp|web:/et"),
            ("dm env web > file ", "dm|env|web|"),
            ("dm ssh \"a\\b", "dm|ssh|a\\b"),
        ] {
            assert_eq!(words(line), wanted, "{line}");
        }
        assert!(Line::cut("dm env web >fi", BREAKS).redirected);
        assert!(Line::cut("dm env web > ", BREAKS).redirected);
        assert!(!Line::cut("dm env web > file ", BREAKS).redirected);
    }

    #[test]
    fn bash_is_given_what_stands_after_its_last_cut() {
        for (line, candidate, wanted) in [
            ("dm e", "env", "env "),
            ("dm scp web:/et", "web:/etc/", "/etc/"),
            ("dm scp web:/a\\ b", "web:/a bc", "/a\\ bc "),
            ("dm ls --filter=dri", "--filter=driver=", "driver="),
            ("dm ls --filter=driver=g", "--filter=driver=generic", "generic "),
            ("dm scp we", "web:", "web:"),
            ("dm scp 'web:/a b", "web:/a b's", "web:/a b's"),
            ("dm scp \"we", "web $1", "web \\$1"),
            ("dm scp ~/a", "~/a b", "~/a\\ b "),
        ] {
            assert_eq!(Line::cut(line, BREAKS).rest(candidate), wanted, "{line}");
        }
        assert_eq!(Line::cut("dm scp web:/et", " \t\n").rest("web:/etc/hosts"), "web:/etc/hosts ");
    }
}
