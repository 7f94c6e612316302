//! `gc`: find, and remove, what was made for machines that are no longer here.

use crate::context::Context;
use crate::error::Result;

/// List, or remove, what was made for machines that this store no longer has
///
/// Looks in the regions of the machines in the store, in the configured one, and in those that are named. Only what
/// carries this store's tag is touched: machines of other stores never are. A copy of a store counts as the store:
/// what was made from one is unknown to the other. Nothing is removed without --yes.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Remove what is listed
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Also what was made within the last hour
    #[arg(long)]
    pub young: bool,
    /// One more region to look in
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,
}

/// Lists or removes.
///
/// # Errors
/// As [`crate::machine::gc::run`].
#[cfg(feature = "amazonec2")]
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let wanted = crate::machine::gc::Wanted { remove: args.yes, young: args.young, regions: args.regions };
    crate::machine::gc::run(cx, &wanted).await
}

/// There is nothing to look for.
///
/// # Errors
/// Never.
#[cfg(not(feature = "amazonec2"))]
#[expect(clippy::unused_async, reason = "as the other one")]
pub async fn run(cx: &Context, _args: Args) -> Result<()> {
    cx.console.say("No driver of this build makes anything that could be left behind.");
    Ok(())
}
