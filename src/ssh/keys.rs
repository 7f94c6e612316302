//! Private key files: permissions, every file form, fingerprints, copies for the machine's folder, new keys.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey, decode_secret_key};

use crate::certs::pkcs1_pem;
use crate::env::Env;
use crate::error::{Error, Kind, Result, os_text};
use crate::files::write_private;
use crate::ssh::agent::Agent;
use crate::store::layout::{RESERVED, SSH_KEY};

/// What a private key file gives.
#[derive(Clone, Debug)]
pub enum Key {
    /// A key that can sign.
    Ready(Arc<PrivateKey>),
    /// Encrypted, or on a security token: only an agent can sign. The public half, where it can be read.
    Locked(Option<PublicKey>),
}

/// Checks existence and permissions as the original does.
///
/// # Errors
/// Its three messages: `stat KEY: no such file or directory`, `'KEY' is not readable`,
/// `permissions 0644 for 'KEY' are too open`.
pub fn check_file(path: &Path) -> Result<()> {
    let data = path.metadata().map_err(|error| Error::file("stat", path, &error).with_kind(Kind::Refused))?;
    let mode = data.permissions().mode() & 0o777;
    if mode & 0o400 == 0 {
        return Err(Error::new(Kind::Refused, format!("'{}' is not readable", path.display())));
    }
    if mode & 0o077 != 0 {
        let message = format!("permissions {mode:#05o} for '{}' are too open", path.display()).replacen("0o", "0", 1);
        return Err(Error::new(Kind::Refused, message).hint_about(path, format!("chmod 600 '{}'", path.display())));
    }
    Ok(())
}

/// Reads a private key: OpenSSH, PKCS#1, PKCS#8 or SEC1.
///
/// # Errors
/// The file cannot be read, or is no private key.
pub fn read(path: &Path) -> Result<Key> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => not_a_key(path, "it is not text"),
        _ => Error::file("open", path, &error).with_kind(Kind::Refused),
    })?;
    if is_encrypted(&text) {
        return Ok(Key::Locked(public_half(path, &text)));
    }
    let key = decode_secret_key(&text, None).map_err(|error| not_a_key(path, &reason(&text, &error)))?;
    if matches!(key.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256) {
        return Ok(Key::Locked(Some(key.public_key().clone())));
    }
    Ok(Key::Ready(Arc::new(key)))
}

/// Checks that a key could be used to log in: it parses, and if it is encrypted the agent holds it.
///
/// # Errors
/// [`Kind::Refused`] with what is wrong and what to do.
pub async fn check_key(path: &Path, env: &Env) -> Result<()> {
    let Key::Locked(public) = read(path)? else { return Ok(()) };
    match (Agent::of(env).await, public) {
        (Some(agent), Some(public)) if agent.holds(&public) => Ok(()),
        _ => Err(locked(path)),
    }
}

/// The error of an encrypted key that no agent can sign for. A passphrase is never asked for.
pub fn locked(path: &Path) -> Error {
    Error::new(Kind::Refused, format!("the SSH key '{}' is encrypted and no agent holds it", path.display()))
        .hint_about(path, format!("ssh-add '{}'", path.display()))
}

/// `SHA256:…`, as `ssh-keygen -l` shows it.
pub fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// The name under which a user's key is kept in the machine's folder: its own, unless that is a certificate's or
/// the record's (`key.pem` is what EC2 users call their key, and provisioning writes a `key.pem`).
pub fn name_in_machine(source: &Path) -> String {
    let name = source.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let clashes = RESERVED.contains(&name.as_str()) || RESERVED.contains(&format!("{name}.pub").as_str());
    if clashes || name.is_empty() { SSH_KEY.to_owned() } else { name }
}

/// A key copied into a machine's folder.
#[derive(Debug)]
pub struct Imported {
    /// Where the private key is now.
    pub path: PathBuf,
    /// Whether `SOURCE.pub` was there to be copied too.
    pub public: Result<()>,
}

