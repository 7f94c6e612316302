//! Who is believed: pinned host keys and certificates.

use std::cell::RefCell;
use std::fs;

use docker_machine::certs::{Pair, inspect};
use docker_machine::ssh::hostkeys::Pins;
use docker_machine::ssh::{HostKeyPolicy, SshTarget};

use crate::text;

thread_local! {
    static FOLDER: RefCell<tempfile::TempDir> = RefCell::new(tempfile::tempdir().expect("a folder"));
}

const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

/// Whatever stands in the file, a key that is revoked or pinned in a line of its own is known as such.
pub(crate) fn known_hosts(data: &[u8]) {
    FOLDER.with_borrow(|folder| {
        let file = folder.path().join("known_hosts");
        let target = SshTarget {
            host: "192.0.2.1".into(),
            port: 22,
            user: "root".into(),
            key: None,
            known_hosts: file.clone(),
            alias: "web".into(),
            vouching: Default::default(),
        };
        let key = russh::keys::parse_public_key_base64(KEY).expect("a key");
        let pins = |text: &[u8]| {
            fs::write(&file, text).expect("a file");
            Pins::load(&target, HostKeyPolicy::Pinned)
        };
        if let Ok(pins) = pins(data) {
            let _ = (pins.preferred(), pins.check(&key));
        }
        let begun = text(data);
        if let Ok(pins) = pins(format!("{begun}\nweb ssh-ed25519 {KEY}\n").as_bytes()) {
            assert!(!pins.is_first_contact(), "a pinned key is not seen");
            assert!(pins.check(&key).is_ok() || begun.contains("@revoked"), "a pinned key is refused");
        }
        if let Ok(pins) = pins(format!("{begun}\n@revoked web ssh-ed25519 {KEY}\n").as_bytes()) {
            assert!(pins.check(&key).is_err(), "a revoked key is believed");
        }
    });
}

/// `CERTIFICATE␟KEY`: both are read or refused, and a pair that is read survives being written.
pub(crate) fn certificates(data: &[u8]) {
    let _ = inspect(data);
    let text = text(data);
    let (cert, key) = text.split_once('\u{1f}').unwrap_or((&text, ""));
    let info = inspect(cert.as_bytes());
    if let Ok(info) = &info {
        let _ = (info.is_expired(info.not_before), info.expires_soon(info.not_after));
    }
    FOLDER.with_borrow(|folder| {
        let (cert_file, key_file) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        fs::write(&cert_file, cert).expect("a file");
        fs::write(&key_file, key).expect("a file");
        let pair = Pair { cert: &cert_file, key: &key_file };
        if pair.matches() {
            assert!(info.is_ok());
            pair.write(cert, key).expect("two files");
            assert!(pair.matches());
        }
    });
}
