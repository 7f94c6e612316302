//! `/etc/os-release`: its real grammar (os-release(5)), not a split at `=`.

use std::collections::BTreeMap;

/// The assignments of an os-release file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsRelease(BTreeMap<String, String>);

impl OsRelease {
    /// Reads the text: comments skipped, both kinds of quotes and backslashes understood, the last assignment wins.
    pub fn parse(text: &str) -> Self {
        let assignment = |line: &str| {
            let (key, value) = line.trim().split_once('=')?;
            let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            plain.then(|| (key.to_owned(), unquote(value.trim())))
        };
        Self(text.lines().filter_map(assignment).collect())
    }

    /// A value, empty if there is none.
    pub fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// `ID`, which defaults to `linux`.
    pub fn id(&self) -> &str {
        match self.get("ID") {
            "" => "linux",
            id => id,
        }
    }

    /// The words of `ID_LIKE`, the closest relative first.
    pub fn id_like(&self) -> impl Iterator<Item = &str> {
        self.get("ID_LIKE").split_whitespace()
    }
}

fn unquote(value: &str) -> String {
    let mut result = String::new();
    let mut quote = None;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('\\', None | Some('"')) => result.extend(chars.next()),
            _ => result.push(c),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_grammar_is_read() {
        let os = OsRelease::parse(
            "# a comment with = in it\nID='rhel'\nID_LIKE=\"fedora centos\"\nVERSION_ID=9.4\n\
             HOME_URL=\"https://x/?a=b\"\nNAME=\"a \\\"quoted\\\" name\"\nID=rocky\nnot an assignment\n",
        );
        assert_eq!(os.id(), "rocky");
        assert_eq!(os.id_like().collect::<Vec<_>>(), ["fedora", "centos"]);
        assert_eq!(os.get("HOME_URL"), "https://x/?a=b");
        assert_eq!(os.get("NAME"), "a \"quoted\" name");
        assert_eq!(os.get("not an assignment"), "");
    }

    #[test]
    fn an_empty_file_is_some_linux() {
        assert_eq!(OsRelease::parse("").id(), "linux");
    }
}
