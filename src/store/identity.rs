//! The store's own name, by which what was made for its machines is told from what others made.
//!
//! It belongs to one folder on one computer: a store that is copied, to a second laptop, from a backup, into an image,
//! takes the files along, but not the name. So the name is in a file that is called after the place, and a copy, which
//! finds none of its own, makes one. The names that it brought along are kept as earlier ones: they stand in the records
//! of its machines, and on what those machines are made of. Moving or renaming the store's folder makes no copy.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

use super::Store;
use crate::error::{Error, Result};
use crate::files::create_private;
use crate::random;

/// Beside the machines, where neither we nor the original take it for one: `.store-id-` and the place.
const FILE: &str = ".store-id";
/// Where systems say which computer this is: containers without an id of their own have a name of their own.
const COMPUTER: [&str; 3] = ["/etc/machine-id", "/var/lib/dbus/machine-id", "/proc/sys/kernel/hostname"];

/// The names of a store, 32 hex digits each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// What is made from here, in this place, is called so; `None`: nothing was made yet.
    pub own: Option<String>,
    /// Those of the places that the store was copied from, in order.
    pub earlier: Vec<String>,
}

impl Store {
    /// The store's name in this place, made when first asked for; the same as long as it stays here.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn id(&self) -> Result<String> {
        let path = self.machines().join(FILE);
        let failed = |error: std::io::Error| Error::file("write", &path, &error);
        fs::create_dir_all(self.machines()).map_err(failed)?;
        if let Some(id) = self.ids().own {
            return Ok(id);
        }
        let file =
            self.own_id_file().ok_or_else(|| Error::msg(format!("cannot look at {}", self.machines().display())))?;
        let path = self.machines().join(file);
        // If another process is faster, its id is the store's.
        create_private(&path, random::id().as_bytes())?;
        self.ids().own.ok_or_else(|| Error::msg(format!("{} holds no id", path.display())))
    }

    /// The names that the store has so far.
    pub fn ids(&self) -> Ids {
        let own = self.own_id_file();
        let mut ids = Ids::default();
        for entry in fs::read_dir(self.machines()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            // One that is just being made has no name yet.
            if !name.starts_with(FILE) || name.contains(".tmp") {
                continue;
            }
            let Some(id) = fs::read_to_string(entry.path()).ok().and_then(|text| parse(&text)) else { continue };
            if own.as_ref() == Some(&name) { ids.own = Some(id) } else { ids.earlier.push(id) }
        }
        ids.earlier.sort();
        ids.earlier.dedup();
        ids
    }

    /// The file's name in this place; `None`: there is no store yet.
    fn own_id_file(&self) -> Option<String> {
        let folder = fs::metadata(self.machines()).ok()?;
        // To the nanosecond, and never copied. Where a file system does not keep it, the inode must do.
        let born = folder.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let computer =
            COMPUTER.iter().find_map(|path| fs::read_to_string(path).ok().filter(|text| !text.trim().is_empty()));
        Some(file_name(computer.unwrap_or_default().trim(), folder.ino(), born.as_nanos()))
    }
}

/// The computer's id is confidential (machine-id(5)): only its hash is written down.
fn file_name(computer: &str, inode: u64, born: u128) -> String {
    let place = format!("{computer} {inode} {born}");
    // FNV-1a, 64 bits: nobody gains by a collision, and it is the same in every build.
    let hash = place
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{FILE}-{hash:016x}")
}

fn parse(text: &str) -> Option<String> {
    let id = text.trim();
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;

    fn copy(from: &Path, to: &Path) {
        assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
    }

    #[test]
    fn a_store_keeps_its_id_and_no_two_are_the_same() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::new(one.path().to_owned());
        assert_eq!(store.ids(), Ids::default());
        let id = store.id().unwrap();
        assert_eq!(store.id().unwrap(), id);
        assert_ne!(Store::new(other.path().to_owned()).id().unwrap(), id);
        assert!(store.entries().unwrap().is_empty(), "it is no machine");
    }

    #[test]
    fn a_copy_takes_an_id_of_its_own_and_a_renamed_store_keeps_its() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| Store::new(home.path().join(name));
        let id = at("a").id().unwrap();
        copy(&home.path().join("a"), &home.path().join("b"));
        assert_eq!(at("b").ids(), Ids { own: None, earlier: vec![id.clone()] });
        let copied = at("b").id().unwrap();
        assert_ne!(copied, id);
        assert_eq!(at("b").ids(), Ids { own: Some(copied), earlier: vec![id.clone()] });
        fs::rename(home.path().join("a"), home.path().join("c")).unwrap();
        assert_eq!(at("c").ids(), Ids { own: Some(id.clone()), earlier: Vec::new() });
        // A backup at the old place, while the renamed one is still there.
        copy(&home.path().join("c"), &home.path().join("a"));
        assert_eq!(at("a").ids(), Ids { own: None, earlier: vec![id] });
    }

    #[test]
    fn an_id_that_is_bound_to_no_place_is_an_earlier_one() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::new(home.path().to_owned());
        fs::create_dir_all(store.machines()).unwrap();
        fs::write(store.machines().join(FILE), "0123456789abcdef0123456789abcdef").unwrap();
        assert_ne!(store.id().unwrap(), "0123456789abcdef0123456789abcdef");
        assert_eq!(store.ids().earlier, ["0123456789abcdef0123456789abcdef"]);
    }

    #[test]
    fn a_place_is_a_computer_and_a_folder() {
        assert_eq!(file_name("c", 1, 2), file_name("c", 1, 2));
        let others = [file_name("d", 1, 2), file_name("c", 2, 2), file_name("c", 1, 3)];
        assert!(others.iter().all(|other| *other != file_name("c", 1, 2)), "{others:?}");
    }
}
