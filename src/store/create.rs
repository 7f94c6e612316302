//! Making a machine's place: one creator per name, and a half-made machine that can be told from a finished one.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use super::layout::{CREATING, RECORD};
use super::lock::{Attempt, Lock, holder_text};
use super::name::Name;
use super::record::Record;
use super::{Store, text_of};
use crate::console::Console;
use crate::error::{Error, Kind, Result};
use crate::files::{make_folder, sync_folder, write_private};

/// A `create` that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Creating {
    /// The process that began it.
    pub pid: Option<u32>,
    /// When it began.
    pub since: SystemTime,
}

/// The right to make the machine of one name; nobody else has it until this is dropped.
#[derive(Debug)]
pub struct Claim {
    store: Store,
    name: Name,
    resumed: Option<Record>,
    _lock: Lock,
}

impl Store {
    /// Whether a `create` of this name may begin: there is no such machine, or only a half-made one.
    ///
    /// # Errors
    /// `Docker machine "NAME" already exists` ([`Kind::Exists`]), or that cannot be said.
    pub fn check_free(&self, name: &Name) -> Result<()> {
        match self.look(name) {
            Ok(_) if self.creating(name).is_some() => Ok(()),
            Ok(_) => Err(exists(name)),
            Err(error) if error.kind() == Kind::Missing => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Claims a name for `create`, making the store's folders where they are missing.
    ///
    /// # Errors
    /// `Docker machine "NAME" already exists` ([`Kind::Exists`]), also while another process is making it.
    pub fn claim(&self, console: &Console, name: &Name) -> Result<Claim> {
        self.check_free(name)?;
        self.root.make(console)?;
        let lock = match Lock::attempt(&self.lock_path(name), Some(&self.folder(name)))? {
            Attempt::Held(lock) => lock,
            Attempt::Busy(pid) => return Err(exists(name).hint(format!("{} is working on it", holder_text(pid)))),
        };
        let resumed = match (self.exists(name), self.creating(name)) {
            (false, _) => None,
            (true, Some(_)) => Some(self.load(name)?),
            // It was finished between our first look and the lock.
            (true, None) => return Err(exists(name)),
        };
        self.sweep(name);
        self.sweep_abandoned();
        Ok(Claim { store: self.clone(), name: name.clone(), resumed, _lock: lock })
    }

    /// Takes the mark of an unfinished `create` away, if there is one: somebody has finished the machine.
    ///
    /// # Errors
    /// The mark cannot be removed.
    pub fn end_creation(&self, name: &Name) -> Result<()> {
        let marker = self.folder(name).join(CREATING);
        match fs::remove_file(&marker) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", &marker, &error)),
            _ => Ok(()),
        }
    }

    /// Whether a machine's `create` has begun and not ended.
    pub fn creating(&self, name: &Name) -> Option<Creating> {
        let marker = self.folder(name).join(CREATING);
        let since = fs::metadata(&marker).and_then(|data| data.modified()).ok()?;
        let pid = fs::read_to_string(&marker).ok().and_then(|text| text.trim().parse().ok());
        Some(Creating { pid, since })
    }
}

impl Claim {
    /// What an interrupted `create` of this name left behind.
    pub fn resumed(&self) -> Option<&Record> {
        self.resumed.as_ref()
    }

    /// Puts the machine into the store, marked as unfinished. Its folder appears at once with its record in it.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn begin(&self, record: &Record) -> Result<()> {
        let pid = format!("{}\n", std::process::id());
        let folder = self.store.folder(&self.name);
        if self.store.exists(&self.name) {
            write_private(&folder.join(CREATING), pid.as_bytes())?;
            return self.store.save(record);
        }
        let staged = self.stage(record, &pid);
        if staged.is_err() {
            self.store.sweep(&self.name);
        }
        let moved = fs::rename(staged?, &folder).and_then(|()| sync_folder(&folder));
        moved.map_err(|error| Error::file("mkdir", &folder, &error))
    }

    /// The machine's folder under another name, with its mark and its record in it.
    fn stage(&self, record: &Record, pid: &str) -> Result<PathBuf> {
        let staged = self.store.hidden(&self.name, "new");
        make_folder(&staged)?;
        write_private(&staged.join(CREATING), pid.as_bytes())?;
        write_private(&staged.join(RECORD), text_of(record).as_bytes())?;
        Ok(staged)
    }

    /// The machine is finished: takes the mark away.
    ///
    /// # Errors
    /// The mark cannot be removed.
    pub fn finish(self) -> Result<()> {
        self.store.end_creation(&self.name)
    }
}

/// The sentence that scripts look for.
fn exists(name: &Name) -> Error {
    Error::new(Kind::Exists, format!("Docker machine \"{name}\" already exists"))
}
