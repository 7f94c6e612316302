//! The machines' records on disk.

mod name;
mod record;

pub use name::Name;
pub use record::{AuthOptions, EngineOptions, HostOptions, Record, SwarmOptions};

use std::path::{Path, PathBuf};

/// The store: one root folder with `machines/` and `certs/`.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// A store at an absolute root.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `<root>/certs`.
    pub fn certs(&self) -> PathBuf {
        self.root.join("certs")
    }

    /// `<root>/machines/NAME`.
    pub fn folder(&self, name: &Name) -> PathBuf {
        self.root.join("machines").join(name.as_str())
    }
}