/// Copies a user's key, and its `.pub` if there is one, into a machine's folder with mode 0600.
///
/// # Errors
/// The private key cannot be read or written.
pub fn import(source: &Path, folder: &Path) -> Result<Imported> {
    let path = folder.join(name_in_machine(source));
    copy(source, &path)?;
    let public = copy(&beside(source, ".pub"), &beside(&path, ".pub"));
    Ok(Imported { path, public })
}

/// The kind of a new key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewKey {
    /// RSA 2048 in PKCS#1, what the original writes and every cloud imports.
    Rsa,
    /// Ed25519 in OpenSSH's form.
    Ed25519,
}

/// Makes a key: `PATH` with mode 0600 and `PATH.pub`, an `authorized_keys` line without a comment, which is returned
/// (with its line end). Existing files are replaced.
///
/// # Errors
/// A file cannot be written.
pub fn generate(path: &Path, kind: NewKey) -> Result<String> {
    let (private, public) = match kind {
        NewKey::Rsa => new_rsa()?,
        NewKey::Ed25519 => new_ed25519()?,
    };
    write_private(path, private.as_bytes())?;
    write_private(&beside(path, ".pub"), public.as_bytes())?;
    Ok(public)
}

fn new_ed25519() -> Result<(String, String)> {
    let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).map_err(broken)?;
    let private = key.to_openssh(Default::default()).map_err(broken)?;
    Ok((private.to_string(), authorized_line(key.public_key())?))
}

/// Generated by aws-lc (0.3 s in any build; the pure Rust generator takes seconds without optimization).
fn new_rsa() -> Result<(String, String)> {
    let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).map_err(broken)?;
    let key = decode_secret_key(&pair.serialize_pem(), None).map_err(broken)?;
    let private = pkcs1_pem(&pair).ok_or_else(|| Error::msg("the new RSA key has no PKCS#1 part"))?;
    Ok((private, authorized_line(key.public_key())?))
}

/// The public half of a private key file, as a line.
///
/// # Errors
/// The file is no private key, or it is encrypted and does not tell its public half.
pub fn public_line(path: &Path) -> Result<String> {
    match read(path)? {
        Key::Ready(key) => authorized_line(key.public_key()),
        Key::Locked(Some(public)) => authorized_line(&public),
        Key::Locked(None) => {
            Err(locked(path).hint_about(path, format!("ssh-keygen -y -f '{0}' > '{0}.pub'", path.display())))
        }
    }
}

/// `ssh-ed25519 AAAA…` and a line end.
fn authorized_line(key: &PublicKey) -> Result<String> {
    let bare = PublicKey::new(key.key_data().clone(), "");
    Ok(format!("{}\n", bare.to_openssh().map_err(broken)?.trim_end()))
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::msg(format!("cannot make an SSH key: {error}"))
}

/// Whether the text says that a passphrase is needed, in any of the four file forms.
fn is_encrypted(text: &str) -> bool {
    text.contains("BEGIN ENCRYPTED PRIVATE KEY")
        || text.lines().any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"))
        || PrivateKey::from_openssh(text).is_ok_and(|key| key.is_encrypted())
}

/// The public half of an encrypted key: OpenSSH's form has it in clear, for the others there may be a `.pub` file.
fn public_half(path: &Path, text: &str) -> Option<PublicKey> {
    let inside = PrivateKey::from_openssh(text).ok().map(|key| key.public_key().clone());
    inside.or_else(|| russh::keys::load_public_key(beside(path, ".pub")).ok())
}

fn not_a_key(path: &Path, why: &str) -> Error {
    Error::new(Kind::Refused, format!("'{}' is no SSH private key: {why}", path.display()))
}

