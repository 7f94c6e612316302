//! Who vouches for a host's key before the first login: the words, files and lists in which somebody else names it.

use std::path::{Path, PathBuf};

use russh::keys::known_hosts::known_host_keys_path;
use russh::keys::{Algorithm, HashAlg, PublicKey, parse_public_key_base64};

use crate::env::Env;
use crate::error::{Error, Result};

/// What is known about a host's keys from elsewhere than the host's own greeting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Vouching {
    /// Nobody was asked.
    #[default]
    Unasked,
    /// The host has one of these keys, says `by`: `the EC2 console`.
    Known {
        /// Who says so.
        by: String,
        /// The keys; never empty.
        keys: Vec<HostKey>,
    },
    /// Nobody knows, for this reason.
    Unknown(String),
}

/// A host key by its fingerprint, and what is known of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey {
    /// `ED25519`, as `ssh-keygen -l` shows it; nothing where only a fingerprint was given.
    pub kind: Option<String>,
    /// `SHA256:…`
    pub fingerprint: String,
}

impl HostKey {
    /// The key's type and fingerprint.
    pub fn of(key: &PublicKey) -> Self {
        Self { kind: Some(kind(&key.algorithm())), fingerprint: key.fingerprint(HashAlg::Sha256).to_string() }
    }

    /// Whether this algorithm signs with keys of this type.
    pub fn is_for(&self, algorithm: &Algorithm) -> bool {
        self.kind.as_ref().is_some_and(|own| *own == kind(algorithm))
    }

    /// What [`HostKey::find`] reads again: `SHA256:… (ED25519)`.
    pub fn to_words(&self) -> String {
        match &self.kind {
            Some(kind) => format!("{} ({kind})", self.fingerprint),
            None => self.fingerprint.clone(),
        }
    }

    /// Reads `256 SHA256:… comment (ED25519)`, or `ssh-ed25519 AAAA…` with anything before and after.
    pub fn find(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(at) = words.iter().position(|word| is_fingerprint(word)) {
            let last = words[at..].last().and_then(|word| word.strip_prefix('(')?.strip_suffix(')'));
            return Some(Self { kind: last.map(str::to_owned), fingerprint: words[at].to_owned() });
        }
        let key = words.windows(2).find_map(|pair| parsed(pair[0], pair[1]))?;
        Some(Self::of(&key))
    }
}

impl std::fmt::Display for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "{kind} {}", self.fingerprint),
            None => f.write_str(&self.fingerprint),
        }
    }
}

/// A key type as `ssh-keygen -l` names it.
fn kind(algorithm: &Algorithm) -> String {
    match algorithm {
        Algorithm::Ed25519 => "ED25519".to_owned(),
        Algorithm::Ecdsa { .. } => "ECDSA".to_owned(),
        Algorithm::Rsa { .. } => "RSA".to_owned(),
        other => other.as_str().to_owned(),
    }
}

/// `SHA256:` and the 43 digits of 32 bytes.
fn is_fingerprint(word: &str) -> bool {
    let digits = word.strip_prefix("SHA256:").unwrap_or_default();
    digits.len() == 43 && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

/// A public key whose type is the one that stands before it.
fn parsed(kind: &str, base64: &str) -> Option<PublicKey> {
    let key = base64.starts_with("AAAA").then(|| parse_public_key_base64(base64).ok()).flatten()?;
    (key.algorithm().as_str() == kind || (kind == "ssh-rsa" && key.algorithm().is_rsa())).then_some(key)
}

/// What a user says about a host's key: its fingerprint, a public key, or a file with public keys or in the form of
/// `known_hosts`.
///
/// # Errors
/// It is none of these, or names no key of this host.
pub fn told(words: &str, folder: &Path, host: &str, port: u16) -> Result<Vec<HostKey>> {
    let words = words.trim();
    if is_fingerprint(words) {
        return Ok(vec![HostKey { kind: None, fingerprint: words.to_owned() }]);
    }
    if let Some(key) = HostKey::find(words).filter(|_| words.contains(' ')) {
        return Ok(vec![key]);
    }
    if words.starts_with("SHA256:") || words.starts_with("MD5:") {
        return Err(Error::msg(format!("`{words}` is no SHA-256 fingerprint"))
            .hint("on the host: `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` prints it"));
    }
    let path = folder.join(words);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Error::file("open", &path, &error)
            .hint("it takes a fingerprint (SHA256:…) or a file with the host's public key")
    })?;
    // A line that begins with a key type is the host's own file; others begin with the names of hosts.
    let mut keys: Vec<HostKey> = text.lines().filter_map(bare).collect();
    keys.extend(in_file(&path, host, port)?);
    if keys.is_empty() {
        return Err(Error::msg(format!("{} names no host key of {host}", path.display())));
    }
    Ok(keys)
}

