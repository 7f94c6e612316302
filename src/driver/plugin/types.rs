//! The types of the protocol beside those of every call: flags, and values of flags.

use crate::console::visible_line;
use crate::driver::{Flag, FlagKind, FlagValue, FlagValues};
use crate::gob::{Schema, Type, TypeId, Value, predefined};
use crate::rpc::types::{FIRST_FREE, schema as base};

/// An interface at the top of an argument, as Go sends it.
pub(super) const ANY: TypeId = predefined::INTERFACE;
const FLAGS: TypeId = FIRST_FREE;
const VALUES: TypeId = FIRST_FREE + 1;
const STRINGS: TypeId = FIRST_FREE + 2;

/// The registered name of the values of a `create`.
const RPC_FLAGS: &str = "*rpcdriver.RPCFlags";
/// The same for plugins from before December 2015.
const OLD_RPC_FLAGS: &str = "*rpcdriver.RpcFlags";

/// The types of what a host sends.
pub(super) fn schema() -> Schema {
    let mut schema = base();
    schema.insert(FLAGS, "RPCFlags", Type::Struct(vec![("Values".to_owned(), VALUES)]));
    schema.insert(VALUES, "map[string]interface {}", Type::Map(predefined::STRING, predefined::INTERFACE));
    schema.insert(STRINGS, "[]string", Type::List(predefined::STRING));
    schema.register("[]string", STRINGS);
    schema.register(RPC_FLAGS, FLAGS);
    schema.register(OLD_RPC_FLAGS, FLAGS);
    schema
}

/// The argument of `SetConfigFromFlags`.
pub(super) fn flag_values(values: &FlagValues, is_old: bool) -> Value {
    let entry = |(name, value): (&str, FlagValue)| {
        let (concrete, value) = match value {
            FlagValue::String(text) => ("string", Value::String(text)),
            FlagValue::Int(number) => ("int", Value::Int(number)),
            FlagValue::Bool(truth) => ("bool", Value::Bool(truth)),
            FlagValue::List(texts) => ("[]string", Value::List(texts.into_iter().map(Value::String).collect())),
        };
        (Value::from(name), Value::Interface(Some((concrete.to_owned(), Box::new(value)))))
    };
    let map = Value::Map(values.iter().map(entry).collect());
    let name = if is_old { OLD_RPC_FLAGS } else { RPC_FLAGS };
    Value::Interface(Some((name.to_owned(), Box::new(Value::Struct(vec![("Values".to_owned(), map)])))))
}

/// The result of `GetCreateFlags`; `None`: it is no list of flags. A flag that no command line can have is left out.
pub(super) fn flags(value: &Value) -> Option<Vec<Flag>> {
    Some(value.as_list()?.iter().filter_map(flag).collect())
}

fn flag(value: &Value) -> Option<Flag> {
    let Value::Interface(Some((concrete, value))) = value else { return None };
    let kind = match concrete.as_str() {
        "*mcnflag.StringFlag" => FlagKind::String(value.text("Value")),
        "*mcnflag.IntFlag" => FlagKind::Int(value.field("Value").and_then(Value::as_int).unwrap_or_default()),
        "*mcnflag.BoolFlag" => FlagKind::Bool,
        "*mcnflag.StringSliceFlag" => {
            let texts = value.field("Value").and_then(Value::as_list).unwrap_or_default();
            FlagKind::List(texts.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => return None,
    };
    // Help shows both: a plugin's text must not reach the terminal as it is.
    let usage = visible_line(&value.text("Usage")).into_owned();
    let env = visible_line(&value.text("EnvVar")).into_owned();
    // `name, n` is how the library of the original's command line writes a short form.
    let name = value.text("Name");
    let name = name.split(',').next().unwrap_or_default().trim();
    is_flag(name).then(|| Flag::new(name, kind, &env, &usage))
}

fn is_flag(name: &str) -> bool {
    name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
