//! From the bytes of a `config.json` to a record, and the words for what can be wrong with them.

use serde_json::{Map, Value};

use super::canonical::{RECORD, canonicalize, drop_nulls};
use super::existing::Existing;
use super::machine_dir::MachineDir;
use super::migrate::{VERSION, migrate, version};
use super::record::Record;
use crate::error::{Error, Kind, Result};
use crate::json;

/// A file that could be read.
#[derive(Debug)]
pub struct Parsed {
    /// What stands in it, keys spelled our way, brought to version 3.
    pub file: Map<String, Value>,
    /// What it means in its place.
    pub record: Record,
    /// It was of an older version: the file is to be rewritten.
    pub migrated: bool,
}

/// Reads the text of a record.
///
/// # Errors
/// [`Kind::Damaged`], `Error getting migrated host: …`.
pub fn parse(bytes: &[u8], dir: &MachineDir) -> Result<Parsed> {
    let parse = || {
        let (mut file, migrated) = file_of(bytes, dir)?;
        let mut record = typed(file.clone())?;
        if migrated {
            file = to_map(&record);
        }
        finish(&mut record, dir, Some(&Existing::default()));
        Ok(Parsed { file, record, migrated })
    };
    parse().map_err(|error: Error| damaged(error, dir))
}

/// As [`parse`], for who only wants to read: the record, and whether it is of an older version. Its paths are usable
/// from here if `existing` is given, else as they are written.
///
/// # Errors
/// As [`parse`].
pub fn record(bytes: &[u8], dir: &MachineDir, existing: Option<&Existing>) -> Result<(Record, bool)> {
    let read = || {
        let (file, migrated) = file_of(bytes, dir)?;
        let mut record = typed(file)?;
        finish(&mut record, dir, existing);
        Ok((record, migrated))
    };
    read().map_err(|error: Error| damaged(error, dir))
}

/// The folder's name wins, and paths lead where the store is now.
fn finish(record: &mut Record, dir: &MachineDir, existing: Option<&Existing>) {
    dir.name.as_str().clone_into(&mut record.name);
    if let Some(existing) = existing {
        dir.repair(record, existing);
    }
}

fn damaged(error: Error, dir: &MachineDir) -> Error {
    error
        .with_kind(Kind::Damaged)
        .context("Error getting migrated host")
        .hint(format!("the record is {}/config.json", dir.folder_text()))
}

/// The file's object in today's form, and whether it was of an older version.
fn file_of(bytes: &[u8], dir: &MachineDir) -> Result<(Map<String, Value>, bool)> {
    let value: Value = serde_json::from_slice(bytes).map_err(json::unreadable)?;
    let mut file = match value {
        Value::Object(file) => file,
        Value::Null => return Err(Error::msg("the file holds no record, only null")),
        other => {
            let message = format!("json: cannot unmarshal {} into Go value of type host.MetadataV0", type_of(&other));
            return Err(Error::msg(message));
        }
    };
    canonicalize(&mut file, &RECORD);
    // 0.5.x left a base64 copy of the driver here, which nobody reads.
    file.shift_remove("RawDriver");
    let migrated = match version(&file) {
        VERSION => false,
        newer if newer > VERSION => {
            let message = "config version is from the future -- you should upgrade your Docker Machine client";
            return Err(Error::msg(message));
        }
        _ if file.get("Driver").is_some_and(Value::is_object) => true,
        _ => return Err(Error::msg("the file holds no driver, so it is no record")),
    };
    if migrated {
        migrate(&mut file, dir);
    }
    Ok((file, migrated))
}

/// Whether a newer program wrote this text: it knows more than we do, and we must not replace it.
pub fn is_from_the_future(bytes: &[u8]) -> bool {
    let Ok(mut file) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return false };
    canonicalize(&mut file, &RECORD);
    version(&file) > VERSION
}

/// The typed view; what is missing or `null` has its zero value.
fn typed(mut file: Map<String, Value>) -> Result<Record> {
    drop_nulls(&mut file, &RECORD);
    // The driver's state is opaque: it is moved, not read.
    let driver = file.get_mut("Driver").map_or_else(|| Map::new().into(), Value::take);
    let record: Record = serde_json::from_value(file.into()).map_err(json::unreadable)?;
    Ok(Record { driver, ..record })
}

/// A record as JSON, keys in the original's order.
pub fn to_map(record: &Record) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(map)) => map,
        _ => unreachable!("a record is an object with string keys"),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