fn bare(line: &str) -> Option<HostKey> {
    let mut words = line.split_whitespace();
    parsed(words.next()?, words.next()?).map(|key| HostKey::of(&key))
}

/// What the user's own `known_hosts`, or the system's, says about a host.
///
/// # Errors
/// A line about the host cannot be understood: it is not taken for an unknown one.
pub fn in_known_hosts(env: &Env, host: &str, port: u16) -> Result<Option<(String, Vec<HostKey>)>> {
    let home = env.var("HOME").map(PathBuf::from).or_else(|| env.passwd_home.clone());
    let own = home.map(|home| home.join(".ssh/known_hosts"));
    for path in own.into_iter().chain([PathBuf::from("/etc/ssh/ssh_known_hosts")]) {
        let keys = in_file(&path, host, port)?;
        if !keys.is_empty() {
            return Ok(Some((path.display().to_string(), keys)));
        }
    }
    Ok(None)
}

fn in_file(path: &Path, host: &str, port: u16) -> Result<Vec<HostKey>> {
    // OpenSSH writes and hashes names in lower case.
    let found = known_host_keys_path(&host.to_lowercase(), port, path)
        .map_err(|error| Error::msg(format!("cannot understand what {} says about {host}: {error}", path.display())))?;
    Ok(found.iter().map(|(_, key)| HostKey::of(key)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const PRINT: &str = "SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ";

    fn print(base64: &str) -> String {
        HostKey::of(&parse_public_key_base64(base64).unwrap()).fingerprint
    }

    #[test]
    fn a_key_is_found_in_every_form_in_which_it_is_printed() {
        let bare = HostKey::find(&format!("ssh-ed25519 {ONE} root@vm")).unwrap();
        assert_eq!(bare, HostKey { kind: Some("ED25519".into()), fingerprint: print(ONE) });
        let lines = [
            format!("256 {PRINT} root@vm (ED25519)"),
            format!("<14>Nov 24 19:10:12 ip-10-0-0-1 ec2: 256 {PRINT} no comment (ED25519)"),
        ];
        for line in lines {
            assert_eq!(HostKey::find(&line).unwrap().to_string(), format!("ED25519 {PRINT}"));
        }
        // Cut off, another type than it says, an old MD5 fingerprint.
        for line in [&PRINT[..30], &format!("ssh-rsa {ONE}"), "ec2: 2048 f1:40:a7:4e:0f:28 (RSA)", ""] {
            assert_eq!(HostKey::find(line), None, "{line}");
        }
    }

    #[test]
    fn a_user_may_tell_a_fingerprint_a_key_or_a_file_of_either_kind() {
        let folder = tempfile::tempdir().unwrap();
        let told = |words: &str| told(words, folder.path(), "Web.example", 2222);
        assert_eq!(told(PRINT).unwrap()[0].fingerprint, PRINT);
        assert_eq!(told(&format!("ssh-ed25519 {ONE}")).unwrap()[0].fingerprint, print(ONE));
        std::fs::write(folder.path().join("host.pub"), format!("ssh-ed25519 {ONE} root@web\n")).unwrap();
        assert_eq!(told("host.pub").unwrap()[0].fingerprint, print(ONE));
        std::fs::write(folder.path().join("scan"), format!("# web\n[web.example]:2222 ssh-ed25519 {ONE}\n")).unwrap();
        assert_eq!(told("scan").unwrap()[0].fingerprint, print(ONE));
        // Keys of other hosts say nothing about this one.
        std::fs::write(folder.path().join("others"), format!("web.example ssh-ed25519 {ONE}\n")).unwrap();
        assert!(told("others").unwrap_err().message().contains("names no host key of Web.example"));
        assert!(told("SHA256:short").unwrap_err().message().contains("no SHA-256 fingerprint"));
        assert!(told("nowhere.pub").unwrap_err().message().contains("nowhere.pub"));
    }
}
