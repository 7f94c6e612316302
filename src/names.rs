//! What may be a login name, a host and a file name: these words come from records, flags, variables and the network,
//! and no program may take them for an option, a command or a line of a configuration file.

use std::path::Path;

use crate::error::{Error, Result};

/// What OpenSSH 9.6 and later refuse in a login name, and what divides `USER@HOST:PATH`.
const NOT_IN_USERS: &str = "'`\";&<>|(){}:/";
/// The same for a host.
const NOT_IN_HOSTS: &str = "'`\"$\\;&<>|(){}[]@/";

/// Checks a login name.
///
/// # Errors
/// It could be taken for something else.
pub fn check_user(user: &str) -> Result<()> {
    let trouble = trouble(user, NOT_IN_USERS).or_else(|| user.ends_with('\\').then(|| "it ends with '\\'".to_owned()));
    refuse("a login name", user, trouble)
}

/// Checks an address or a host name, without brackets.
///
/// # Errors
/// It could be taken for something else.
pub fn check_host(host: &str) -> Result<()> {
    refuse("an address or a host name", host, trouble(host, NOT_IN_HOSTS))
}

/// Checks an engine's URL.
///
/// # Errors
/// It would be more than one word of a command line, or more than one line.
pub fn check_url(url: &str) -> Result<()> {
    refuse("an engine's URL", url, trouble(url, ""))
}

/// Checks the name of a file that OpenSSH is told.
///
/// # Errors
/// It would be more than one line.
pub fn check_file(file: &Path) -> Result<()> {
    let name = file.display().to_string();
    let found = name.contains(char::is_control).then(|| control().to_owned());
    refuse("the name of a file for OpenSSH", &name, found)
}

fn control() -> &'static str {
    "it has a control character in it"
}

fn trouble(word: &str, forbidden: &str) -> Option<String> {
    if word.starts_with('-') {
        return Some("it begins with a dash".to_owned());
    }
    word.chars().find_map(|c| match c {
        c if c.is_control() => Some(control().to_owned()),
        c if c.is_whitespace() => Some("it has a blank in it".to_owned()),
        c if forbidden.contains(c) => Some(format!("it has {c:?} in it")),
        _ => None,
    })
}

fn refuse(what: &str, word: &str, trouble: Option<String>) -> Result<()> {
    trouble.map_or(Ok(()), |why| Err(Error::msg(format!("{word:?} cannot be {what}: {why}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_option_a_command_or_two_lines_is_no_name() {
        for user in
            ["-oProxyCommand=x", "-", "a b", "a\nb", "a\tb", "a;b", "$(x)", "`x`", "host:x", "a/b", "a\\", "\u{9b}"]
        {
            assert!(check_user(user).is_err(), "{user:?}");
        }
        for host in ["-oProxyCommand=x", "h\nProxyCommand x", "h x", "$h", "h;x", "a@h", "h/x", "[h]", "h\0", "\u{85}"]
        {
            assert!(check_host(host).is_err(), "{host:?}");
        }
    }

    #[test]
    fn names_that_people_have_are_taken() {
        for user in ["root", "ubuntu", "jane.doe@example.org", "DOMAIN\\jane", "svc-1_x", "jürgen", "box$", ""] {
            check_user(user).unwrap();
        }
        for host in ["192.0.2.7", "2001:db8::1", "fe80::1%eth0", "web.example", "bücher.example", "my_host", ""] {
            check_host(host).unwrap();
        }
    }

    #[test]
    fn the_message_shows_the_word_harmlessly() {
        let error = check_user("a\u{1b}]0;x\u{7}").unwrap_err();
        assert_eq!(error.message(), r#""a\u{1b}]0;x\u{7}" cannot be a login name: it has a control character in it"#);
        assert_eq!(check_user("-x").unwrap_err().message(), r#""-x" cannot be a login name: it begins with a dash"#);
    }
}
