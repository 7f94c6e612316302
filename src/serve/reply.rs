//! The types of what we answer.

use crate::driver::{Flag, FlagKind};
use crate::gob::{Schema, Type, TypeId, Value, predefined};
use crate::rpc::types::{EMPTY, FIRST_FREE, schema as base};

/// Lists of flags.
pub(super) const FLAGS: TypeId = FIRST_FREE;
const STRING_FLAG: TypeId = FIRST_FREE + 1;
const INT_FLAG: TypeId = FIRST_FREE + 2;
const BOOL_FLAG: TypeId = FIRST_FREE + 3;
const LIST_FLAG: TypeId = FIRST_FREE + 4;
const STRINGS: TypeId = FIRST_FREE + 5;

/// The types of what a plugin sends.
pub(super) fn schema() -> Schema {
    let mut schema = base();
    schema.insert(FLAGS, "", Type::List(predefined::INTERFACE));
    schema.insert(STRINGS, "[]string", Type::List(predefined::STRING));
    for (id, name, value) in [
        (STRING_FLAG, "StringFlag", Some(predefined::STRING)),
        (INT_FLAG, "IntFlag", Some(predefined::INT)),
        (BOOL_FLAG, "BoolFlag", None),
        (LIST_FLAG, "StringSliceFlag", Some(STRINGS)),
    ] {
        let texts = ["Name", "Usage", "EnvVar"].map(|field| (field.to_owned(), predefined::STRING));
        let value = value.map(|id| ("Value".to_owned(), id));
        schema.insert(id, name, Type::Struct(texts.into_iter().chain(value).collect()));
        schema.register(&format!("*mcnflag.{name}"), id);
    }
    schema
}

/// Nothing.
pub(super) fn empty() -> (TypeId, Value) {
    (EMPTY, Value::EMPTY)
}

/// A text.
pub(super) fn text(text: impl Into<String>) -> (TypeId, Value) {
    (predefined::STRING, Value::String(text.into()))
}

/// A number.
pub(super) fn number(number: i64) -> (TypeId, Value) {
    (predefined::INT, Value::Int(number))
}

/// Bytes.
pub(super) fn bytes(bytes: Vec<u8>) -> (TypeId, Value) {
    (predefined::BYTES, Value::Bytes(bytes))
}

/// The flags of a driver.
pub(super) fn flags(flags: &[Flag]) -> (TypeId, Value) {
    (FLAGS, Value::List(flags.iter().map(flag).collect()))
}

fn flag(flag: &Flag) -> Value {
    let (kind, value) = match &flag.kind {
        FlagKind::String(default) => ("StringFlag", Some(Value::String(default.clone()))),
        FlagKind::Int(default) => ("IntFlag", Some(Value::Int(*default))),
        FlagKind::Bool => ("BoolFlag", None),
        FlagKind::List(default) => {
            ("StringSliceFlag", Some(Value::List(default.iter().cloned().map(Value::String).collect())))
        }
    };
    let env = flag.env.clone().unwrap_or_default();
    let texts = [("Name", flag.name.clone()), ("Usage", flag.usage.clone()), ("EnvVar", env)];
    let fields = texts.map(|(field, text)| (field.to_owned(), Value::String(text)));
    let fields = fields.into_iter().chain(value.map(|value| ("Value".to_owned(), value))).collect();
    Value::Interface(Some((format!("*mcnflag.{kind}"), Box::new(Value::Struct(fields)))))
}
