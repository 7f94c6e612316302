//! The machines' records on disk.
//!
//! Commands that change a machine hold its [`Lock`] from loading to saving; commands that only look take none, so
//! every file is replaced as a whole and a machine's folder appears and disappears in one step.

mod canonical;
mod create;
mod existing;
mod forgotten;
mod identity;
pub mod layout;
mod list;
pub(crate) mod load;
mod lock;
pub(crate) mod machine_dir;
pub(crate) mod merge;
mod migrate;
mod name;
mod record;
pub mod root;
mod sweep;

use std::fs;
use std::io::ErrorKind;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

pub use canonical::spell;
pub use create::{Claim, Creating};
use existing::Existing;
pub use identity::Ids;
pub use list::{Entry, Listed};
pub use lock::{Attempt, Lock, PATIENCE};
pub use name::Name;
pub use record::{AuthOptions, EngineOptions, HostOptions, Record, SwarmOptions};
pub use root::Root;

use crate::console::Console;
use crate::error::{Error, Kind, Result};
use crate::files::write_private;
use crate::json;
use layout::{DAMAGED_RECORD, OLD_RECORD, RECORD};
use load::{Parsed, is_from_the_future, parse, to_map};
use machine_dir::MachineDir;

/// Records that are read sooner than another thread is started.
const WORTH_A_THREAD: usize = 32;

/// Whether the paths of a record that is read are made to lead to the files of the store where it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathRepair {
    /// No: they are as they were written.
    Skip,
    /// Yes.
    Apply,
}

/// The store: one root folder with `machines/` and `certs/`.
#[derive(Clone, Debug)]
pub struct Store {
    root: Root,
}

impl Store {
    /// A store at an absolute root.
    pub fn new(root: PathBuf) -> Self {
        Self { root: Root::explicit(&root) }
    }

    /// A store at the root that [`root::find`] found.
    pub fn at(root: Root) -> Self {
        Self { root }
    }

    /// The root.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The root with how it was found.
    pub fn found_root(&self) -> &Root {
        &self.root
    }

    /// `<root>/certs`.
    pub fn certs(&self) -> PathBuf {
        self.root().join("certs")
    }

    /// `<root>/machines`.
    pub fn machines(&self) -> PathBuf {
        self.root().join("machines")
    }

    /// `<root>/machines/NAME`.
    pub fn folder(&self, name: &Name) -> PathBuf {
        self.machines().join(name.as_str())
    }

