//! Which host keys are trusted: vouched for or learnt at the first login, pinned per machine, refused when they change.
//!
//! The file is OpenSSH's `known_hosts` format with the machine's name as the only host name, so that the user's
//! `ssh` (`HostKeyAlias`) and we share one memory and a new address changes nothing.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use russh::Preferred;
use russh::keys::known_hosts::known_host_keys_path;
use russh::keys::{Algorithm, PublicKey, PublicKeyBase64};

use crate::env::Env;
use crate::error::{Error, Kind, Result};
use crate::files::write_private;
use crate::ssh::SshTarget;
use crate::ssh::vouching::{HostKey, Vouching};

/// Whether a changed host key is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostKeyPolicy {
    /// Trust on first use, then only that key.
    #[default]
    Pinned,
    /// Only a key that somebody else vouches for, then only that key.
    Strict,
    /// Any key, as the original: for hosts that are re-imaged under the same name.
    Off,
}

impl HostKeyPolicy {
    /// `MACHINE_SSH_HOST_KEYS`: `tofu` (default), `strict` or `off`. What is none of these is not taken for the laxer
    /// one: who mistypes `strict` wants it.
    pub fn from_env(env: &Env) -> Self {
        match env.var("MACHINE_SSH_HOST_KEYS").map(str::to_ascii_lowercase).as_deref() {
            Some("off") => Self::Off,
            None | Some("" | "tofu") => Self::Pinned,
            Some(_) => Self::Strict,
        }
    }
}

/// How the comment of a pin begins that somebody vouched for.
const VERIFIED: &str = "verified by ";
/// The comment of a pin that nobody vouched for.
const FIRST_USE: &str = "trusted on first use";

/// A pinned key, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The key.
    pub key: HostKey,
    /// Why it is trusted: `verified by the EC2 console`, `trusted on first use: …`.
    pub trust: String,
}

/// The first key that is pinned for a machine.
pub fn pinned(file: &Path) -> Option<Pin> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().filter(|line| !line.starts_with(['#', '@'])).find_map(|line| {
        let key = HostKey::find(line)?;
        let comment = line.splitn(4, ' ').nth(3).unwrap_or_default().trim();
        // What OpenSSH pinned, or an earlier version of this program, says nothing.
        let is_ours = comment.starts_with(VERIFIED) || comment.starts_with(FIRST_USE);
        Some(Pin { key, trust: if is_ours { comment } else { FIRST_USE }.to_owned() })
    })
}

/// What is known about one host's keys.
#[derive(Clone, Debug)]
pub struct Pins {
    policy: HostKeyPolicy,
    file: PathBuf,
    alias: String,
    keys: Vec<PublicKey>,
    revoked: Vec<String>,
    vouching: Vouching,
}

impl Pins {
    /// Reads what is pinned for a target.
    ///
    /// # Errors
    /// The file exists and cannot be read: trusting a new key then would forget the pinned one.
    pub fn load(target: &SshTarget, policy: HostKeyPolicy) -> Result<Self> {
        // OpenSSH writes and hashes names in lower case.
        let alias = target.alias.to_lowercase();
        let mut pins = Self {
            policy,
            file: target.known_hosts.clone(),
            alias,
            keys: Vec::new(),
            revoked: Vec::new(),
            vouching: target.vouching.clone(),
        };
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
        self.policy != HostKeyPolicy::Off && self.keys.is_empty()
    }

    /// The algorithms to ask for: those of keys that we know first, so that the host shows one of them. Signatures with
    /// SHA-1 (`ssh-rsa`) prove nothing any more and are not asked for.
    pub fn preferred(&self) -> Preferred {
        let known = |algorithm: &Algorithm| match &self.vouching {
            Vouching::Known { keys, .. } if self.keys.is_empty() => keys.iter().any(|key| key.is_for(algorithm)),
            _ => self.keys.iter().any(|key| same_type(&key.algorithm(), algorithm)),
        };
        let sound =
            Preferred::DEFAULT.key.iter().filter(|algorithm| !matches!(algorithm, Algorithm::Rsa { hash: None }));
        let (mut first, rest): (Vec<_>, Vec<_>) = sound.cloned().partition(known);
        first.extend(rest);
        Preferred { key: Cow::Owned(first), ..Preferred::DEFAULT }
    }

