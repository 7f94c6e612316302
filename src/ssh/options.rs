//! The words after `ssh NAME` for the built-in client: the OpenSSH options that it knows, then the command.

use crate::error::{Error, Result};

/// When a terminal is asked for on the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tty {
    /// For a shell, if our input is a terminal.
    #[default]
    Auto,
    /// `-t`: for a command too, if our input is a terminal.
    Wanted,
    /// `-tt`: always.
    Forced,
    /// `-T`: never.
    Never,
}

/// A place to listen: `[ADDRESS:]PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address; `None` is the loopback.
    pub address: Option<String>,
    /// The port.
    pub port: u16,
}

/// `-L` or `-R`: connections to `listen` go to `host:port` on the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Where to listen.
    pub listen: Listen,
    /// Where connections go.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// What the words ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `-t`, `-tt`, `-T`.
    pub tty: Tty,
    /// `-A`: the host may use our agent.
    pub agent: bool,
    /// `-N`: no command, only forwarding.
    pub no_command: bool,
    /// `-n`: no standard input.
    pub no_input: bool,
    /// `-v`: say more.
    pub verbose: bool,
    /// `-L`.
    pub local: Vec<Forward>,
    /// `-R`.
    pub remote: Vec<Forward>,
    /// `-D`: a SOCKS proxy.
    pub dynamic: Vec<Listen>,
    /// The command's words, joined with blanks as OpenSSH does; `None`: a shell.
    pub command: Option<String>,
}

/// Accepted without effect: compression, protocol family, X11 and agent refusals, which are our ways anyway.
const WITHOUT_EFFECT: &str = "46Caqxk";

/// Understands the words.
///
/// # Errors
/// An option that the built-in client does not know, or a value that makes no sense.
pub fn parse(words: &[String]) -> Result<Options> {
    let mut options = Options::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if word == "--" {
            options.command = joined(rest.as_slice());
            return Ok(options);
        }
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            options.command = joined(&words[words.len() - rest.len() - 1..]);
            return Ok(options);
        };
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            if !options.switch(letter) {
                let attached = letters.as_str();
                let value = if attached.is_empty() { rest.next().map(String::as_str) } else { Some(attached) };
                options.valued(letter, value)?;
                break;
            }
        }
    }
    Ok(options)
}

fn joined(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(" "))
}

impl Options {
    /// An option without a value; false: it is none of those.
    fn switch(&mut self, letter: char) -> bool {
        match letter {
            't' if matches!(self.tty, Tty::Wanted | Tty::Forced) => self.tty = Tty::Forced,
            't' => self.tty = Tty::Wanted,
            'T' => self.tty = Tty::Never,
            'A' => self.agent = true,
            'N' => self.no_command = true,
            'n' => self.no_input = true,
            'v' => self.verbose = true,
            letter => return WITHOUT_EFFECT.contains(letter),
        }
        true
    }

    fn valued(&mut self, letter: char, value: Option<&str>) -> Result<()> {
        if !"LRD".contains(letter) {
            return Err(Error::msg(format!("the built-in SSH client does not know the option -{letter}"))
                .hint("install OpenSSH's ssh and leave out --native-ssh to use all its options"));
        }
        let value = value.ok_or_else(|| Error::msg(format!("the option -{letter} needs a value")))?;
        let bad = || Error::msg(format!("-{letter} {value}: expected {}", form(letter)));
        match letter {
            'D' => self.dynamic.push(listen(&parts(value).ok_or_else(bad)?).ok_or_else(bad)?),
            'L' => self.local.push(forward(value).ok_or_else(bad)?),
            _ => self.remote.push(forward(value).ok_or_else(bad)?),
        }
        Ok(())
    }
}

fn form(letter: char) -> &'static str {
    if letter == 'D' { "[ADDRESS:]PORT" } else { "[ADDRESS:]PORT:HOST:PORT" }
}

/// Splits at colons; an address in brackets stays whole.
fn parts(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let (part, after) = if let Some(inside) = rest.strip_prefix('[') {
            let (address, after) = inside.split_once(']')?;
            (address, after)
        } else {
            let end = rest.find(':').unwrap_or(rest.len());
            (&rest[..end], &rest[end..])
        };
        parts.push(part.to_owned());
        match after.strip_prefix(':') {
            Some(next) => rest = next,
            None => return after.is_empty().then_some(parts),
        }
    }
}

fn listen(parts: &[String]) -> Option<Listen> {
    match parts {
        [port] => Some(Listen { address: None, port: port.parse().ok()? }),
        [address, port] => {
            let every = address.is_empty() || address == "*";
            let address = if every { "0.0.0.0".to_owned() } else { address.clone() };
            Some(Listen { address: Some(address), port: port.parse().ok()? })
        }
        _ => None,
    }
}

fn forward(text: &str) -> Option<Forward> {
    let parts = parts(text)?;
    let (from, to) = parts.split_at_checked(parts.len().checked_sub(2)?)?;
    let [host, port] = to else { return None };
    Some(Forward { listen: listen(from)?, host: host.clone(), port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Options {
        parse(&words(line)).unwrap()
    }

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn here(port: u16) -> Listen {
        Listen { address: None, port }
    }

    #[test]
    fn nothing_is_a_shell_and_words_are_a_command() {
        assert_eq!(parsed(""), Options::default());
        assert_eq!(parsed("ls -l -t /").command.as_deref(), Some("ls -l -t /"));
        assert_eq!(parse(&["echo a  b".to_owned()]).unwrap().command.as_deref(), Some("echo a  b"));
    }

    #[test]
    fn two_dashes_end_the_options() {
        assert_eq!(parsed("-- -t x").command.as_deref(), Some("-t x"));
        assert_eq!(parsed("-T -- cat").command.as_deref(), Some("cat"));
        assert_eq!(parsed("--").command, None);
    }

    #[test]
    fn terminal_options_add_up_as_in_openssh() {
        for (line, tty) in
            [("-t", Tty::Wanted), ("-tt", Tty::Forced), ("-t -t", Tty::Forced), ("-T", Tty::Never), ("-q", Tty::Auto)]
        {
            assert_eq!(parsed(line).tty, tty, "{line}");
        }
    }

    #[test]
    fn letters_can_be_joined_and_values_attached() {
        let options = parsed("-NnqL 8080:localhost:80 -D1080 -AvR 9000:[::1]:90");
        assert!(options.no_command && options.no_input && options.agent && options.verbose);
        assert_eq!(options.local, [Forward { listen: here(8080), host: "localhost".into(), port: 80 }]);
        assert_eq!(options.remote, [Forward { listen: here(9000), host: "::1".into(), port: 90 }]);
        assert_eq!(options.dynamic, [here(1080)]);
    }

    #[test]
    fn a_forward_may_name_where_it_listens() {
        let at = |line: &str| parsed(line).local[0].listen.address.clone().unwrap();
        assert_eq!(at("-L 127.0.0.2:80:web:81"), "127.0.0.2");
        assert_eq!(at("-L [::1]:80:web:81"), "::1");
        assert_eq!(at("-L *:80:web:81"), "0.0.0.0");
        assert_eq!(at("-L :80:web:81"), "0.0.0.0");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in
            ["-X", "-o A=b", "-L", "-L 80", "-L 80:x", "-L a:b:c", "-L 99999:h:1", "-R 80", "-D x", "-L [::1:80:a:1"]
        {
            assert!(parse(&words(line)).is_err(), "{line}");
        }
    }
}
