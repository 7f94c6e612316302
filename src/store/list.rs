//! Which machines a store has.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::name::Name;
use super::record::Record;
use crate::error::{Error, Result};

/// A machine's folder in a listing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry(String);

impl Entry {
    /// The folder's name as it is shown.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The machine's name; an error for a folder that no machine can be called, which is a row of its own in `ls`.
    ///
    /// # Errors
    /// The sentence about allowed characters.
    pub fn name(&self) -> Result<Name> {
        self.0.parse()
    }
}

/// A machine's folder in the store, and its record if that can be read.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The folder's name.
    pub name: String,
    /// The record, under a name that is safe to use.
    pub record: Result<(Name, Record)>,
}

/// Real folders whose name does not begin with a dot, in byte order; none where there is no folder to look in.
pub(super) fn entries(machines: &Path) -> Result<Vec<Entry>> {
    let failed = |error| Error::file("open", machines, &error);
    let listing = match fs::read_dir(machines) {
        Ok(listing) => listing,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut entries = Vec::new();
    for item in listing {
        let item = item.map_err(failed)?;
        let text = item.file_name().to_string_lossy().into_owned();
        // A link to a folder is no folder here, as in the original.
        if !text.starts_with('.') && item.file_type().is_ok_and(|kind| kind.is_dir()) {
            entries.push(Entry(text));
        }
    }
    entries.sort();
    Ok(entries)
}
