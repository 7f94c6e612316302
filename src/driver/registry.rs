//! Which drivers there are: the built-in ones by name, and what to say about any other.

use serde_json::Value;

#[cfg(feature = "amazonec2")]
use super::amazonec2::Amazonec2;
use super::generic::Generic;
use super::missing::Missing;
use super::none::None as NoDriver;
use super::{Driver, MachinePlace};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Result};

/// The built-in drivers, in the order in which they are shown.
pub fn known() -> &'static [&'static str] {
    #[cfg(feature = "amazonec2")]
    return &["amazonec2", "generic", "none"];
    #[cfg(not(feature = "amazonec2"))]
    return &["generic", "none"];
}

/// A driver for a new machine. Nothing is started yet: a plugin runs from its first call on.
///
/// # Errors
/// There is no such driver: the original's sentence, then the drivers that there are.
pub fn find(cx: &Context, name: &str, place: &MachinePlace) -> Result<Box<dyn Driver>> {
    match name {
        #[cfg(feature = "amazonec2")]
        "amazonec2" => Ok(Box::new(Amazonec2::new(place))),
        "generic" => Ok(Box::new(Generic::new(place))),
        "none" => Ok(Box::new(NoDriver::new(place))),
        _ => Err(not_found(&cx.env, name)),
    }
}

/// The driver of a machine in the store. One that is not installed is stood in for, so that its machine can
/// still be listed and dropped.
///
/// # Errors
/// The state cannot be read.
pub fn load(name: &str, place: &MachinePlace, state: Value) -> Result<Box<dyn Driver>> {
    match name {
        #[cfg(feature = "amazonec2")]
        "amazonec2" => Ok(Box::new(Amazonec2::load(place, state)?)),
        "generic" => Ok(Box::new(Generic::load(place, state)?)),
        "none" => Ok(Box::new(NoDriver::load(state)?)),
        _ => Ok(Box::new(Missing::new(name, state))),
    }
}

fn not_found(env: &Env, name: &str) -> Error {
    let plugin = format!("docker-machine-driver-{name}");
    if let Some(program) = env.which(&plugin) {
        return Error::msg(format!("driver plugins cannot be run by this version: {}", program.display()))
            .hint(format!("the drivers that exist: {}", known().join(", ")));
    }
    Error::msg(format!(
        r#"Driver "{name}" not found. Do you have the plugin binary "{plugin}" accessible in your PATH?"#
    ))
    .hint(format!("the drivers that exist: {}", known().join(", ")))
    .hint("for a host that you can reach over SSH: `docker-machine create --driver generic --generic-ip-address HOST NAME`")
}
