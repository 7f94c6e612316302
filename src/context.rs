//! What every command is handed: surroundings, terminal, store, and the global flags.

use std::path::PathBuf;

use crate::console::Console;
use crate::env::Env;
use crate::shared::Shared;
use crate::store::Store;

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