fn reason(text: &str, error: &russh::keys::Error) -> String {
    let start = text.trim_start();
    if start.starts_with("ssh-") || start.starts_with("ecdsa-") {
        return "it is a public key".to_owned();
    }
    if text.contains("BEGIN DSA PRIVATE KEY") {
        return "DSA keys are not supported by any current server".to_owned();
    }
    if !text.contains("PRIVATE KEY-----") {
        return "there is no PRIVATE KEY in it".to_owned();
    }
    error.to_string()
}

/// `PATH` with something appended to its name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn copy(source: &Path, target: &Path) -> Result<()> {
    let bytes = std::fs::read(source).map_err(|error| {
        Error::msg(format!("unable to copy ssh key: open {}: {}", source.display(), os_text(&error)))
    })?;
    write_private(target, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_originals_permission_rules_hold() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id");
        let shown = path.display();
        assert_eq!(check_file(&path).unwrap_err().message(), format!("stat {shown}: no such file or directory"));
        std::fs::write(&path, "x").unwrap();
        for (mode, message) in [
            (0o644, format!("permissions 0644 for '{shown}' are too open")),
            (0o601, format!("permissions 0601 for '{shown}' are too open")),
            (0o200, format!("'{shown}' is not readable")),
        ] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(check_file(&path).unwrap_err().message(), message);
        }
        for mode in [0o600, 0o400] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            check_file(&path).unwrap();
        }
    }

    #[test]
    fn a_key_keeps_its_name_unless_it_is_a_certificates() {
        for (source, name) in [
            ("/home/me/.ssh/id_ed25519", "id_ed25519"),
            ("aws.pem", "aws.pem"),
            ("/x/key.pem", "id_rsa"),
            ("/x/config.json", "id_rsa"),
            ("/x/known_hosts", "id_rsa"),
        ] {
            assert_eq!(name_in_machine(Path::new(source)), name, "{source}");
        }
    }

    #[test]
    fn an_imported_key_is_private_and_its_missing_public_half_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("key.pem");
        std::fs::write(&source, "secret").unwrap();
        let machine = folder.path().join("machine");
        std::fs::create_dir(&machine).unwrap();
        let imported = import(&source, &machine).unwrap();
        assert_eq!(imported.path, machine.join("id_rsa"));
        assert_eq!(std::fs::read(&imported.path).unwrap(), b"secret");
        assert_eq!(imported.path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let missing = imported.public.unwrap_err();
        let expected = format!("unable to copy ssh key: open {}.pub: no such file or directory", source.display());
        assert_eq!(missing.message(), expected);
    }

    #[test]
    fn generated_keys_are_read_back_and_have_a_bare_public_line() {
        let folder = tempfile::tempdir().unwrap();
        for (kind, head, start) in [
            (NewKey::Rsa, "-----BEGIN RSA PRIVATE KEY-----\n", "ssh-rsa "),
            (NewKey::Ed25519, "-----BEGIN OPENSSH PRIVATE KEY-----\n", "ssh-ed25519 "),
        ] {
            let path = folder.path().join("id_rsa");
            let public = generate(&path, kind).unwrap();
            assert!(std::fs::read_to_string(&path).unwrap().starts_with(head));
            assert_eq!(std::fs::read_to_string(beside(&path, ".pub")).unwrap(), public);
            assert!(public.starts_with(start) && public.ends_with('\n') && public.split(' ').count() == 2);
            check_file(&path).unwrap();
            let Key::Ready(key) = read(&path).unwrap() else { panic!("not encrypted") };
            assert_eq!(authorized_line(key.public_key()).unwrap(), public);
        }
    }

    #[test]
    fn what_is_no_private_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("id");
        for (text, why) in [
            ("ssh-ed25519 AAAA me\n", "public key"),
            ("hello", "no PRIVATE KEY"),
            ("-----BEGIN DSA PRIVATE KEY-----\n", "DSA"),
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(read(&path).unwrap_err().message().contains(why), "{text}");
        }
    }
}
