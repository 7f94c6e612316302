//! What there is to say about a driver before it is asked anything.

use std::path::PathBuf;

/// Where a driver comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is part of this program.
    BuiltIn,
    /// A program of its own, on `PATH`.
    Plugin(PathBuf),
    /// One of the original's, in another program of the docker-machine family.
    Provider(PathBuf),
}

/// A driver that this computer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    /// The name that selects it.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
}
