//! Which host keys are trusted: learnt at the first login, pinned per machine, refused when they change.
//!
//! The file is OpenSSH's `known_hosts` format with the machine's name as the only host name, so that the user's
//! `ssh` (`HostKeyAlias`) and we share one memory and a new address changes nothing.

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

use russh::Preferred;
use russh::keys::known_hosts::known_host_keys_path;
use russh::keys::{Algorithm, HashAlg, PublicKey, PublicKeyBase64};

use crate::env::Env;
use crate::error::{Context, Error, Kind, Result};
use crate::ssh::SshTarget;

/// Whether a changed host key is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostKeyPolicy {
    /// Trust on first use, then only that key.
    #[default]
    Pinned,
    /// Any key, as the original: for hosts that are re-imaged under the same name.
    Off,
}

impl HostKeyPolicy {
    /// `MACHINE_SSH_HOST_KEYS`: `tofu` (default) or `off`.
    pub fn from_env(env: &Env) -> Self {
        match env.var("MACHINE_SSH_HOST_KEYS") {
            Some(value) if value.eq_ignore_ascii_case("off") => Self::Off,
            _ => Self::Pinned,
        }
    }
}

/// What is known about one host's keys.
#[derive(Clone, Debug)]
pub struct Pins {
    policy: HostKeyPolicy,
    file: PathBuf,
    alias: String,
    keys: Vec<PublicKey>,
    revoked: Vec<String>,
}

impl Pins {
    /// Reads what is pinned for a target.
    ///
    /// # Errors
    /// The file exists and cannot be read: trusting a new key then would forget the pinned one.
    pub fn load(target: &SshTarget, policy: HostKeyPolicy) -> Result<Self> {
        // OpenSSH writes and hashes names in lower case.
        let alias = target.alias.to_lowercase();
        let mut pins = Self { policy, file: target.known_hosts.clone(), alias, keys: Vec::new(), revoked: Vec::new() };
        if policy == HostKeyPolicy::Off {
            return Ok(pins);
        }
        match std::fs::read_to_string(&pins.file) {
            Ok(text) => pins.revoked = revoked(&text, &pins.alias),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(pins),
            Err(error) => return Err(Error::file("open", &pins.file, &error)),
        }
        // Port 22: the alias stands for the machine whatever its port, so there is no `[name]:port` form.
        let keys = known_host_keys_path(&pins.alias, 22, &pins.file);
        pins.keys = keys.map_err(|error| unreadable(&pins.file, &error))?.into_iter().map(|(_, key)| key).collect();
        Ok(pins)
    }

    /// Whether the host was met before.
    pub fn is_first_contact(&self) -> bool {
        self.policy == HostKeyPolicy::Pinned && self.keys.is_empty()
    }

    /// The algorithms to ask for: those of pinned keys first, so that the host shows a key that we know.
    pub fn preferred(&self) -> Preferred {
        let known = |algorithm: &Algorithm| self.keys.iter().any(|key| same_type(&key.algorithm(), algorithm));
        let (mut first, rest): (Vec<_>, Vec<_>) = Preferred::DEFAULT.key.iter().cloned().partition(known);
        first.extend(rest);
        Preferred { key: Cow::Owned(first), ..Preferred::DEFAULT }
    }

    /// Judges the key that the host proved to have.
    ///
    /// # Errors
    /// [`Kind::Refused`]: it is not the pinned one, or it is revoked.
    pub fn check(&self, shown: &PublicKey) -> Result<()> {
        if self.policy == HostKeyPolicy::Off {
            return Ok(());
        }
        if self.revoked.contains(&shown.public_key_base64()) {
            let message = format!("the host key of \"{}\" ({}) is marked as revoked", self.alias, describe(shown));
            return Err(Error::new(Kind::Refused, message).hint(format!("see {}", self.file.display())));
        }
        if self.keys.is_empty() || self.keys.iter().any(|key| key.key_data() == shown.key_data()) {
            return Ok(());
        }
        Err(self.changed(shown))
    }

    fn changed(&self, shown: &PublicKey) -> Error {
        // Compare like with like where the host has several keys.
        let pinned = self.keys.iter().find(|key| same_type(&key.algorithm(), &shown.algorithm()));
        let pinned = pinned.unwrap_or(&self.keys[0]);
        let message = format!(
            "the host key of \"{}\" has changed: pinned {}, shown {}; somebody may be listening in",
            self.alias,
            describe(pinned),
            describe(shown)
        );
        Error::new(Kind::Refused, message)
            .hint(format!("if the host was reinstalled, delete {} and try again", self.file.display()))
            .hint("MACHINE_SSH_HOST_KEYS=off switches this check off")
    }

    /// Remembers the key of a first contact. Called after the login, so that only a host that knows us is pinned.
    ///
    /// # Errors
    /// The file cannot be written. The caller decides whether that matters.
    pub fn learn(&self, shown: &PublicKey) -> Result<()> {
        if !self.is_first_contact() {
            return Ok(());
        }
        let line = format!("{} {} {}\n", self.alias, shown.algorithm().as_str(), shown.public_key_base64());
        append(&self.file, &line).map_err(|error| Error::file("write", &self.file, &error))
    }
}

/// Takes what is pinned away: another host answers from now on.
///
/// # Errors
/// The file is there and cannot be removed.
pub fn forget(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", file, &error)),
        _ => Ok(()),
    }
}

/// Rewrites the file with one more line: complete or not at all, readable by the owner only.
fn append(file: &Path, line: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other?,
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(line);
    let mut draft = tempfile::Builder::new().prefix("known_hosts.tmp").tempfile_in(folder)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    draft.persist(file)?;
    Ok(())
}

