//! Writing a file so that a crash at any moment leaves the old content or the new one, never half of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempPath;

use crate::clock;
use crate::error::{Error, Result};

/// Replaces a file that only its owner may read: mode 0600 from its first byte.
///
/// # Errors
/// `open PATH: …`, with the path that was asked for.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, 0o600)
}

/// Replaces a file that everybody may read: mode 0644.
///
/// # Errors
/// `open PATH: …`, with the path that was asked for.
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, 0o644)
}

/// Makes a file of mode 0600 unless there is one of that name; whether it was made. Of several that try at once one does.
///
/// # Errors
/// `open PATH: …`.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<bool> {
    let temporary = temporary_name(path);
    let made = write_new(&temporary, bytes, 0o600).and_then(|()| {
        match TempPath::try_from_path(&temporary)?.persist_noclobber(path) {
            Ok(()) => sync_folder(path).map(|()| true),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error.error),
        }
    });
    made.map_err(|error| Error::file("open", path, &error))
}

/// Makes a folder of mode 0700, and its parents; what exists keeps its mode.
///
/// # Errors
/// `mkdir PATH: …`.
pub fn make_folder(path: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Error::file("mkdir", path, &error))
}

/// Temporary file, fsync, rename, fsync of the folder. A link is followed: its target is replaced, the link stays.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let target = match fs::symlink_metadata(path) {
        Ok(data) if data.is_symlink() => fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
        _ => path.to_owned(),
    };
    replace_real(&target, bytes, mode).map_err(|error| Error::file("open", path, &error))
}

fn replace_real(target: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let temporary = temporary_name(target);
    let written = write_new(&temporary, bytes, mode).and_then(|()| fs::rename(&temporary, target));
    if let Err(error) = written {
        _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(target)
}

/// Makes a file that must not exist yet, with all its content on the disk when it returns.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    if mode & 0o077 != 0 {
        // The umask may have taken the bits that make a public file public.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a rename in `path`'s folder last. Some file systems cannot; the rename has happened all the same.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    match File::open(folder)?.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}

/// `config.json` → `config.json.tmp<digits>`, the form that the original leaves behind in a crash.
fn temporary_name(target: &Path) -> PathBuf {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let nanos = clock::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".tmp{}{nanos:09}{count}", std::process::id()));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        fs::write(&file, "old").unwrap();
        write_private(&file, b"new").unwrap();
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"new".to_vec(), 0o600));
        write_public(&file, b"newer").unwrap();
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"newer".to_vec(), 0o644));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_there_is_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("id");
        assert!(create_private(&file, b"one").unwrap());
        assert!(!create_private(&file, b"two").unwrap());
        assert_eq!((fs::read(&file).unwrap(), mode(&file)), (b"one".to_vec(), 0o600));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        write_private(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }

    #[test]
    fn a_failure_names_the_file_and_leaves_no_temporary_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken");
        fs::create_dir(&file).unwrap();
        let error = write_private(&file, b"x").unwrap_err();
        assert_eq!(error.message(), format!("open {}: is a directory", file.display()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
