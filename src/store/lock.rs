//! One process at a time per machine: advisory locks that the kernel drops when their holder dies.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::{Error, Kind, Result};

/// How long a command waits for another one: longer than installing an engine on a slow host takes.
pub const PATIENCE: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(50);
/// A wait that nobody notices needs no words.
const SILENCE: Duration = Duration::from_millis(500);

/// A held lock; dropping it, or the death of the process, frees it.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
    /// The file of the lock is deleted with it when this no longer exists.
    guarded: Option<PathBuf>,
}

/// What an attempt to take a lock found.
#[derive(Debug)]
pub enum Attempt {
    /// It is ours.
    Held(Lock),
    /// Another process has it; its id if it has written it already.
    Busy(Option<u32>),
}

impl Lock {
    /// Takes the lock if it is free. `guarded`: the folder that it protects; without it the lock's file goes too.
    ///
    /// # Errors
    /// The file cannot be made: `open PATH: …`; or it cannot be locked there.
    pub fn attempt(path: &Path, guarded: Option<&Path>) -> Result<Attempt> {
        let failed = |error: io::Error| Error::file("open", path, &error);
        loop {
            let mut file = open(path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) if is_current(&file, path) => {}
                // Its holder deleted the file between our opening and our locking it: what we hold protects nothing.
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => return Ok(Attempt::Busy(read_pid(&mut file))),
                Err(TryLockError::Error(error)) => return Err(unsupported(path, &error)),
            }
            // On a full disk the others do not learn who we are; we can still make room.
            _ = write_pid(&mut file);
            return Ok(Attempt::Held(Self { path: path.into(), file, guarded: guarded.map(Into::into) }));
        }
    }

    /// Waits for the lock, at most `patience`; `waiting` is told once who is waited for if it takes a while.
    ///
    /// # Errors
    /// Time is out ([`Kind::Unreachable`]), or the file cannot be made. `what` is what the lock protects.
    pub async fn wait(
        path: &Path,
        guarded: Option<&Path>,
        what: &str,
        patience: Duration,
        waiting: impl FnOnce(&str),
    ) -> Result<Self> {
        let begin = Instant::now();
        let mut waiting = Some(waiting);
        loop {
            let holder = match Self::attempt(path, guarded)? {
                Attempt::Held(lock) => return Ok(lock),
                Attempt::Busy(pid) => holder_text(pid),
            };
            if begin.elapsed() >= patience {
                let message = format!("{what} is in use by {holder} for more than {} s", patience.as_secs());
                return Err(Error::new(Kind::Unreachable, message).hint("wait for it to finish, or stop it"));
            }
            if let Some(tell) = waiting.take_if(|_| begin.elapsed() >= SILENCE) {
                tell(&format!("Waiting for {holder}, which is working on {what}..."));
            }
            sleep(PAUSE).await;
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.guarded.as_ref().is_some_and(|folder| fs::symlink_metadata(folder).is_err()) {
            _ = fs::remove_file(&self.path);
        }
        // Not left to the closing of the file: a child that is just being started has it open too.
        _ = self.file.unlock();
    }
}

/// A lock's holder in a sentence.
pub fn holder_text(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

/// Going on without a lock would be the original's way, in which two commands at once destroy each other's work.
fn unsupported(path: &Path, error: &io::Error) -> Error {
    Error::file("lock", path, error)
        .hint("without locks two commands can change one machine at the same time; looking at machines needs none")
        .hint("keep the store where files can be locked (--storage-path), or mount its file system with locks")
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn is_current(file: &File, path: &Path) -> bool {
    let id = |data: fs::Metadata| (data.dev(), data.ino());
    matches!((file.metadata().map(id), fs::metadata(path).map(id)), (Ok(ours), Ok(named)) if ours == named)
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_taker_learns_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".web.lock");
        let Attempt::Held(lock) = Lock::attempt(&path, None).unwrap() else { panic!("it was free") };
        let Attempt::Busy(pid) = Lock::attempt(&path, None).unwrap() else { panic!("it was taken") };
        assert_eq!(pid, Some(std::process::id()));
        drop(lock);
        assert!(matches!(Lock::attempt(&path, None).unwrap(), Attempt::Held(_)));
    }

    #[test]
    fn the_file_goes_with_what_it_protected() {
        let folder = tempfile::tempdir().unwrap();
        let (path, machine) = (folder.path().join(".web.lock"), folder.path().join("web"));
        fs::create_dir(&machine).unwrap();
        drop(Lock::attempt(&path, Some(&machine)).unwrap());
        assert!(path.exists());
        let Attempt::Held(lock) = Lock::attempt(&path, Some(&machine)).unwrap() else { panic!("it was free") };
        fs::remove_dir(&machine).unwrap();
        drop(lock);
        assert!(!path.exists());
    }

    #[test]
    fn a_deleted_lock_file_never_lets_two_in() {
        let folder = tempfile::tempdir().unwrap();
        let (path, machine) = (folder.path().join(".web.lock"), folder.path().join("web"));
        let inside = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if let Attempt::Held(_lock) = Lock::attempt(&path, Some(&machine)).unwrap() {
                            assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                            std::thread::yield_now();
                            inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        }
                    }
                });
            }
        });
    }

    #[tokio::test]
    async fn waiting_ends_with_the_holder_s_id() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".web.lock");
        let _held = Lock::attempt(&path, None).unwrap();
        let mut said = String::new();
        let patience = Duration::from_secs(1);
        let error = Lock::wait(&path, None, "\"web\"", patience, |line| line.clone_into(&mut said)).await.unwrap_err();
        let pid = std::process::id();
        assert_eq!(error.message(), format!("\"web\" is in use by process {pid} for more than 1 s"));
        assert_eq!(said, format!("Waiting for process {pid}, which is working on \"web\"..."));
    }
}
