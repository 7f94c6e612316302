//! The store's own name, by which what was made for its machines is told from what others made.

use std::fs;
use std::io::{ErrorKind, Write};

use super::Store;
use crate::error::{Error, Result};

/// Beside the machines, where neither we nor the original take it for one.
const FILE: &str = ".store-id";

impl Store {
    /// 32 hex digits, made when first asked for; the same for the life of the store.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn id(&self) -> Result<String> {
        if let Some(id) = self.known_id() {
            return Ok(id);
        }
        let path = self.machines().join(FILE);
        let failed = |error: std::io::Error| Error::file("write", &path, &error);
        fs::create_dir_all(self.machines()).map_err(failed)?;
        let mut draft = tempfile::NamedTempFile::new_in(self.machines()).map_err(failed)?;
        draft.write_all(fresh().as_bytes()).and_then(|()| draft.as_file().sync_all()).map_err(failed)?;
        match draft.persist_noclobber(&path) {
            Ok(_) => {}
            // Another process was faster: its id is the store's.
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error.error)),
        }
        self.known_id().ok_or_else(|| Error::msg(format!("{} holds no id", path.display())))
    }

    /// The store's id, if it has one yet.
    pub fn known_id(&self) -> Option<String> {
        let text = fs::read_to_string(self.machines().join(FILE)).ok()?;
        let id = text.trim();
        (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_owned())
    }
}

fn fresh() -> String {
    let mut bytes = [0_u8; 16];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.secure_random.fill(&mut bytes).expect("the system has random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_keeps_its_id_and_no_two_are_the_same() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::new(one.path().to_owned());
        assert_eq!(store.known_id(), None);
        let id = store.id().unwrap();
        assert_eq!(store.id().unwrap(), id);
        assert_ne!(Store::new(other.path().to_owned()).id().unwrap(), id);
        assert!(store.entries().unwrap().is_empty(), "it is no machine");
    }
}
