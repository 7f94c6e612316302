//! Which drivers there are: the built-in ones by name, plugins, and what to say about any other.

use std::path::{Path, PathBuf};

use serde_json::Value;

#[cfg(feature = "amazonec2")]
use super::amazonec2;
use super::missing::Missing;
use super::{Available, Driver, Kind, MachinePlace, Offers, Origin, Sight, generic, none, plugin};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::shared::Shared;

/// The built-in drivers, in the order in which they are shown.
const BUILT_IN: &[&Kind] = &[
    #[cfg(feature = "amazonec2")]
    &amazonec2::KIND,
    &generic::KIND,
    &none::KIND,
    #[cfg(test)]
    &super::example::KIND,
];

/// The names of the built-in drivers, in the order in which they are shown.
pub fn known() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|kind| kind.name)
}

/// Every driver that this computer has once, by the first that has it: in the order built in, plugins, provider. Nothing
/// is started.
pub fn drivers(env: &Env, store: &Path) -> Vec<Available> {
    let mut found: Vec<Available> =
        known().map(|name| Available { name: name.to_owned(), origin: Origin::BuiltIn }).collect();
    let mut add = |name: &str, origin: Origin| {
        if !found.iter().any(|known| known.name == name) {
            found.push(Available { name: name.to_owned(), origin });
        }
    };
    for (name, path) in plugin::installed(env, store) {
        add(&name, Origin::Plugin(path));
    }
    if let Some(path) = plugin::provider(env, store) {
        for name in plugin::CORE {
            add(name, Origin::Provider(path.clone()));
        }
    }
    found
}

/// The program that serves a driver; `None`: it is built in, or there is none.
pub fn program(env: &Env, store: &Path, name: &str) -> Option<PathBuf> {
    if built_in(name).is_some() { None } else { plugin::program_of(env, store, name) }
}

/// What a shell offers for the value of a flag, by the first driver that knows it.
pub fn offers(flag: &str, sight: &Sight<'_>) -> Offers {
    let mut asked = BUILT_IN.iter().map(|kind| (kind.offers)(flag, sight));
    asked.find(|offers| *offers != Offers::Nothing).unwrap_or_default()
}

/// The drivers of which something may be left that `gc` can find.
pub fn collecting() -> impl Iterator<Item = &'static Kind> {
    BUILT_IN.iter().copied().filter(|kind| kind.collector.is_some())
}

/// A driver for a new machine. Nothing is started yet: a plugin runs from its first call on.
///
/// # Errors
/// There is no such driver: the original's sentence, then the drivers that there are.
pub fn find(env: &Env, name: &str, place: &MachinePlace) -> Result<Box<dyn Driver>> {
    match built_in(name) {
        Some(kind) => Ok((kind.new)(place)),
        None => plugin::find(env, name, place).ok_or_else(|| not_found(env, place, name)),
    }
}

/// The driver of a machine in the store. One that is not installed is stood in for, so that its machine can
/// still be listed and dropped.
///
/// # Errors
/// The state cannot be read.
pub fn load(env: &Env, name: &str, place: &MachinePlace, state: Value) -> Result<Box<dyn Driver>> {
    match built_in(name) {
        Some(kind) => (kind.load)(place, state),
        None => Ok(plugin::load(env, name, place, &state).unwrap_or_else(|| Box::new(Missing::new(name, state)))),
    }
}

/// Does what a driver has started this program for, if one has, and gives its exit status.
pub fn serve(env: &Env) -> Option<u8> {
    plugin::become_plugin(env)
}

/// Ends what drivers have started for a command, and waits for it.
pub async fn end(shared: &Shared) {
    plugin::end(shared).await;
}

fn built_in(name: &str) -> Option<&'static Kind> {
    BUILT_IN.iter().copied().find(|kind| kind.name == name)
}

/// `amazonec2, generic, none, hetzner`.
fn names(env: &Env, place: &MachinePlace) -> String {
    let plugins = plugin::installed(env, &place.store).into_keys().filter(|name| built_in(name).is_none());
    known().map(str::to_owned).chain(plugins).collect::<Vec<_>>().join(", ")
}

fn not_found(env: &Env, place: &MachinePlace, name: &str) -> Error {
    let error = Error::msg(format!(
        r#"Driver "{name}" not found. Do you have the plugin binary "docker-machine-driver-{name}" accessible in your PATH?"#
    ));
    if plugin::CORE.contains(&name) {
        return error
            .hint(format!("{name} was built into the original docker-machine; here it runs as a program of its own"))
            .hint(format!(
                "put `docker-machine-driver-{name}` or `rancher-machine` into a folder of $PATH, or set \
                 MACHINE_DRIVER_PROVIDER to the path of an original docker-machine"
            ));
    }
    error
        .hint(format!("the drivers that exist: {}", names(env, place)))
        .hint("for a host that you can reach over SSH: `docker-machine create --driver generic --generic-ip-address HOST NAME`")
}
