//! Which files exist, for many paths with one look at each folder: a `stat` for each path of each record is most of
//! what the listing of a large store costs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What was seen so far. It is as old as its first look, so it lives no longer than one reading of records.
#[derive(Debug, Default)]
pub struct Existing {
    folders: RefCell<HashMap<PathBuf, Rc<Folder>>>,
}

#[derive(Debug)]
enum Folder {
    /// Its entries; true for those that may lead elsewhere.
    Seen(HashMap<OsString, bool>),
    Missing,
    /// It cannot be listed, though what is in it may be reached.
    Closed,
}

impl Existing {
    /// As [`Path::exists`], for a file.
    pub fn file(&self, path: &Path) -> bool {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return path.exists() };
        match &*self.look(folder) {
            Folder::Seen(entries) => entries.get(name).is_some_and(|is_link| !is_link || path.exists()),
            Folder::Missing => false,
            Folder::Closed => path.exists(),
        }
    }

    /// As [`Path::exists`], for what is a folder if it exists.
    pub fn folder(&self, path: &Path) -> bool {
        match &*self.look(path) {
            Folder::Seen(_) => true,
            Folder::Missing => false,
            Folder::Closed => path.exists(),
        }
    }

    fn look(&self, folder: &Path) -> Rc<Folder> {
        if let Some(seen) = self.folders.borrow().get(folder) {
            return seen.clone();
        }
        let seen = Rc::new(list(folder));
        self.folders.borrow_mut().insert(folder.to_owned(), seen.clone());
        seen
    }
}

fn list(folder: &Path) -> Folder {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Folder::Missing,
        Err(_) => return Folder::Closed,
    };
    let mut seen = HashMap::new();
    for entry in entries {
        let Ok(entry) = entry else { return Folder::Closed };
        // A file system that does not tell is asked again, as for a link.
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file() || kind.is_dir());
        seen.insert(entry.file_name(), !is_plain);
    }
    Folder::Seen(seen)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn it_answers_as_the_file_system_does() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::create_dir(path("folder")).unwrap();
        fs::write(path("file"), "").unwrap();
        symlink("file", path("good")).unwrap();
        symlink("nowhere", path("dangling")).unwrap();
        symlink("folder", path("to-folder")).unwrap();
        let existing = Existing::default();
        for name in
            ["folder", "file", "good", "dangling", "to-folder", "none", "none/file", "folder/none", "file/below", "."]
        {
            assert_eq!(existing.file(&path(name)), path(name).exists(), "{name}");
            assert_eq!(existing.folder(&path(name)), path(name).exists(), "{name}");
        }
        assert!(existing.file(Path::new("/")) && existing.folder(Path::new("/")));
    }

    #[test]
    fn a_folder_is_looked_at_once() {
        let root = tempfile::tempdir().unwrap();
        let existing = Existing::default();
        assert!(!existing.file(&root.path().join("late")));
        fs::write(root.path().join("late"), "").unwrap();
        assert!(!existing.file(&root.path().join("late")));
    }
}
