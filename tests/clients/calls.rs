//! What the clients of this folder have in common: a machine of the driver generic, and how they call.

use std::path::Path;

use crate::support::lab::{Lab, LabHost};
use crate::support::run::Run;

/// A network, and what a client calls by its own words.
pub struct Caller {
    pub lab: Lab,
    /// Words before every command.
    global: &'static [&'static str],
}

impl Caller {
    /// A client that puts these words before every command.
    pub fn new(global: &'static [&'static str]) -> Self {
        Self { lab: Lab::new(), global }
    }

    /// A call of the client.
    #[must_use]
    pub fn call(&self, words: &[&str]) -> Run {
        self.lab.run(&[self.global, words].concat())
    }

    /// A call that must succeed, write plain lines and nothing to standard error; what it wrote, trimmed.
    pub fn text(&self, words: &[&str]) -> String {
        let run = self.call(words).succeeds().quietly();
        assert!(!run.stdout.contains(['\u{1b}', '\r']), "{run:#?}");
        run.stdout.trim().to_owned()
    }

    /// The options of `create` for a host of the lab, each as one word.
    pub fn options(&self, host: &LabHost<'_>) -> Vec<String> {
        vec![
            format!("--generic-ip-address={}", host.ip),
            format!("--generic-ssh-user={}", host.user),
            format!("--generic-ssh-key={}", self.lab.key()),
            format!("--engine-install-url={}", self.lab.url("install.sh")),
        ]
    }

    /// `create` with further words before the name.
    pub fn create(&self, host: &LabHost<'_>, more: &[&str], name: &str) -> String {
        let options = self.options(host);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        self.text(&[&["create", "--driver", "generic"], &options[..], more, &[name]].concat())
    }

    /// `inspect`, read as JSON from both streams joined.
    pub fn inspect(&self, name: &str) -> serde_json::Value {
        let run = self.call(&["inspect", name]).succeeds();
        serde_json::from_str(&(run.stdout + &run.stderr)).expect("nothing but JSON on both streams")
    }
}

/// The machines that a program sees which reads the folder itself: sub-folders whose names begin with no dot.
pub fn listed(store: &Path) -> Vec<String> {
    let Ok(entries) = store.join("machines").read_dir() else { return Vec::new() };
    let folders = entries.map(|entry| entry.expect("an entry")).filter(|entry| entry.path().is_dir());
    let names = folders.map(|entry| entry.file_name().into_string().expect("a plain name"));
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}
