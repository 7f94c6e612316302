//! The machines that `rm -f` forgot although something of them may be left: `gc` removes that unasked.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use super::Store;
use crate::error::{Error, Result};

/// Beside the machines: one id a line.
const FILE: &str = ".forgotten";

impl Store {
    /// Notes that a machine is given up with all that is left of it.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn note_forgotten(&self, id: &str) -> Result<()> {
        let path = self.machines().join(FILE);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        // One write, so that two processes never mix their lines.
        let noted = file.and_then(|mut file| {
            file.write_all(format!("{id}\n").as_bytes())?;
            file.sync_all()
        });
        noted.map_err(|error| Error::file("write", &path, &error))
    }

    /// The ids of all machines that were given up.
    pub fn forgotten(&self) -> HashSet<String> {
        let text = fs::read_to_string(self.machines().join(FILE)).unwrap_or_default();
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_known_and_is_no_machine() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::new(home.path().to_owned());
        fs::create_dir_all(store.machines()).unwrap();
        assert!(store.forgotten().is_empty());
        store.note_forgotten("a").unwrap();
        store.note_forgotten("b").unwrap();
        assert_eq!(store.forgotten(), HashSet::from(["a".to_owned(), "b".to_owned()]));
        assert!(store.entries().unwrap().is_empty());
    }
}
