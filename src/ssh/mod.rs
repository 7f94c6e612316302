//! Talking to a host over SSH: one kept connection, commands with status, output and error apart.
//!
//! What the program does by itself goes through [`connect`] or [`wait_for`] and a [`Remote`]; only the commands
//! `ssh`, `scp` and `mount` start the user's OpenSSH.

mod agent;
mod auth;
pub mod config_file;
pub mod copy;
#[cfg(test)]
mod copy_tests;
pub mod external;
pub mod files;
pub mod forward;
#[cfg(test)]
mod forward_tests;
mod handler;
pub mod hostkeys;
pub mod keys;
pub mod native;
#[cfg(test)]
mod native_tests;
pub mod options;
pub mod patience;
mod relays;
pub mod shell;
#[cfg(test)]
#[path = "../../tests/cli/support/sshd.rs"]
mod sshd;
pub mod terminal;
pub mod vouching;

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;

pub use hostkeys::HostKeyPolicy;
pub use native::{Connection, connect};
pub use patience::{LastFailure, Patience, wait_for, wait_for_greeting};
pub use vouching::Vouching;

use crate::console::shortened;
use crate::error::Result;
use crate::names;

/// Whom to log in to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshTarget {
    /// Address or host name, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Login name.
    pub user: String,
    /// The private key file; `None`: the agent and the default keys in `~/.ssh`.
    pub key: Option<PathBuf>,
    /// Where the machine's host key is pinned.
    pub known_hosts: PathBuf,
    /// The name under which it is pinned (the machine's), so that a new address changes nothing.
    pub alias: String,
    /// What is known about its host key where none is pinned yet.
    pub vouching: Vouching,
}

impl SshTarget {
    /// Whether both lead to the same login.
    pub fn is_same_login(&self, other: &Self) -> bool {
        (&self.host, self.port, &self.user, &self.key) == (&other.host, other.port, &other.user, &other.key)
    }
}

impl SshTarget {
    /// Checks everything that goes into command lines and configuration files.
    ///
    /// # Errors
    /// Something could be taken for an option, a command or another line.
    pub fn check(&self) -> Result<()> {
        names::check_user(&self.user)?;
        names::check_host(&self.host)?;
        self.key.iter().chain([&self.known_hosts]).try_for_each(|file| names::check_file(file))
    }
}

#[cfg(test)]
impl SshTarget {
    /// A machine `web` that nobody answers for.
    pub fn for_test() -> Self {
        Self {
            host: "192.0.2.7".into(),
            port: 2222,
            user: "admin".into(),
            key: Some("/m/web/id_rsa".into()),
            known_hosts: "/m/web/known_hosts".into(),
            alias: "web".into(),
            vouching: Vouching::default(),
        }
    }
}

/// One command for the remote login shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// The command line, quoted by [`shlex`] where it has arguments.
    pub command: String,
    /// What it reads on standard input: scripts and file contents, so that no secret is in a process list.
    pub stdin: Vec<u8>,
    /// When to give up.
    pub limit: Duration,
    /// What it does, for messages, where its own words would tell nobody anything.
    pub purpose: Option<&'static str>,
}

impl Exec {
    /// A short command without input: 2 minutes.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), stdin: Vec::new(), limit: Duration::from_secs(120), purpose: None }
    }

    /// Feeds `stdin` to it.
    #[must_use]
    pub fn with_stdin(mut self, stdin: impl Into<Vec<u8>>) -> Self {
        self.stdin = stdin.into();
        self
    }

    /// What it does, for messages: `setting up the host`.
    #[must_use]
    pub fn named(mut self, purpose: &'static str) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// Another limit.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

/// How a remote command ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Exit status; 128 + n when signal n ended it.
    pub status: u32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Status 0.
    pub fn ok(&self) -> bool {
        self.status == 0
    }

    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The last lines of error and output, for an error message, none of them too long for one.
    pub fn tail(&self, lines: usize) -> String {
        let mut all = String::from_utf8_lossy(&self.stdout).into_owned();
        all.push_str(&String::from_utf8_lossy(&self.stderr));
        let kept: Vec<&str> = all.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &kept[kept.len().saturating_sub(lines)..];
        last.iter().map(|line| shortened(line, LONGEST_LINE)).collect::<Vec<_>>().join("\n")
    }
}

/// A longer line of a host's output tells a person nothing more.
const LONGEST_LINE: usize = 1000;

/// A host that commands can be run on. Small on purpose: everything else is a function over it.
#[async_trait]
pub trait Remote: Send + Sync {
    /// Runs one command and waits for its end. A non-zero status is no error here.
    ///
    /// # Errors
    /// The connection is lost, or the command did not end within its limit.
    async fn exec(&self, exec: &Exec) -> Result<Output>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_target_is_checked() {
        SshTarget { key: Some("/m/a b/-k'\"".into()), ..SshTarget::for_test() }.check().unwrap();
        for odd in [
            SshTarget { user: "-oProxyCommand=x".into(), ..SshTarget::for_test() },
            SshTarget { host: "h\nProxyCommand x".into(), ..SshTarget::for_test() },
            SshTarget { key: Some("/m/a\nProxyCommand x".into()), ..SshTarget::for_test() },
            SshTarget { known_hosts: "/m\n/known_hosts".into(), ..SshTarget::for_test() },
        ] {
            assert!(odd.check().is_err(), "{odd:?}");
        }
    }
}
