//! Reads a stream of values: takes bytes as they come and gives whole values.
//!
//! A value may be cut by message boundaries, wherever the value of an interface has a type that the stream has not
//! defined yet. So a value is read from all messages that are here; if it goes on in one that is not, reading begins
//! again from its start when that has come. That is pure and bounded, and happens a few times per connection.

use std::collections::VecDeque;

use super::cursor::{self, Cursor, Stop};
use super::schema::{FIRST_OF_USER, Schema, Type, TypeId, predefined};
use super::value::Value;
use super::{Malformed, malformed};

/// The most that one value may take, in all its messages. Drivers have been seen with states of megabytes.
const MOST_BYTES: usize = 64 << 20;
/// The most parts of one value: a part of one byte takes fifty here.
const MOST_PARTS: usize = 1 << 18;
/// The most messages that one value may be spread over.
const MOST_MESSAGES: usize = 256;
/// The most types that a stream may define.
const MOST_TYPES: usize = 1024;
/// How deep values may be nested.
const DEEPEST: usize = 100;
/// As Go limits it.
const LONGEST_NAME: usize = 1024;

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Reader {
    types: Schema,
    /// What has arrived of the next message.
    partial: Vec<u8>,
    messages: VecDeque<Vec<u8>>,
    /// Whether a message came after reading last stopped for want of one.
    is_news: bool,
}

impl Reader {
    /// Takes what has arrived, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        self.is_news = true;
    }

    /// Whether the stream may end here: no value has begun.
    pub fn is_between_values(&self) -> bool {
        self.partial.is_empty() && self.messages.is_empty()
    }

    /// The next value; `None`: it has not arrived.
    ///
    /// # Errors
    /// The stream is no gob, or too large. Nothing can be read from it any more.
    pub fn next_value(&mut self) -> Result<Option<Value>, Malformed> {
        if !std::mem::take(&mut self.is_news) {
            return Ok(None);
        }
        self.split_messages()?;
        let messages = &*self.messages.make_contiguous();
        let mut decoder =
            Decoder { types: &mut self.types, defined: Vec::new(), cursor: Cursor::new(messages), parts: 0 };
        match decoder.top_level() {
            Ok(value) => {
                let read = decoder.cursor.begun();
                self.messages.drain(..read);
                self.is_news = true;
                Ok(Some(value))
            }
            Err(Stop::NeedsMessage) => {
                decoder.forget_definitions();
                if self.messages.len() > MOST_MESSAGES {
                    return malformed(format!("a value is spread over more than {MOST_MESSAGES} messages"));
                }
                Ok(None)
            }
            Err(Stop::Malformed(error)) => Err(error),
        }
    }

    /// Takes whole messages from what has arrived.
    fn split_messages(&mut self) -> Result<(), Malformed> {
        let mut done = 0;
        let mut waiting: usize = self.messages.iter().map(Vec::len).sum();
        while let Some((length, width)) = cursor::uint(&self.partial[done..])? {
            let length = usize::try_from(length).ok().filter(|length| *length <= MOST_BYTES);
            let Some(length) = length else { return malformed(format!("a message is longer than {MOST_BYTES} bytes")) };
            waiting += length;
            let Some(message) = self.partial.get(done + width..done + width + length) else { break };
            self.messages.push_back(message.to_vec());
            done += width + length;
            if waiting > 2 * MOST_BYTES {
                return malformed(format!("a value is longer than {MOST_BYTES} bytes"));
            }
        }
        self.partial.drain(..done);
        Ok(())
    }
}

/// Reads one value.
struct Decoder<'r> {
    types: &'r mut Schema,
    /// What this value has defined so far.
    defined: Vec<TypeId>,
    cursor: Cursor<'r>,
    parts: usize,
}

