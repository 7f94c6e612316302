//! Takes away what killed processes left behind: drafts of files, and folders that were about to appear or to vanish.
//!
//! They hold private keys, and nobody looks at them again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::layout::RECORD;
use super::lock::{Attempt, Lock};
use super::{Name, Store};
use crate::clock;

/// A draft that is younger may be another program's save under way.
const SETTLED: Duration = Duration::from_secs(60);

/// What a machine's folder is called before it appears, and after it has vanished.
const HIDDEN: [&str; 2] = ["new", "removed"];

impl Store {
    /// Deletes what a creation or removal of this name that was killed left behind. The caller holds its lock.
    pub(super) fn sweep(&self, name: &Name) {
        for what in HIDDEN {
            _ = fs::remove_dir_all(self.hidden(name, what));
        }
    }

    /// The same for all other names, but for those that somebody works on now. A lock whose `create` was killed before
    /// there was a record goes too, once it is old: a new one may be about to be taken.
    pub(super) fn sweep_abandoned(&self) {
        for path in listing(&self.machines()) {
            let stale = stale_lock(&path).filter(|name| !self.folder(name).exists());
            let Some(name) = abandoned(&path).or(stale) else { continue };
            // Letting go of the lock of a machine that is not there deletes it.
            if let Ok(Attempt::Held(_lock)) = Lock::attempt(&self.lock_path(&name), Some(&self.folder(&name))) {
                self.sweep(&name);
            }
        }
    }

    /// Deletes the drafts of files that were never finished in a machine's folder.
    pub(super) fn sweep_drafts(&self, name: &Name) {
        for path in listing(&self.folder(name)).into_iter().filter(|path| is_draft(path)) {
            if is_old(&path) {
                _ = fs::remove_file(path);
            }
        }
    }

    /// Drafts of the record: the original leaves one in the record's place when it is killed.
    pub(super) fn record_drafts(&self, name: &Name) -> Vec<PathBuf> {
        let start = format!("{RECORD}.tmp");
        let mut drafts = listing(&self.folder(name));
        drafts
            .retain(|path| path.file_name().is_some_and(|file| file.as_encoded_bytes().starts_with(start.as_bytes())));
        drafts
    }
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map_or_else(|_| Vec::new(), |items| items.filter_map(|item| Some(item.ok()?.path())).collect())
}

fn is_old(path: &Path) -> bool {
    let age = fs::metadata(path).and_then(|data| data.modified()).map(|time| clock::now().duration_since(time));
    matches!(age, Ok(Ok(age)) if age > SETTLED)
}

/// `web` of `machines/.web.lock`, if nobody has taken it for a while.
fn stale_lock(path: &Path) -> Option<Name> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?.strip_suffix(".lock")?;
    is_old(path).then(|| name.parse().ok())?
}

/// `web` of `machines/.web.removed`.
fn abandoned(path: &Path) -> Option<Name> {
    let (name, what) = path.file_name()?.to_str()?.strip_prefix('.')?.rsplit_once('.')?;
    HIDDEN.contains(&what).then(|| name.parse().ok())?
}

/// `key.pem.tmp123` beside `key.pem`; by itself it may be a file that the user calls so.
fn is_draft(path: &Path) -> bool {
    let parts = path.file_name().and_then(|file| file.to_str()?.rsplit_once(".tmp"));
    parts.is_some_and(|(file, digits)| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && path.with_file_name(file).exists()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("machines/web")).unwrap();
        let store = Store::new(root.path().to_owned());
        (root, store)
    }

    #[test]
    fn folders_of_killed_commands_go_unless_somebody_works_on_them() {
        let (_root, store) = store();
        let hidden = |file: &str| store.machines().join(file);
        for left in [".a.removed", ".b.c.new", ".busy.removed", ".other.folder"] {
            fs::create_dir(hidden(left)).unwrap();
            fs::write(hidden(left).join("key.pem"), "secret").unwrap();
        }
        let busy = "busy".parse().unwrap();
        let held = Lock::attempt(&store.lock_path(&busy), Some(&store.folder(&busy))).unwrap();
        store.sweep_abandoned();
        let mut left: Vec<_> = fs::read_dir(store.machines()).unwrap().map(|item| item.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".busy.lock", ".busy.removed", ".other.folder", "web"]);
        drop(held);
    }

    #[test]
    fn locks_of_killed_creates_go_when_they_are_old_and_nobody_holds_them() {
        let (_root, store) = store();
        let old = clock::now() - Duration::from_secs(3600);
        let held = "held".parse().unwrap();
        let _held = Lock::attempt(&store.lock_path(&held), Some(&store.folder(&held))).unwrap();
        fs::write(store.machines().join(".young.lock"), "7\n").unwrap();
        for file in [".gone.lock", ".held.lock", ".web.lock"] {
            let file = fs::File::options().create(true).append(true).open(store.machines().join(file)).unwrap();
            file.set_modified(old).unwrap();
        }
        store.sweep_abandoned();
        let mut left: Vec<_> = fs::read_dir(store.machines()).unwrap().map(|item| item.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".held.lock", ".web.lock", ".young.lock", "web"]);
    }

    #[test]
    fn old_drafts_of_any_file_go_and_young_ones_stay() {
        let (_root, store) = store();
        let folder = store.machines().join("web");
        let old = clock::now() - Duration::from_secs(3600);
        for file in ["key.pem", "key.pem.tmp1234", "key.pem.tmp", "key.pem.tmp1y", "mine.tmp2026"] {
            fs::File::create(folder.join(file)).unwrap().set_modified(old).unwrap();
        }
        fs::write(folder.join("key.pem.tmp99"), "just now").unwrap();
        store.sweep_drafts(&"web".parse().unwrap());
        let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|item| item.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["key.pem", "key.pem.tmp", "key.pem.tmp1y", "key.pem.tmp99", "mine.tmp2026"]);
    }
}
