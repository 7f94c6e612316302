//! A machine's name: checked once, before any path is built from it.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// A name that is safe as a folder and as a host name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = Error;

    /// The original's rule for `create`, here for every command: a letter or digit, then letters, digits, `.`, `-`.
    fn from_str(text: &str) -> Result<Self> {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(inner) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::msg("Invalid hostname specified. Allowed hostname chars are: 0-9a-zA-Z . -"))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_leave_the_folder_are_refused() {
        for bad in ["", ".", "..", "-", "../certs", "a/b", "/a", ".hidden", "a_b", "a b", "∞", "a\0b", "-f"] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
        for good in ["a", "0", "web-1.example", "A.b-"] {
            assert!(good.parse::<Name>().is_ok(), "{good:?}");
        }
    }
}
