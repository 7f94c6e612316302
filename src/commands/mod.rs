//! One file per command: its flags, its help, and what it does. Those that do one thing to each of several machines
//! differ in nothing but that thing: `action.rs`.

pub mod action;
pub mod active;
pub mod complete;
pub mod completion;
pub mod config;
pub mod create;
pub mod drivers;
pub mod env;
pub mod gc;
pub mod help;
pub mod inspect;
pub mod ip;
pub mod ls;
pub mod man;
pub mod mount;
pub mod regenerate_certs;
pub mod rm;
pub mod scp;
pub mod ssh;
pub mod status;
pub(crate) mod targets;
pub mod url;
pub mod version;

use crate::context::Context;
use crate::error::Result;
use crate::machine::action::Action;

/// The commands, in the order in which help lists them.
#[derive(clap::Subcommand, Clone, Debug)]
pub(crate) enum Command {
    Active(active::Args),
    Config(config::Args),
    Create(create::Args),
    Env(env::Args),
    Inspect(inspect::Args),
    Ip(ip::Args),
    /// Switch machines off at once, without a shutdown
    ///
    /// Arguments are machine names.
    Kill(action::Args),
    Ls(ls::Args),
    /// Set Docker up again on existing machines
    ///
    /// Arguments are machine names.
    Provision(action::Args),
    RegenerateCerts(regenerate_certs::Args),
    /// Restart machines
    ///
    /// Arguments are machine names.
    Restart(action::Args),
    Rm(rm::Args),
    Ssh(ssh::Args),
    Scp(scp::Args),
    Mount(mount::Args),
    /// Start machines
    ///
    /// Arguments are machine names.
    Start(action::Args),
    Status(status::Args),
    /// Shut machines down
    ///
    /// Arguments are machine names.
    Stop(action::Args),
    /// Bring machines to the newest Docker
    ///
    /// Arguments are machine names.
    Upgrade(action::Args),
    Url(url::Args),
    Version(version::Args),
    #[command(alias = "h")]
    Help(help::Args),
    Completion(completion::Args),
    Gc(gc::Args),
    Drivers(drivers::Args),
    #[command(hide = true)]
    Man(man::Args),
    #[command(name = "__complete", hide = true)]
    Complete(complete::Args),
}

impl Command {
    /// Whether programs parse its standard output, so that nothing else may be written there.
    pub(crate) fn is_query(&self) -> bool {
        matches!(
            self,
            Self::Active(_)
                | Self::Config(_)
                | Self::Drivers(_)
                | Self::Env(_)
                | Self::Inspect(_)
                | Self::Ip(_)
                | Self::Ls(_)
                | Self::Ssh(_)
                | Self::Status(_)
                | Self::Url(_)
                | Self::Version(_)
        )
    }

    /// Runs a command. Those that only print a text of the program are done by `cli`, which knows the texts.
    pub(crate) async fn run(self, cx: &Context) -> Result<()> {
        match self {
            Self::Active(args) => active::run(cx, args).await,
            Self::Config(args) => config::run(cx, args).await,
            Self::Create(args) => create::run(cx, args).await,
            Self::Env(args) => env::run(cx, args).await,
            Self::Inspect(args) => inspect::run(cx, args).await,
            Self::Ip(args) => ip::run(cx, args).await,
            Self::Kill(args) => action::run(cx, args, Action::Kill).await,
            Self::Ls(args) => ls::run(cx, args).await,
            Self::Provision(args) => action::run(cx, args, Action::Provision).await,
            Self::RegenerateCerts(args) => regenerate_certs::run(cx, args).await,
            Self::Restart(args) => action::run(cx, args, Action::Restart).await,
            Self::Rm(args) => rm::run(cx, args).await,
            Self::Ssh(args) => ssh::run(cx, args).await,
            Self::Scp(args) => scp::run(cx, args).await,
            Self::Mount(args) => mount::run(cx, args).await,
            Self::Start(args) => action::run(cx, args, Action::Start).await,
            Self::Status(args) => status::run(cx, args).await,
            Self::Stop(args) => action::run(cx, args, Action::Stop).await,
            Self::Upgrade(args) => action::run(cx, args, Action::Upgrade).await,
            Self::Url(args) => url::run(cx, args).await,
            Self::Version(args) => version::run(cx, args).await,
            Self::Gc(args) => gc::run(cx, args).await,
            Self::Drivers(args) => drivers::run(cx, args).await,
            Self::Help(_) | Self::Completion(_) | Self::Complete(_) | Self::Man(_) => Ok(()),
        }
    }
}