    /// Judges the key that the host proved to have.
    ///
    /// # Errors
    /// [`Kind::Refused`]: it is not the pinned one or, before there is one, none that is vouched for; or it is revoked.
    pub fn check(&self, shown: &PublicKey) -> Result<()> {
        if self.policy == HostKeyPolicy::Off {
            return Ok(());
        }
        if self.revoked.contains(&shown.public_key_base64()) {
            let message = format!("the host key of \"{}\" ({}) is marked as revoked", self.alias, HostKey::of(shown));
            return Err(
                Error::new(Kind::Refused, message).hint_about(&self.file, format!("see {}", self.file.display()))
            );
        }
        if self.keys.is_empty() {
            return self.check_first(&HostKey::of(shown));
        }
        if self.keys.iter().any(|key| key.key_data() == shown.key_data()) {
            return Ok(());
        }
        Err(self.changed(shown))
    }

    /// Judges the key of a first contact.
    fn check_first(&self, shown: &HostKey) -> Result<()> {
        let alias = &self.alias;
        match &self.vouching {
            Vouching::Known { keys, .. } if keys.iter().any(|key| key.fingerprint == shown.fingerprint) => Ok(()),
            Vouching::Known { by, keys } => {
                let same_kind = keys.iter().find(|key| key.kind == shown.kind).unwrap_or(&keys[0]);
                let message = format!(
                    "the host key of \"{alias}\" is not the one of {by}: there {same_kind}, shown {shown}; somebody may \
                     be listening in"
                );
                Err(Error::new(Kind::Refused, message).hint("nothing was sent to that host, not even the login"))
            }
            _ if self.policy != HostKeyPolicy::Strict => Ok(()),
            other => {
                let why = match other {
                    Vouching::Unknown(reason) => reason,
                    _ => "nobody vouches for it",
                };
                let message = format!("the host key of \"{alias}\" ({shown}) cannot be verified: {why}");
                Err(Error::new(Kind::Refused, message).hint(
                    "MACHINE_SSH_HOST_KEYS=tofu trusts the key of the first contact; without it only verified keys count",
                ))
            }
        }
    }

    fn changed(&self, shown: &PublicKey) -> Error {
        // Compare like with like where the host has several keys.
        let pinned = self.keys.iter().find(|key| same_type(&key.algorithm(), &shown.algorithm()));
        let pinned = pinned.unwrap_or(&self.keys[0]);
        let message = format!(
            "the host key of \"{}\" has changed: pinned {}, shown {}; somebody may be listening in",
            self.alias,
            HostKey::of(pinned),
            HostKey::of(shown)
        );
        Error::new(Kind::Refused, message)
            .hint_about(
                &self.file,
                format!("if the host was reinstalled, delete {} and try again", self.file.display()),
            )
            .hint("MACHINE_SSH_HOST_KEYS=off disables this check")
    }

    /// Remembers the key of a first contact. Called after the login, so that only a host that knows us is pinned.
    ///
    /// # Errors
    /// The file cannot be written. The caller decides whether that matters.
    pub fn learn(&self, shown: &PublicKey) -> Result<()> {
        if !self.is_first_contact() {
            return Ok(());
        }
        // The rest of a line is a comment for OpenSSH. Who vouched is written with the key, or not at all.
        let trust = match &self.vouching {
            Vouching::Known { by, .. } => format!("{VERIFIED}{by}"),
            Vouching::Unknown(reason) => format!("{FIRST_USE}: {reason}"),
            Vouching::Unasked => FIRST_USE.to_owned(),
        };
        let (alias, kind) = (&self.alias, shown.algorithm());
        let line = format!("{alias} {} {} {trust}\n", kind.as_str(), shown.public_key_base64());
        append(&self.file, &line)
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
fn append(file: &Path, line: &str) -> Result<()> {
    let mut text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other.map_err(|error| Error::file("read", file, &error))?,
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(line);
    write_private(file, text.as_bytes())
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
    Error::new(Kind::Refused, error.to_string())
        .context(format!("cannot understand the pinned host keys in {}", file.display()))
        .hint_about(file, "correct the file, or delete it to pin the host's key again")
}

/// RSA is one type of key, whatever hash signs with it.
fn same_type(one: &Algorithm, other: &Algorithm) -> bool {
    one == other || matches!((one, other), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }))
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
            vouching: Vouching::default(),
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
        for fingerprint in [ONE, TWO].map(|text| HostKey::of(&key(text)).fingerprint) {
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
        assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("web-1 ssh-ed25519 {ONE} trusted on first use\n"));
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
        // All but RSA with SHA-1.
        assert_eq!(preferred.key.len(), Preferred::DEFAULT.key.len() - 1);
        assert!(!preferred.key.contains(&Algorithm::Rsa { hash: None }));
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

