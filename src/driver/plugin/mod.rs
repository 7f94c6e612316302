//! Drivers of other people: programs called `docker-machine-driver-NAME` that speak the protocol of docker-machine.
//!
//! [`driver`] is such a program as a [`Driver`]. It is started with the first question to it
//! ([`session`], [`process`], [`guard`]) and ended when nobody needs it any more ([`sessions`]). Its state is JSON that
//! nobody here looks into.

mod driver;
mod guard;
mod log;
mod making;
mod process;
mod program;
mod session;
mod sessions;
mod state;
mod types;

pub use guard::run as become_plugin;
pub use program::{CORE, find as program_of, installed, provider};
pub use sessions::end;

use serde_json::Value;

use super::{Driver, MachinePlace};
use crate::env::Env;

/// The driver of a new machine, if there is a plugin of this name or a provider that may have it.
pub fn find(env: &Env, name: &str, place: &MachinePlace) -> Option<Box<dyn Driver>> {
    let program = program::find(env, &place.store, name)?;
    Some(Box::new(driver::Plugin::new(program, name, place)))
}

/// The driver of a machine in the store, if there is a plugin of this name or a provider that may have it.
pub fn load(env: &Env, name: &str, place: &MachinePlace, state: &Value) -> Option<Box<dyn Driver>> {
    let program = program::find(env, &place.store, name)?;
    Some(Box::new(driver::Plugin::load(program, name, place, state.clone())))
}
