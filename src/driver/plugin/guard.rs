//! The moment between our process and the plugin's: the child asks the kernel to end it with us, then becomes the plugin.
//!
//! A plugin that outlives its host would go on with whatever it does for ten seconds, and nobody would know of it. The
//! child must ask for itself, so it is this program that is started, which then turns into the plugin: same process,
//! same number.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::env::Env;
use crate::error::os_text;
use crate::plugin_protocol::{DRIVER_NAME, TOKEN};

/// The first word of a command line that is not a user's.
const WORD: &str = "__plugin";

/// The command that becomes the plugin.
pub(super) fn command(program: &Path, driver: &str) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(ourselves());
    command.arg(WORD).arg(std::process::id().to_string()).arg(program).arg(driver);
    command
}

/// Becomes the plugin, if this process was started for that. Gives an exit status if that fails.
pub fn run(env: &Env) -> Option<u8> {
    match env.args.get(1..)? {
        [word, parent, program, driver] if word == WORD => {
            if !end_with(parent) {
                return Some(1);
            }
            let error = Command::new(program).env(TOKEN.0, TOKEN.1).env(DRIVER_NAME, driver).exec();
            let console = crate::console::Console::process(false);
            console.warn(format!("{program}: {}", os_text(&error)));
            Some(126)
        }
        _ => None,
    }
}

/// Has the kernel end this process with its parent. `false`: the parent has ended already.
#[cfg(target_os = "linux")]
fn end_with(parent: &str) -> bool {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    _ = set_parent_process_death_signal(Some(Signal::KILL));
    getppid().is_some_and(|now| now.as_raw_pid().to_string() == parent)
}

/// Elsewhere a plugin ends by itself, ten seconds after it heard from us last.
#[cfg(not(target_os = "linux"))]
fn end_with(_parent: &str) -> bool {
    true
}

/// This very program, even if its file was replaced since it was started.
#[cfg(target_os = "linux")]
fn ourselves() -> std::path::PathBuf {
    "/proc/self/exe".into()
}

#[cfg(not(target_os = "linux"))]
fn ourselves() -> std::path::PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "docker-machine".into())
}
