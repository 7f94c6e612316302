//! The global flags: as typed, and resolved into what commands are handed.

use std::path::PathBuf;

use clap::ValueHint;

use super::flag::Variables;
use super::go::parse_bool;
use crate::context::Globals;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::store::root::{self, Root};

/// The flags before the command.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct GlobalArgs {
    /// Tell what happens inside
    #[arg(long, short = 'D', add = variable("MACHINE_DEBUG"))]
    debug: bool,
    /// Where machines and certificates are kept
    #[arg(long, short, value_hint = ValueHint::DirPath, add = variable(root::VARIABLE))]
    storage_path: Option<String>,
    /// Certificate authority to use instead of the store's
    #[arg(long, value_hint = ValueHint::FilePath, add = variable("MACHINE_TLS_CA_CERT"))]
    tls_ca_cert: Option<String>,
    /// Key of that certificate authority
    #[arg(long, value_hint = ValueHint::FilePath, add = variable("MACHINE_TLS_CA_KEY"))]
    tls_ca_key: Option<String>,
    /// Client certificate to use instead of the store's
    #[arg(long, value_hint = ValueHint::FilePath, add = variable("MACHINE_TLS_CLIENT_CERT"))]
    tls_client_cert: Option<String>,
    /// Key of that client certificate
    #[arg(long, value_hint = ValueHint::FilePath, add = variable("MACHINE_TLS_CLIENT_KEY"))]
    tls_client_key: Option<String>,
    /// Accepted for old scripts; nothing asks GitHub any more
    #[arg(long, add = variable("MACHINE_GITHUB_API_TOKEN"))]
    github_api_token: Option<String>,
    /// Use the built-in SSH client instead of the `ssh` program
    #[arg(long, add = variable("MACHINE_NATIVE_SSH"))]
    native_ssh: bool,
    /// Accepted for old scripts; no crash is ever reported
    #[arg(long, add = variable("MACHINE_BUGSNAG_API_TOKEN"))]
    bugsnag_api_token: Option<String>,
    /// Show this help
    #[arg(long, short)]
    help: bool,
    /// Print the version
    #[arg(long, short)]
    version: bool,
}

fn variable(name: &str) -> Variables {
    Variables(vec![name.to_owned()])
}

impl GlobalArgs {
    /// The flags as commands see them: paths absolute.
    pub(crate) fn resolve(&self, env: &Env) -> Globals {
        let path = |text: &Option<String>| -> Option<PathBuf> {
            text.as_deref().filter(|text| !text.is_empty()).map(|text| env.cwd.join(text))
        };
        Globals {
            debug: self.debug,
            native_ssh: self.native_ssh,
            tls_ca_cert: path(&self.tls_ca_cert),
            tls_ca_key: path(&self.tls_ca_key),
            tls_client_cert: path(&self.tls_client_cert),
            tls_client_key: path(&self.tls_client_key),
        }
    }
}

/// A `MACHINE_DEBUG` that is no Go boolean ends every command line, as in the original; other variables that do
/// not parse are passed over.
///
/// # Errors
/// It is none.
pub(crate) fn check_debug_variable(env: &Env) -> Result<()> {
    match env.var("MACHINE_DEBUG") {
        Some(text) if parse_bool(text).is_none() => Err(Error::msg(format!(
            "Error parsing boolean value from MACHINE_DEBUG: strconv.ParseBool: parsing \"{text}\": invalid syntax"
        ))),
        _ => Ok(()),
    }
}

/// Where the store is.
///
/// # Errors
/// Nothing names it and there is no home folder.
pub(crate) fn storage_root(args: &GlobalArgs, env: &Env) -> Result<Root> {
    root::find(env, args.storage_path.as_deref())
}

/// Where the store is if no flag names it, for the help; empty without a home folder.
pub(crate) fn default_root(env: &Env) -> String {
    root::find(env, None).map(|root| root.path().display().to_string()).unwrap_or_default()
}