    /// What is listed: real folders without a leading dot, in byte order.
    ///
    /// # Errors
    /// The folder cannot be read; a missing one is an empty store.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        list::entries(&self.machines())
    }

    /// The names of all machines, without folders that no machine can be called.
    ///
    /// # Errors
    /// As [`Store::entries`].
    pub fn names(&self) -> Result<Vec<Name>> {
        Ok(self.entries()?.iter().filter_map(|entry| entry.name().ok()).collect())
    }

    /// Whether something, folder or not, is at the machine's place.
    pub fn exists(&self, name: &Name) -> bool {
        self.look(name).is_ok()
    }

    /// Looks whether something is at the machine's place.
    ///
    /// # Errors
    /// Nothing is ([`Kind::Missing`]), or that cannot be said: a folder on the way cannot be entered.
    pub fn look(&self, name: &Name) -> Result<fs::Metadata> {
        fs::symlink_metadata(self.folder(name)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => missing(name.as_str()),
            _ => Error::file("open", &self.config(name), &error).with_kind(Kind::Damaged),
        })
    }

    /// Reads a machine's record; one of an older version is rewritten at once, its old text kept in `config.json.bak`,
    /// unless somebody works on the machine.
    ///
    /// # Errors
    /// [`Kind::Missing`], or [`Kind::Damaged`] with the original's words.
    pub fn load(&self, name: &Name) -> Result<Record> {
        Ok(self.load_with_notes(name)?.0)
    }

    /// As [`Store::load`], with a sentence for everything unusual that was done to read the record.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub fn load_with_notes(&self, name: &Name) -> Result<(Record, Vec<String>)> {
        self.look(name)?;
        self.read_record(name, Some(&Existing::default()))
    }

    /// Reads the records of all that is listed, in byte order. One that cannot be read stops nobody.
    ///
    /// # Errors
    /// As [`Store::entries`].
    pub fn load_all(&self, paths: PathRepair) -> Result<Vec<Listed>> {
        let entries = self.entries()?;
        let read = |entry: &Entry, existing: Option<&Existing>| {
            let name = entry.name()?;
            match self.read_record(&name, existing) {
                Ok((record, _)) => Ok((name, record)),
                // It may have been removed since it was listed.
                Err(error) => Err(self.look(&name).err().unwrap_or(error)),
            }
        };
        let read_part = |part: &[Entry]| -> Vec<_> {
            let existing = Existing::default();
            let existing = (paths == PathRepair::Apply).then_some(&existing);
            part.iter().map(|entry| Listed { name: entry.text().to_owned(), record: read(entry, existing) }).collect()
        };
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let part = entries.len().div_ceil(cores).max(WORTH_A_THREAD);
        Ok(thread::scope(|scope| {
            let parts: Vec<_> = entries.chunks(part).map(|part| scope.spawn(|| read_part(part))).collect();
            parts.into_iter().flat_map(|part| part.join().expect("a reader does not panic")).collect()
        }))
    }

    fn read_record(&self, name: &Name, existing: Option<&Existing>) -> Result<(Record, Vec<String>)> {
        let mut notes = Vec::new();
        let bytes = self.read(name, &mut notes)?;
        let (record, migrated) = load::record(&bytes, &self.dir(name), existing)?;
        if migrated {
            match self.modernize(name) {
                Ok(true) => notes.push(format!(
                    "the record of \"{name}\" was brought to today's form; the old one is config.json.bak"
                )),
                Ok(false) => {}
                // A store that cannot be written can still be read.
                Err(error) => {
                    notes.push(format!("the record of \"{name}\" is of an old form and cannot be rewritten: {error}"));
                }
            }
        }
        Ok((record, notes))
    }

    /// Writes what changed in a machine's record; a file that would not change is left alone. One that holds no record
    /// any more is kept as `config.json.damaged`.
    ///
    /// # Errors
    /// The machine is not in the store ([`Kind::Missing`]), what is there cannot be read or is a newer program's, or
    /// the file cannot be written.
    pub fn save(&self, record: &Record) -> Result<()> {
        let name: Name = record.name.parse()?;
        self.look(&name)?;
        let bytes = match self.read(&name, &mut Vec::new()) {
            Ok(bytes) => bytes,
            Err(_) if fs::exists(self.config(&name)).is_ok_and(|there| !there) => Vec::new(),
            Err(error) => return Err(error),
        };
        let text = match parse(&bytes, &self.dir(&name)) {
            Ok(Parsed { file, record: read, migrated }) => {
                let merged = merge::merge(&file, &to_map(&read), &to_map(record));
                if migrated {
                    self.keep_old(&name, &bytes)?;
                } else if merged == file {
                    return Ok(());
                }
                json::pretty(&merged.into())
            }
            Err(error) if is_from_the_future(&bytes) => return Err(error),
            Err(_) => {
                if !bytes.is_empty() {
                    write_private(&self.folder(&name).join(DAMAGED_RECORD), &bytes)?;
                }
                text_of(record)
            }
        };
        write_private(&self.config(&name), text.as_bytes())?;
        self.sweep_drafts(&name);
        Ok(())
    }

    /// Deletes a machine's folder, never anything that a link in it leads to.
    ///
    /// # Errors
    /// There is none ([`Kind::Missing`]), or a file cannot be deleted.
    pub fn remove(&self, name: &Name) -> Result<()> {
        let folder = self.folder(name);
        let failed = |error: std::io::Error| match error.kind() {
            // Somebody else removed it at the same moment.
            ErrorKind::NotFound => missing(name.as_str()),
            _ => Error::file("remove", &folder, &error),
        };
        if !self.look(name)?.is_dir() {
            return fs::remove_file(&folder).map_err(failed);
        }
        self.sweep(name);
        self.sweep_abandoned();
        // Out of sight in one step: whatever ends us now, no half machine is listed.
        let doomed = self.hidden(name, "removed");
        fs::rename(&folder, &doomed).map_err(failed)?;
        fs::remove_dir_all(&doomed).map_err(|error| Error::file("remove", &doomed, &error))
    }

    /// Takes the machine's lock, saying so if another process has it. Not to be taken twice by one process.
    ///
    /// # Errors
    /// No such machine ([`Kind::Missing`]), or it cannot be looked for; another process has the lock for longer than [`PATIENCE`].
    pub async fn lock(&self, console: &Console, name: &Name) -> Result<Lock> {
        self.lock_within(console, name, PATIENCE).await
    }

    /// As [`Store::lock`], with another patience; none at all with zero.
    ///
    /// # Errors
    /// As [`Store::lock`].
    pub async fn lock_within(&self, console: &Console, name: &Name, patience: Duration) -> Result<Lock> {
        self.look(name)?;
        let (what, folder) = (format!("\"{name}\""), self.folder(name));
        let lock = Lock::wait(&self.lock_path(name), Some(&folder), &what, patience, |line| console.say(line)).await?;
        // Whom we waited for may have removed it.
        self.look(name)?;
        Ok(lock)
    }

    fn config(&self, name: &Name) -> PathBuf {
        self.folder(name).join(RECORD)
    }

    fn lock_path(&self, name: &Name) -> PathBuf {
        self.hidden(name, "lock")
    }

    /// `machines/.NAME.<what>`: neither we nor the original list names with a leading dot.
    fn hidden(&self, name: &Name, what: &str) -> PathBuf {
        self.machines().join(format!(".{name}.{what}"))
    }

    fn dir(&self, name: &Name) -> MachineDir {
        MachineDir { name: name.clone(), root: self.root().to_owned() }
    }

    /// The record's bytes, or those of the one temporary file that a crash of the original left in its place.
    fn read(&self, name: &Name, notes: &mut Vec<String>) -> Result<Vec<u8>> {
        let path = self.config(name);
        let error = match fs::read(&path) {
            Ok(bytes) => return Ok(bytes),
            Err(error) => error,
        };
        if error.kind() == ErrorKind::NotFound {
            let mut left = self.record_drafts(name);
            left.retain(|path| fs::read(path).is_ok_and(|bytes| parse(&bytes, &self.dir(name)).is_ok()));
            if let [only] = left.as_slice()
                && let Ok(bytes) = fs::read(only)
            {
                notes.push(format!("{} is missing; its content was found in {}", path.display(), only.display()));
                return Ok(bytes);
            }
            // The original takes the file away for a moment in every save: it may be back.
            if let Ok(bytes) = fs::read(&path) {
                return Ok(bytes);
            }
        }
        Err(Error::file("open", &path, &error).with_kind(Kind::Damaged))
    }

    /// Brings a record to today's form. Not while somebody works on the machine, who will do it at the end.
    fn modernize(&self, name: &Name) -> Result<bool> {
        let lock = Lock::attempt(&self.lock_path(name), Some(&self.folder(name)))?;
        let Attempt::Held(_lock) = lock else { return Ok(false) };
        // Somebody may have been here since the first look.
        let old = self.read(name, &mut Vec::new())?;
        let parsed = parse(&old, &self.dir(name))?;
        if parsed.migrated {
            self.keep_old(name, &old)?;
            write_private(&self.config(name), json::pretty(&parsed.file.into()).as_bytes())?;
        }
        Ok(true)
    }

    fn keep_old(&self, name: &Name, old: &[u8]) -> Result<()> {
        write_private(&self.folder(name).join(OLD_RECORD), old)
    }
}

/// A whole record as the original writes it.
fn text_of(record: &Record) -> String {
    json::pretty(&to_map(record).into())
}

/// The error of a machine that is not there, with the sentence that scripts look for. `name` is as it was typed: it may
/// be one that no machine can have.
pub fn missing(name: &str) -> Error {
    let message = format!(
        "Docker machine \"{name}\" does not exist. Use \"docker-machine ls\" to list machines. \
         Use \"docker-machine create\" to add a new one."
    );
    Error::new(Kind::Missing, message)
}

#[cfg(test)]
mod tests;