impl Decoder<'_> {
    fn top_level(&mut self) -> Result<Value, Stop> {
        let id = self.type_sequence(false)?;
        self.after_type(id, 0)
    }

    /// For another attempt from the value's start.
    fn forget_definitions(&mut self) {
        for id in self.defined.drain(..) {
            self.types.remove(id);
        }
    }

    /// Definitions, then the type of the value that follows.
    fn type_sequence(&mut self, inside_interface: bool) -> Result<TypeId, Stop> {
        loop {
            if self.cursor.is_at_end_of_message() {
                self.cursor.next_message()?;
            }
            let id = self.cursor.int()?;
            if id >= 0 {
                return Ok(id);
            }
            self.define(id)?;
            if !self.cursor.is_at_end_of_message() {
                if !inside_interface {
                    return Err(Malformed("a definition is followed by something else".to_owned()).into());
                }
                // The length of the rest, up to the next definition: of no use.
                self.cursor.uint()?;
            }
        }
    }

    fn define(&mut self, negative: TypeId) -> Result<(), Stop> {
        let id = negative.checked_neg().unwrap_or_default();
        let is_new = id >= FIRST_OF_USER && self.types.get(id).is_none();
        if !is_new || self.types.len() >= MOST_TYPES {
            return Err(Malformed(format!("type {id} cannot be defined")).into());
        }
        let wire = self.value(predefined::WIRE_TYPE, 0)?;
        let (name, made_of) = definition(&wire)?;
        self.types.insert(id, &name, made_of);
        self.defined.push(id);
        Ok(())
    }

    /// A value after its type: all but structures have a zero byte in front.
    fn after_type(&mut self, id: TypeId, depth: usize) -> Result<Value, Stop> {
        if !matches!(self.types.get(id), Some(Type::Struct(_))) && self.cursor.byte()? != 0 {
            return Err(Malformed("a value does not begin with a zero".to_owned()).into());
        }
        self.value(id, depth)
    }

    fn value(&mut self, id: TypeId, depth: usize) -> Result<Value, Stop> {
        self.parts += 1;
        if depth > DEEPEST || self.parts > MOST_PARTS {
            return Err(Malformed("a value has too many parts".to_owned()).into());
        }
        Ok(match id {
            predefined::BOOL => Value::Bool(self.cursor.uint()? != 0),
            predefined::INT => Value::Int(self.cursor.int()?),
            predefined::UINT => Value::Uint(self.cursor.uint()?),
            predefined::FLOAT => Value::Float(self.cursor.float()?),
            predefined::BYTES => Value::Bytes(self.cursor.bytes()?.to_vec()),
            predefined::STRING => Value::String(String::from_utf8_lossy(self.cursor.bytes()?).into_owned()),
            predefined::COMPLEX => Value::Complex(self.cursor.float()?, self.cursor.float()?),
            predefined::INTERFACE => Value::Interface(self.interface(depth)?),
            id => match self.types.get(id).cloned() {
                Some(Type::List(element)) => Value::List(self.list(element, depth)?),
                Some(Type::Map(key, element)) => Value::Map(self.map(key, element, depth)?),
                Some(Type::Struct(fields)) => Value::Struct(self.fields(&fields, depth)?),
                Some(Type::Opaque) => Value::Bytes(self.cursor.bytes()?.to_vec()),
                None => return Err(Malformed(format!("type {id} is not defined")).into()),
            },
        })
    }

    /// A count is only believed as far as elements follow: each takes a byte, and none begins in the next message.
    fn list(&mut self, element: TypeId, depth: usize) -> Result<Vec<Value>, Stop> {
        let count = self.cursor.uint()?;
        let mut elements = Vec::new();
        for _ in 0..count {
            elements.push(self.value(element, depth + 1)?);
        }
        Ok(elements)
    }

    fn map(&mut self, key: TypeId, element: TypeId, depth: usize) -> Result<Vec<(Value, Value)>, Stop> {
        let count = self.cursor.uint()?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let key = self.value(key, depth + 1)?;
            entries.push((key, self.value(element, depth + 1)?));
        }
        Ok(entries)
    }

    fn fields(&mut self, fields: &[(String, TypeId)], depth: usize) -> Result<Vec<(String, Value)>, Stop> {
        let mut values = Vec::new();
        // Numbers are told as steps, from the field before the first on.
        let mut next = 0;
        loop {
            let step = self.cursor.uint()?;
            if step == 0 {
                return Ok(values);
            }
            let number = usize::try_from(step - 1).ok().and_then(|skipped| skipped.checked_add(next));
            let field = number.and_then(|number| Some((number, fields.get(number)?)));
            let Some((number, (name, id))) = field else {
                return Err(Malformed("a structure has more fields than its type".to_owned()).into());
            };
            values.push((name.clone(), self.value(*id, depth + 1)?));
            next = number + 1;
        }
    }

    fn interface(&mut self, depth: usize) -> Result<Option<(String, Box<Value>)>, Stop> {
        let name = self.cursor.bytes()?;
        if name.is_empty() {
            return Ok(None);
        }
        if name.len() > LONGEST_NAME {
            return Err(Malformed("the name of a type is too long".to_owned()).into());
        }
        let name = String::from_utf8_lossy(name).into_owned();
        let id = self.type_sequence(true)?;
        // The length of the value, or only up to the next definition in it: of no use.
        self.cursor.uint()?;
        Ok(Some((name, Box::new(self.after_type(id, depth + 1)?))))
    }
}

/// A type from its definition: its name, which means nothing, and what it is made of.
fn definition(wire: &Value) -> Result<(String, Type), Malformed> {
    let Value::Struct(kinds) = wire else { return malformed("a definition is no structure") };
    let [(kind, shape)] = kinds.as_slice() else { return malformed("a definition defines not one type") };
    let number = |field: &str| shape.field(field).and_then(Value::as_int).unwrap_or_default();
    let made_of = match kind.as_str() {
        "ArrayT" | "SliceT" => Type::List(number("Elem")),
        "MapT" => Type::Map(number("Key"), number("Elem")),
        "StructT" => {
            let fields = shape.field("Field").and_then(Value::as_list).unwrap_or_default();
            let field =
                |field: &Value| (field.text("Name"), field.field("Id").and_then(Value::as_int).unwrap_or_default());
            Type::Struct(fields.iter().map(field).collect())
        }
        _ => Type::Opaque,
    };
    Ok((shape.field("CommonType").map(|common| common.text("Name")).unwrap_or_default(), made_of))
}