    fn vouched(folder: &Path, keys: &[&str], policy: HostKeyPolicy) -> Pins {
        let keys = keys.iter().map(|text| HostKey::of(&key(text))).collect();
        let vouching = Vouching::Known { by: "the EC2 console".into(), keys };
        Pins::load(&SshTarget { vouching, ..target(folder) }, policy).unwrap()
    }

    #[test]
    fn a_first_key_that_somebody_else_shows_differently_is_refused_with_both_fingerprints() {
        let folder = tempfile::tempdir().unwrap();
        for policy in [HostKeyPolicy::Pinned, HostKeyPolicy::Strict] {
            let pins = vouched(folder.path(), &[ECDSA, ONE], policy);
            pins.check(&key(ONE)).unwrap();
            pins.check(&key(ECDSA)).unwrap();
            let message = pins.check(&key(TWO)).unwrap_err().message().to_owned();
            let both = [ONE, TWO].map(|text| HostKey::of(&key(text)).to_string());
            assert!(message.contains(&format!("there {}, shown {};", both[0], both[1])), "{message}");
        }
        // A type that was not shown is no way around.
        assert!(vouched(folder.path(), &[ECDSA], HostKeyPolicy::Pinned).check(&key(ONE)).is_err());
        assert_eq!(
            vouched(folder.path(), &[ECDSA], HostKeyPolicy::Pinned).preferred().key[0].as_str(),
            "ecdsa-sha2-nistp256"
        );
    }

    #[test]
    fn a_pin_says_who_vouched_for_it() {
        let folder = tempfile::tempdir().unwrap();
        vouched(folder.path(), &[ONE], HostKeyPolicy::Strict).learn(&key(ONE)).unwrap();
        let pin = pinned(&folder.path().join("known_hosts")).unwrap();
        assert_eq!((pin.key, pin.trust.as_str()), (HostKey::of(&key(ONE)), "verified by the EC2 console"));
        pins(folder.path()).check(&key(ONE)).unwrap();
        std::fs::write(folder.path().join("known_hosts"), format!("web-1 ssh-ed25519 {ONE}\n")).unwrap();
        assert_eq!(pinned(&folder.path().join("known_hosts")).unwrap().trust, FIRST_USE);
    }

    #[test]
    fn strict_refuses_a_first_key_that_nobody_vouches_for_and_takes_a_pinned_one() {
        let folder = tempfile::tempdir().unwrap();
        let vouching = Vouching::Unknown("ec2:GetConsoleOutput is denied".into());
        let target = SshTarget { vouching, ..target(folder.path()) };
        let error = Pins::load(&target, HostKeyPolicy::Strict).unwrap().check(&key(ONE)).unwrap_err();
        assert!(error.message().ends_with("cannot be verified: ec2:GetConsoleOutput is denied"), "{error}");
        let tofu = Pins::load(&target, HostKeyPolicy::Pinned).unwrap();
        tofu.check(&key(ONE)).unwrap();
        tofu.learn(&key(ONE)).unwrap();
        Pins::load(&target, HostKeyPolicy::Strict).unwrap().check(&key(ONE)).unwrap();
    }

    #[test]
    fn a_mistyped_policy_is_not_the_laxer_one() {
        let policy = |word: &str| {
            HostKeyPolicy::from_env(&Env {
                vars: [("MACHINE_SSH_HOST_KEYS".into(), word.into())].into(),
                ..Env::default()
            })
        };
        assert_eq!(["", "TOFU", "Off", "strict", "strct"].map(policy), {
            use HostKeyPolicy::{Off, Pinned, Strict};
            [Pinned, Pinned, Off, Strict, Strict]
        });
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
