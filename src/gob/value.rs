//! A value of any type, as it was sent.

/// A value. Fields of structures that were not sent are zero, and absent here.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `bool`.
    Bool(bool),
    /// Any signed number.
    Int(i64),
    /// Any unsigned number.
    Uint(u64),
    /// Any float.
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
    /// `[]byte`, and what types with an encoding of their own make of themselves.
    Bytes(Vec<u8>),
    /// `string`. Bytes that are no UTF-8 have become U+FFFD.
    String(String),
    /// A slice or an array.
    List(Vec<Self>),
    /// Keys and values in the order in which they came.
    Map(Vec<(Self, Self)>),
    /// Names and values of the fields.
    Struct(Vec<(String, Self)>),
    /// The registered name of the concrete type and the value of it; `None` is `nil`.
    Interface(Option<(String, Box<Self>)>),
}

impl Value {
    /// A structure without fields.
    pub const EMPTY: Self = Self::Struct(Vec::new());

    /// The field of a structure.
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Struct(fields) => fields.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text; `None` if it is something else.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a field; empty if there is none.
    pub fn text(&self, field: &str) -> String {
        self.field(field).and_then(Self::as_str).unwrap_or_default().to_owned()
    }

    /// The number; `None` if it is something else.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The elements; `None` if it is something else.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// What a field with this value is left out for.
    pub(super) fn is_zero(&self) -> bool {
        match self {
            Self::Bool(truth) => !truth,
            Self::Int(number) => *number == 0,
            Self::Uint(number) => *number == 0,
            Self::Float(number) => number.to_bits() == 0,
            Self::Complex(real, imaginary) => real.to_bits() == 0 && imaginary.to_bits() == 0,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::String(text) => text.is_empty(),
            Self::List(elements) => elements.is_empty(),
            Self::Map(entries) => entries.is_empty(),
            Self::Struct(_) => false,
            Self::Interface(value) => value.is_none(),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}
