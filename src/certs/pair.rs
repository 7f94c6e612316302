//! A certificate and its key as two files that change together, whenever the process is killed.
//!
//! The new key waits under another name while the certificate is replaced. Whoever looks next, with the lock held,
//! finishes the exchange or drops the key that nobody signed.

use std::fs;
use std::path::{Path, PathBuf};

use super::inspect::inspect;
use super::key;
use crate::error::{Error, Result};
use crate::files::{make_folder, write_private, write_public};

/// A certificate's file and its key's.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The certificate.
    pub cert: &'a Path,
    /// The private key.
    pub key: &'a Path,
}

impl Pair<'_> {
    /// Replaces both files, making their folders.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(self, cert: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<()> {
        for folder in [self.cert.parent(), self.key.parent()].into_iter().flatten() {
            make_folder(folder)?;
        }
        let waiting = self.waiting();
        write_private(&waiting, key.as_ref())?;
        write_public(self.cert, cert.as_ref())?;
        self.install(&waiting)
    }

    /// Ends an exchange that was interrupted.
    ///
    /// # Errors
    /// The key cannot be moved.
    pub fn settle(self) -> Result<()> {
        let waiting = self.waiting();
        if !waiting.exists() {
            return Ok(());
        }
        if self.fits(&waiting) {
            return self.install(&waiting);
        }
        fs::remove_file(&waiting).map_err(|error| Error::file("remove", &waiting, &error))
    }

    /// Whether the key is the certificate's.
    pub fn matches(self) -> bool {
        self.fits(self.key)
    }

    fn fits(self, key: &Path) -> bool {
        let Ok(text) = fs::read(self.cert) else { return false };
        let (Ok(info), Ok(pair)) = (inspect(&text), key::read(key)) else { return false };
        info.public_key == rcgen::PublicKeyData::subject_public_key_info(&pair)
    }

    fn install(self, waiting: &Path) -> Result<()> {
        fs::rename(waiting, self.key).map_err(|error| Error::file("open", self.key, &error))
    }

    /// `.key.pem.new`.
    fn waiting(self) -> PathBuf {
        let file = self.key.file_name().unwrap_or_default().to_string_lossy();
        self.key.with_file_name(format!(".{file}.new"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certs::KeyType;

    fn self_signed() -> (String, String) {
        let (pair, key) = KeyType::Ecdsa.generate().unwrap();
        (rcgen::CertificateParams::default().self_signed(&pair).unwrap().pem(), key)
    }

    #[test]
    fn an_exchange_is_finished_wherever_it_was_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let pair = Pair { cert: &cert, key: &key };
        let (old_cert, old_key) = self_signed();
        pair.write(&old_cert, &old_key).unwrap();
        assert!(pair.matches());

        let (new_cert, new_key) = self_signed();
        fs::write(pair.waiting(), &new_key).unwrap();
        pair.settle().unwrap();
        assert_eq!(fs::read_to_string(&key).unwrap(), old_key, "nothing was signed for the new key yet");

        fs::write(pair.waiting(), &new_key).unwrap();
        fs::write(&cert, &new_cert).unwrap();
        assert!(!pair.matches());
        pair.settle().unwrap();
        assert!(pair.matches());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
