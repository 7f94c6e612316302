//! A machine: a record and a driver, and the order in which things are done to it.
//!
//! What may meet what on one machine. The lock is the machine's, and ends with the process that holds it:
//!
//! | | takes the lock | when another process has it |
//! |---|---|---|
//! | `create` | from its first check to its end | ends at once: the machine "already exists", and who works on it |
//! | `rm` | for all it does | waits, then removes what there is |
//! | `provision`, `upgrade`, `regenerate-certs`, `start`, `stop`, `kill`, `restart` | for all they do | wait, then load the record again; after an `rm` there is none |
//! | `ls`, `env`, `status`, `ip`, `gc`, `ssh` and other readers | no | read: a record is replaced whole, so it is the old or the new one |
//!
//! And in one account, where two computers share no locks:
//!
//! - `gc` finds what carries an id of its store and is in no record. It looks at the account first and at the records
//!   last, and a record is there before anything is made: what a `create` is making is no orphan. It removes what
//!   `rm -f` gave up here, groups that nothing uses, and what is named: the rest may be in another store's records.
//! - A second store with a machine of the same name: its key pair is refused before anything is made.
//! - `rm` deletes a group with the last machine that uses it while a `create` is about to: EC2 says so to the `create`,
//!   which makes the group again. Only the store that made a group deletes it.

pub mod action;
#[cfg(test)]
mod any_driver;
pub mod certificates;
pub mod computer;
pub mod create;
pub mod first_contact;
pub mod fleet;
pub mod gc;
pub mod lifecycle;
pub mod login;
pub mod options;
pub mod order;
pub mod orphans;
pub mod query;
pub mod reboot;
pub mod remove;
pub mod setup;
pub mod upgrade;

use crate::context::Context;
use crate::driver::{Driver, Flag, Leftovers, MachinePlace, registry};
use crate::error::{Error, Result};
use crate::store::{AuthOptions, EngineOptions, Name, Record, Store, SwarmOptions};

/// A machine in memory.
pub struct Host {
    /// Its name: the folder's.
    pub name: Name,
    /// Its record, as on disk but for the driver's state.
    pub record: Record,
    /// What controls its computer.
    pub driver: Box<dyn Driver>,
}

impl Host {
    /// Reads a machine from the store.
    ///
    /// # Errors
    /// [`Kind::Missing`](crate::error::Kind::Missing), [`Kind::Damaged`](crate::error::Kind::Damaged).
    pub fn load(cx: &Context, name: &Name) -> Result<Self> {
        let (record, notes) = cx.store.load_with_notes(name)?;
        for note in notes {
            // Programs that join our two streams must not see it.
            if cx.env.stderr_tty { cx.console.warn(note) } else { cx.console.debug(note) }
        }
        let place = place(&cx.store, name);
        let driver = registry::load(&cx.env, &record.driver_name, &place, record.driver.clone())?;
        Ok(Self { name: name.clone(), record, driver })
    }

    /// Writes the record with the driver's present state; a file that would not change is left alone.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn save(&mut self, cx: &Context) -> Result<()> {
        self.record.driver = self.driver.save().await?;
        cx.store.save(&self.record).map_err(|error| error.context("Error saving host to store"))
    }

    /// Where its certificates are.
    ///
    /// # Errors
    /// The record has no such part (machines that another program provisioned with a script of its own).
    pub fn auth(&self) -> Result<&AuthOptions> {
        let options = self.record.host_options.as_ref().and_then(|options| options.auth_options.as_ref());
        options.ok_or_else(|| self.not_ours("certificates"))
    }

    /// How its engine is set up.
    ///
    /// # Errors
    /// As [`Host::auth`].
    pub fn engine(&self) -> Result<&EngineOptions> {
        let options = self.record.host_options.as_ref().and_then(|options| options.engine_options.as_ref());
        options.ok_or_else(|| self.not_ours("engine options"))
    }

    /// Its swarm options, if it has any.
    pub fn swarm(&self) -> Option<&SwarmOptions> {
        self.record.host_options.as_ref()?.swarm_options.as_ref()
    }

    /// What its driver has made and may have left, for people: ids with their kind and place.
    pub fn traces(&self) -> Vec<String> {
        self.driver.leftovers().map(Leftovers::traces).unwrap_or_default()
    }

    fn not_ours(&self, what: &str) -> Error {
        Error::msg(format!("the record of \"{}\" has no {what}", self.name))
            .hint("it was made with an install script of its own, so its Docker cannot be managed from here")
    }
}

/// The flags of a driver, asked before there is a machine.
///
/// # Errors
/// There is no such driver, or it does not tell.
pub async fn flags_of_driver(cx: &Context, name: &str) -> Result<Vec<Flag>> {
    let place = place(&cx.store, &"flag-lookup".parse()?);
    registry::find(&cx.env, name, &place)?.flags(&cx.for_driver()).await
}

/// What a driver is told about the machine `name`.
pub fn place(store: &Store, name: &Name) -> MachinePlace {
    MachinePlace { name: name.clone(), store: store.root().to_owned(), folder: store.folder(name) }
}
