//! All that this computer can drive: what is built in, plugins on `PATH`, and what a provider serves.

use std::path::PathBuf;

use super::{plugin, registry};
use crate::env::Env;
use crate::store::Store;

/// Where a driver comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is part of this program.
    BuiltIn,
    /// A program of its own, on `PATH`.
    Plugin(PathBuf),
    /// One of the original's, in another program of the docker-machine family.
    Provider(PathBuf),
}

/// A driver that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name that selects it.
    pub name: String,
    /// Where it comes from.
    pub source: Source,
}

/// Every driver once, by the first that has it: in the order built in, plugins, provider. Nothing is started.
pub fn drivers(env: &Env, store: &Store) -> Vec<Listed> {
    let mut found: Vec<Listed> =
        registry::known().map(|name| Listed { name: name.to_owned(), source: Source::BuiltIn }).collect();
    let mut add = |name: String, source: Source| {
        if !found.iter().any(|known| known.name == name) {
            found.push(Listed { name, source });
        }
    };
    for (name, path) in plugin::installed(env, store.root()) {
        add(name, Source::Plugin(path));
    }
    if let Some(path) = plugin::provider(env, store.root()) {
        for name in plugin::CORE {
            add((*name).to_owned(), Source::Provider(path.clone()));
        }
    }
    found
}
