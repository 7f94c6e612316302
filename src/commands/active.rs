//! `active`: name the machine that the Docker client is pointed at.

use std::time::Duration;

use crate::context::Context;
use crate::driver::State;
use crate::error::{Context as _, Error, Result};
use crate::machine::query::{self, Asked, Question};
use crate::store::PathRepair;

/// Name the machine that the Docker client is pointed at
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Seconds to wait for each machine
    #[arg(long, short, default_value_t = 10)]
    pub timeout: i64,
    /// None is accepted.
    #[arg(value_name = "NAME", hide = true)]
    pub names: Vec<String>,
}

/// Asks the drivers of all machines.
///
/// # Errors
/// A name was given, no machine is active, or one that did not answer in time may be.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    if !args.names.is_empty() {
        return Err(Error::msg("Error: Too many arguments given"));
    }
    let none = || Err(Error::msg("No active host found"));
    if cx.env.var("DOCKER_HOST").is_none() {
        return none();
    }
    let machines = cx.store.load_all(PathRepair::Apply).context("Error getting active host")?;
    let question = Question { url: true, state: true, version: false };
    let limit = Duration::from_secs(args.timeout.try_into().unwrap_or_default());
    let rows = query::ask_all(cx, &machines, &query::masters(&machines), question, limit, Asked::new()).await;
    if let Some(row) = rows.iter().find(|row| row.active_host || row.active_swarm) {
        cx.console.line(&row.name);
        return Ok(());
    }
    if rows.iter().any(|row| row.state == State::Timeout) {
        return Err(Error::msg("Error getting active host: timeout"));
    }
    none()
}
