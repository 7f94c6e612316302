//! `gc`: find, and remove, what was made for machines that are no longer here.

use crate::context::Context;
use crate::error::Result;

/// List, or remove, what was made for machines that this store no longer has
///
/// Looks in the regions of the machines in the store, in the configured one, and in those that are named. Only what
/// carries this store's tag is looked at, and nothing is removed without --yes. With it, what `rm -f` left behind is
/// removed, and security groups that nothing uses. Everything else is only listed, because another store may use it: a
/// machine's folder may have been moved there, or this store copied. To remove it, name its ID: all that was made for
/// its machine goes with it.
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
    /// Only what was made for the machines that these ids, as listed, belong to
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
}

/// Lists or removes.
///
/// # Errors
/// As [`crate::machine::gc::run`].
#[cfg(feature = "amazonec2")]
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let wanted =
        crate::machine::gc::Wanted { remove: args.yes, young: args.young, regions: args.regions, named: args.ids };
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
