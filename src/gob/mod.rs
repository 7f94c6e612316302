//! Go's gob encoding, as far as Go's remote procedure calls need it, both ways.
//!
//! Own code, because a reader of what others send must take texts that are not UTF-8, must not be made to allocate
//! without end, and must follow values that message boundaries cut in the middle ([`reader`]).

mod cursor;
mod reader;
mod schema;
mod value;
mod writer;

pub use reader::Reader;
pub use schema::{Schema, Type, TypeId, predefined};
pub use value::Value;
pub use writer::Writer;

use std::fmt;

/// Why bytes are no gob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

/// [`Malformed`] with these words.
fn malformed<T>(why: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed(why.into()))
}

#[cfg(test)]
pub(crate) mod recordings;
#[cfg(test)]
mod tests;
