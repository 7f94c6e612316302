//! The docker-machine program: argv → context → command → exit status; everything else is the library.

use std::process::ExitCode;

use docker_machine::cli;
use docker_machine::env::Env;

fn main() -> ExitCode {
    ExitCode::from(cli::run(&Env::from_process()))
}
