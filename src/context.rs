//! What every command is handed: surroundings, terminal, store, and the global flags.

use std::path::PathBuf;

use crate::console::Console;
use crate::env::Env;
use crate::error::Result;
use crate::shared::Shared;
use crate::store::{Name, Store};

/// The global flags, resolved: nobody asks again whether a value came from a flag or a variable.
#[derive(Clone, Debug, Default)]
pub struct Globals {
    /// `--debug`.
    pub debug: bool,
    /// `--native-ssh`: never start the user's OpenSSH.
    pub native_ssh: bool,
    /// `--tls-ca-cert`, absolute. Used by `create` only, as the three below.
    pub tls_ca_cert: Option<PathBuf>,
    /// `--tls-ca-key`.
    pub tls_ca_key: Option<PathBuf>,
    /// `--tls-client-cert`.
    pub tls_client_cert: Option<PathBuf>,
    /// `--tls-client-key`.
    pub tls_client_key: Option<PathBuf>,
}

/// Everything a command works with.
#[derive(Clone, Debug)]
pub struct Context {
    /// Variables, arguments, folder.
    pub env: Env,
    /// The only way to the terminal.
    pub console: Console,
    /// The machines' records.
    pub store: Store,
    /// The global flags.
    pub globals: Globals,
    /// What the machines of the command share.
    pub shared: Shared,
}

impl Context {
    /// The part of it that a driver may see.
    pub fn for_driver(&self) -> DriverContext<'_> {
        let Self { env, console, store, shared, .. } = self;
        DriverContext { env, console, shared, store }
    }
}

/// What a driver works with during one call: no records, no global flags. The machine's own folder is in its
/// [`MachinePlace`](crate::driver::MachinePlace).
#[derive(Clone, Copy, Debug)]
pub struct DriverContext<'c> {
    /// Variables, arguments, folder.
    pub env: &'c Env,
    /// Where the caller's messages go.
    pub console: &'c Console,
    /// What the machines of the command share, such as the clients of a cloud.
    pub shared: &'c Shared,
    store: &'c Store,
}

impl DriverContext<'_> {
    /// The store's id, for whatever is made outside of this computer and must be told from what others made.
    ///
    /// # Errors
    /// It is asked for the first time, and the store cannot be written.
    pub fn store_id(&self) -> Result<String> {
        self.store.id()
    }

    /// Whether the `create` of a machine has not ended, or was killed.
    pub fn is_unfinished(&self, name: &Name) -> bool {
        self.store.creating(name).is_some()
    }
}

#[cfg(test)]
impl Context {
    /// A context without surroundings whose console keeps everything in memory.
    pub(crate) fn for_test() -> Self {
        Self {
            env: Env::default(),
            console: Console::captured(&[]),
            store: Store::new(PathBuf::from("/nonexistent")),
            globals: Globals::default(),
            shared: Shared::default(),
        }
    }
}