/// The keys (base64) of `@revoked NAME TYPE KEY` lines.
fn revoked(text: &str, alias: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for line in text.lines() {
        if let ["@revoked", names, _, key, ..] = line.split_whitespace().collect::<Vec<_>>()[..]
            && names.split(',').any(|name| name.eq_ignore_ascii_case(alias) || name == "*")
        {
            keys.push(key.to_owned());
        }
    }
    keys
}

fn unreadable(file: &Path, error: &russh::keys::Error) -> Error {
    Err::<(), _>(Error::new(Kind::Refused, error.to_string()))
        .context(format!("cannot understand the pinned host keys in {}", file.display()))
        .hint("correct the file, or delete it to pin the host's key again")
        .unwrap_err()
}

/// RSA is one type of key, whatever hash signs with it.
fn same_type(one: &Algorithm, other: &Algorithm) -> bool {
    one == other || matches!((one, other), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }))
}

/// `ED25519 SHA256:…`, as `ssh-keygen -l` shows it.
fn describe(key: &PublicKey) -> String {
    let name = match key.algorithm() {
        Algorithm::Ed25519 => "ED25519".to_owned(),
        Algorithm::Ecdsa { .. } => "ECDSA".to_owned(),
        Algorithm::Rsa { .. } => "RSA".to_owned(),
        other => other.as_str().to_owned(),
    };
    format!("{name} {}", key.fingerprint(HashAlg::Sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const TWO: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIA6rWI3G2sz07DnfFlrouTcysQlj2P+jpNSOEWD9OJ3X";
    const ECDSA: &str = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMxBTpMIGvo7CnordO7wP0QQRqpBwUjOLl4eMhfucfE1sjTYyK5wmTl1UqoSDS1PtRVTBdl+0+9pquFb46U7fwg=";

    fn key(base64: &str) -> PublicKey {
        russh::keys::parse_public_key_base64(base64).unwrap()
    }

    fn target(folder: &Path) -> SshTarget {
        SshTarget {
            host: "192.0.2.1".into(),
            port: 2222,
            user: "root".into(),
            key: None,
            known_hosts: folder.join("known_hosts"),
            alias: "Web-1".into(),
        }
    }

    fn pins(folder: &Path) -> Pins {
        Pins::load(&target(folder), HostKeyPolicy::Pinned).unwrap()
    }

    #[test]
    fn the_first_key_is_learnt_and_another_one_is_refused_with_both_fingerprints() {
        let folder = tempfile::tempdir().unwrap();
        pins(folder.path()).check(&key(ONE)).unwrap();
        pins(folder.path()).learn(&key(ONE)).unwrap();
        pins(folder.path()).check(&key(ONE)).unwrap();
        let error = pins(folder.path()).check(&key(TWO)).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        for fingerprint in [ONE, TWO].map(|text| key(text).fingerprint(HashAlg::Sha256).to_string()) {
            assert!(error.message().contains(&fingerprint), "{error}");
        }
        assert!(error.hints()[0].contains("known_hosts"), "{:?}", error.hints());
    }

    #[test]
    fn the_file_is_openssh_format_in_lower_case_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        pins(folder.path()).learn(&key(ONE)).unwrap();
        let file = folder.path().join("known_hosts");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("web-1 ssh-ed25519 {ONE}\n"));
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_of_another_type_does_not_replace_the_pinned_one() {
        let folder = tempfile::tempdir().unwrap();
        pins(folder.path()).learn(&key(ONE)).unwrap();
        assert!(pins(folder.path()).check(&key(ECDSA)).is_err());
    }

    #[test]
    fn the_pinned_type_is_asked_for_first() {
        let folder = tempfile::tempdir().unwrap();
        pins(folder.path()).learn(&key(ECDSA)).unwrap();
        let preferred = pins(folder.path()).preferred();
        assert_eq!(preferred.key[0].as_str(), "ecdsa-sha2-nistp256");
        assert_eq!(preferred.key.len(), Preferred::DEFAULT.key.len());
    }

    #[test]
    fn a_hashed_entry_of_openssh_counts() {
        let folder = tempfile::tempdir().unwrap();
        // ssh-keygen -H of `example.com`.
        let hashed = "|1|O33ESRMWPVkMYIwJ1Uw+n877jTo=|nuuC5vEqXlEZ/8BXQR7m619W6Ak=";
        std::fs::write(folder.path().join("known_hosts"), format!("{hashed} ssh-ed25519 {ONE}\n")).unwrap();
        let target = SshTarget { alias: "example.com".into(), ..target(folder.path()) };
        let pins = Pins::load(&target, HostKeyPolicy::Pinned).unwrap();
        assert!(pins.check(&key(ONE)).is_ok() && pins.check(&key(TWO)).is_err());
    }

    #[test]
    fn a_revoked_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("known_hosts"), format!("@revoked web-1 ssh-ed25519 {ONE}\n")).unwrap();
        assert!(pins(folder.path()).check(&key(ONE)).is_err());
        assert!(pins(folder.path()).check(&key(TWO)).is_ok());
    }

    #[test]
    fn switched_off_nothing_is_checked_or_written() {
        let folder = tempfile::tempdir().unwrap();
        pins(folder.path()).learn(&key(ONE)).unwrap();
        let off = Pins::load(&target(folder.path()), HostKeyPolicy::Off).unwrap();
        off.check(&key(TWO)).unwrap();
        off.learn(&key(TWO)).unwrap();
        assert!(pins(folder.path()).check(&key(ONE)).is_ok());
    }

    #[test]
    fn a_damaged_file_is_not_taken_for_an_unknown_host() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("known_hosts"), "web-1 ssh-ed25519 !!!\n").unwrap();
        assert!(Pins::load(&target(folder.path()), HostKeyPolicy::Pinned).is_err());
    }
}
