//! `start`, `stop`, `kill`, `restart`, `provision`, `upgrade`: one action on each of several machines.

use crate::commands::targets;
use crate::context::Context;
use crate::error::Result;
use crate::machine::action::{self, Action};

/// The machines.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Acts on the machines, all at the same time.
///
/// # Errors
/// As [`action::on_each`].
pub async fn run(cx: &Context, args: Args, action: Action) -> Result<()> {
    let names = targets::several(&cx.store, &args.names)?;
    action::on_each(cx, &names, action).await?;
    let past = match action {
        Action::Start => "Started",
        Action::Restart => "Restarted",
        Action::Stop | Action::Kill | Action::Provision | Action::Upgrade | Action::RegenerateCerts => return Ok(()),
    };
    cx.console.say(format!(
        "{past} machines may have new IP addresses. You may need to re-run the `docker-machine env` command."
    ));
    Ok(())
}
