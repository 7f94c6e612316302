//! From words to a command: the tree of commands, Go's flag grammar, environment, help, exit status.
//!
//! [`plan`] decides what a command line asks for and touches nothing; [`run`] does it. Only commands that work on
//! machines start a runtime and look at the store.

pub(crate) mod argv;
mod complete;
mod create_flags;
mod driver_choice;
pub(crate) mod failure;
pub(crate) mod flag;
mod globals;
mod go;
mod help;
mod manual;
pub(crate) mod plan;
mod run_create;
mod suggest;
pub(crate) mod tree;

use crate::commands::man;
use crate::console::Console;
use crate::context::Context;
use crate::driver::registry;
use crate::env::Env;
use crate::error::Error;
use crate::serve;
use crate::shared::Shared;
use crate::store::Store;
use crate::version::{BUILD, VERSION};
use failure::Failure;
use help::Called;
use plan::{Job, Plan, Setup};

/// Does what the process was called for, and gives its exit status.
pub fn run(env: &Env) -> u8 {
    if let Some(status) = registry::serve(env).or_else(|| serve::run(env)) {
        return status;
    }
    let plan = plan::plan(env);
    let debug = matches!(&plan, Ok(Plan::Run(setup, _)) if setup.globals.debug);
    let done = plan.and_then(|plan| match plan {
        Plan::Print(text) => print(&text),
        Plan::Complete(words) => print(&complete::answer(env, &words)),
        Plan::Run(setup, job) => work(env, setup, job),
    });
    let Err(failure) = done else { return 0 };
    let console = Console::process(debug);
    console.data(&failure.help);
    console.error(&failure.error);
    failure.error.exit_status()
}

fn print(text: &str) -> Result<(), Failure> {
    let console = Console::process(false);
    console.data(text);
    Ok(console.delivered()?)
}

/// Runs a command on a runtime of its own.
fn work(env: &Env, setup: Setup, job: Job) -> Result<(), Failure> {
    let called = Called::by(env);
    let console = Console::animated(setup.globals.debug, env);
    console.debug(format!("Docker Machine Version:  {VERSION}, build {BUILD}"));
    let mut cx = Context {
        env: env.clone(),
        console,
        store: Store::at(setup.root),
        globals: setup.globals,
        shared: Shared::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::from)?;
    let done = match job {
        Job::Create(words) => runtime.block_on(run_create::run(&cx, &called, &words)),
        Job::Manual(args) => {
            runtime.block_on(async { man::write(&cx, &args, &manual::pages(&cx).await?) }).map_err(Failure::from)
        }
        Job::Command(command, name) => {
            if command.is_query() {
                cx.console = cx.console.for_query();
            }
            let help = || plan::command_help(&tree::program(&[]), &name, &called);
            runtime.block_on(command.run(&cx)).map_err(|error| Failure::of_command(error, &called, &name, help))
        }
    };
    runtime.block_on(registry::end(&cx.shared));
    // A thread that waits for standard input would keep the process for ever.
    runtime.shutdown_background();
    done?;
    Ok(cx.console.delivered()?)
}
