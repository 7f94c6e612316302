//! The structures around every call, and their type numbers on the streams that we write.

use crate::gob::{Schema, Type, TypeId, Value, predefined};

/// `Request{ServiceMethod, Seq}`.
pub const REQUEST: TypeId = 65;
/// `Response{ServiceMethod, Seq, Error}`.
pub const RESPONSE: TypeId = 66;
/// `struct {}`: no argument, no result.
pub const EMPTY: TypeId = 67;
/// The first number for the types of arguments and results.
pub const FIRST_FREE: TypeId = 68;

/// The types that every call needs.
pub fn schema() -> Schema {
    let field = |name: &str, id: TypeId| (name.to_owned(), id);
    let mut schema = Schema::default();
    let request = vec![field("ServiceMethod", predefined::STRING), field("Seq", predefined::UINT)];
    let mut response = request.clone();
    response.push(field("Error", predefined::STRING));
    schema.insert(REQUEST, "Request", Type::Struct(request));
    schema.insert(RESPONSE, "Response", Type::Struct(response));
    schema.insert(EMPTY, "", Type::Struct(Vec::new()));
    schema
}

/// What stands before an argument or a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// `RPCServerDriver.GetState`.
    pub method: String,
    /// Which call it is.
    pub seq: u64,
    /// Of a response: why there is no result; empty if there is one.
    pub error: String,
}

impl Header {
    /// From its value; `None`: it is none.
    pub fn of(value: &Value) -> Option<Self> {
        let Value::Struct(_) = value else { return None };
        let seq = match value.field("Seq") {
            Some(Value::Uint(seq)) => *seq,
            Some(_) => return None,
            None => 0,
        };
        Some(Self { method: value.text("ServiceMethod"), seq, error: value.text("Error") })
    }

    /// As a value of [`REQUEST`] or [`RESPONSE`].
    pub fn to_value(&self) -> Value {
        let field = |name: &str, value| (name.to_owned(), value);
        Value::Struct(vec![
            field("ServiceMethod", self.method.as_str().into()),
            field("Seq", Value::Uint(self.seq)),
            field("Error", self.error.as_str().into()),
        ])
    }
}
