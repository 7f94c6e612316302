//! Writes values: all definitions that a value needs first, each in a message of its own, then the value in one.
//!
//! Go itself defines types in the middle of values; nobody who reads gob minds where the definitions are.

use std::collections::BTreeSet;

use super::schema::{FIRST_OF_USER, Schema, Type, TypeId, predefined};
use super::value::Value;

/// One direction of a connection.
#[derive(Clone, Debug)]
pub struct Writer {
    schema: Schema,
    defined: BTreeSet<TypeId>,
}

impl Writer {
    /// A writer of values of these types.
    pub fn new(schema: Schema) -> Self {
        Self { schema, defined: BTreeSet::new() }
    }

    /// The bytes of a value.
    ///
    /// # Panics
    /// The value is not of that type, which is for the caller to know.
    pub fn write(&mut self, id: TypeId, value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        self.define(id, &mut out);
        self.define_inside(value, &mut out);
        let mut body = Vec::new();
        put_int(&mut body, id);
        self.after_type(&mut body, id, value);
        put_message(&mut out, &body);
        out
    }

    /// Defines a type and those that it is made of, unless the stream has them already.
    fn define(&mut self, id: TypeId, out: &mut Vec<u8>) {
        if id < FIRST_OF_USER || !self.defined.insert(id) {
            return;
        }
        let made_of = self.schema.get(id).expect("the writer knows its types").clone();
        let mut body = Vec::new();
        put_int(&mut body, -id);
        self.put(&mut body, predefined::WIRE_TYPE, &definition(id, self.schema.name(id), &made_of));
        put_message(out, &body);
        let parts = match made_of {
            Type::List(element) => vec![element],
            Type::Map(key, element) => vec![key, element],
            Type::Struct(fields) => fields.into_iter().map(|(_, id)| id).collect(),
            Type::Opaque => Vec::new(),
        };
        for part in parts {
            self.define(part, out);
        }
    }

    /// Defines the types that only the values of interfaces bring.
    fn define_inside(&mut self, value: &Value, out: &mut Vec<u8>) {
        match value {
            Value::Interface(Some((name, inner))) => {
                let id = self.schema.registered(name).expect("the writer knows its names");
                self.define(id, out);
                self.define_inside(inner, out);
            }
            Value::List(elements) => elements.iter().for_each(|element| self.define_inside(element, out)),
            Value::Map(entries) => entries.iter().for_each(|(_, element)| self.define_inside(element, out)),
            Value::Struct(fields) => fields.iter().for_each(|(_, field)| self.define_inside(field, out)),
            _ => {}
        }
    }

    fn after_type(&self, out: &mut Vec<u8>, id: TypeId, value: &Value) {
        if !matches!(value, Value::Struct(_)) {
            out.push(0);
        }
        self.put(out, id, value);
    }

    fn put(&self, out: &mut Vec<u8>, id: TypeId, value: &Value) {
        match (value, self.schema.get(id)) {
            (Value::Bool(truth), _) => put_uint(out, (*truth).into()),
            (Value::Int(number), _) => put_int(out, *number),
            (Value::Uint(number), _) => put_uint(out, *number),
            (Value::Float(number), _) => put_float(out, *number),
            (Value::Complex(real, imaginary), _) => {
                put_float(out, *real);
                put_float(out, *imaginary);
            }
            (Value::Bytes(bytes), _) => put_bytes(out, bytes),
            (Value::String(text), _) => put_bytes(out, text.as_bytes()),
            (Value::List(elements), Some(Type::List(id))) => {
                put_uint(out, elements.len() as u64);
                for element in elements {
                    self.put(out, *id, element);
                }
            }
            (Value::Map(entries), Some(Type::Map(key_id, id))) => {
                put_uint(out, entries.len() as u64);
                for (key, element) in entries {
                    self.put(out, *key_id, key);
                    self.put(out, *id, element);
                }
            }
            (Value::Struct(values), Some(Type::Struct(fields))) => self.put_fields(out, fields, values),
            (Value::Interface(None), _) => put_uint(out, 0),
            (Value::Interface(Some((name, inner))), _) => {
                let id = self.schema.registered(name).expect("the writer knows its names");
                put_bytes(out, name.as_bytes());
                put_int(out, id);
                let mut body = Vec::new();
                self.after_type(&mut body, id, inner);
                put_bytes(out, &body);
            }
            (value, made_of) => unreachable!("{value:?} is no {made_of:?}"),
        }
    }

    fn put_fields(&self, out: &mut Vec<u8>, fields: &[(String, TypeId)], values: &[(String, Value)]) {
        let mut next = 0;
        for (number, (name, id)) in fields.iter().enumerate() {
            let value = values.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            if let Some(value) = value.filter(|value| !value.is_zero()) {
                put_uint(out, (number + 1 - next) as u64);
                self.put(out, *id, value);
                next = number + 1;
            }
        }
        put_uint(out, 0);
    }
}

/// A type's definition as a value of `wireType`.
fn definition(id: TypeId, name: &str, made_of: &Type) -> Value {
    let common = || ("CommonType".to_owned(), structure([("Name", name.into()), ("Id", Value::Int(id))]));
    let (kind, mut shape) = match made_of {
        Type::List(element) => ("SliceT", vec![("Elem".to_owned(), Value::Int(*element))]),
        Type::Map(key, element) => {
            ("MapT", vec![("Key".to_owned(), Value::Int(*key)), ("Elem".to_owned(), Value::Int(*element))])
        }
        Type::Struct(fields) => {
            let field =
                |(name, id): &(String, TypeId)| structure([("Name", name.as_str().into()), ("Id", Value::Int(*id))]);
            ("StructT", vec![("Field".to_owned(), Value::List(fields.iter().map(field).collect()))])
        }
        Type::Opaque => ("GobEncoderT", Vec::new()),
    };
    shape.push(common());
    Value::Struct(vec![(kind.to_owned(), Value::Struct(shape))])
}

fn structure<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Struct(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

fn put_message(out: &mut Vec<u8>, body: &[u8]) {
    put_bytes(out, body);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_uint(out: &mut Vec<u8>, number: u64) {
    if number < 0x80 {
        out.push(number as u8);
        return;
    }
    let width = 8 - number.leading_zeros() as usize / 8;
    out.push((256 - width) as u8);
    out.extend_from_slice(&number.to_be_bytes()[8 - width..]);
}

fn put_int(out: &mut Vec<u8>, number: i64) {
    let size = if number < 0 { !number } else { number } as u64;
    put_uint(out, size << 1 | u64::from(number < 0));
}

fn put_float(out: &mut Vec<u8>, number: f64) {
    put_uint(out, number.to_bits().swap_bytes());
}
