//! `ssh`: log in to a machine, or run a command there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use crate::commands::targets;
use crate::context::Context;
use crate::driver::State;
use crate::error::{Error, Kind, Result};
use crate::machine::{Host, login};
use crate::ssh::{HostKeyPolicy, SshTarget, connect, external, keys, options, shell};

/// The status with which OpenSSH reports a failure of its own.
pub(super) const OWN_FAILURE: u8 = 255;
/// How long to look for the reason of one.
const DIAGNOSIS: Duration = Duration::from_secs(5);

/// Log in to a machine, or run a command there
///
/// Arguments are [machine] [command...].
#[allow(rustdoc::broken_intra_doc_links, reason = "help, not links")]
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machine, then everything that follows it, as typed.
    #[arg(value_name = "WORD", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// The machine is not there or not running, no login, or the command's own exit status.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let name = targets::one(&cx.store, &args.words)?;
    let host = Host::load(cx, &name)?;
    if host.driver.state(&cx.for_driver()).await? != State::Running {
        let text = format!("Error: Cannot run SSH command: Host \"{name}\" is not running");
        return Err(Error::new(Kind::NotRunning, text));
    }
    let target = login::target(cx, &host).await?;
    // A driver that is a program of its own is not needed during the session, and its port is open to others.
    drop(host);
    let words = args.words.get(1..).unwrap_or_default();
    match openssh(cx, "ssh") {
        Some(program) => external(cx, &program, &target, words).await,
        None => shell::run(cx, &target, &options::parse(words)?).await,
    }
}

/// The user's program, unless the built-in client was asked for.
pub(super) fn openssh(cx: &Context, program: &str) -> Option<PathBuf> {
    if cx.globals.native_ssh { None } else { cx.env.which(program) }
}

async fn external(cx: &Context, program: &Path, target: &SshTarget, words: &[String]) -> Result<()> {
    if let Some(key) = &target.key {
        keys::check_file(key)?;
    }
    let arguments = external::ssh_arguments(target, HostKeyPolicy::from_env(&cx.env), words);
    cx.console.debug(format!("{} {}", program.display(), arguments.join(" ")));
    match external::run(program, &arguments).await {
        Err(error) if error.kind() == Kind::Exit(OWN_FAILURE) => Err(explained(cx, [target], error).await),
        done => done,
    }
}

/// Tells why ssh itself failed, which its `LogLevel=quiet` hides: the built-in client tries the same and says it. If
/// that succeeds, it was the remote command's own status.
pub(super) async fn explained<'a>(
    cx: &Context,
    targets: impl IntoIterator<Item = &'a SshTarget>,
    error: Error,
) -> Error {
    for target in targets {
        if let Ok(Err(reason)) = timeout(DIAGNOSIS, connect(cx, target)).await {
            cx.console.warn(reason.message());
            return reason.hints().into_iter().fold(error, Error::hint);
        }
    }
    error
}
