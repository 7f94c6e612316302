//! What a driver plugin, or whoever connects to ours, sends.

use docker_machine::gob::{Reader, Schema, Type, TypeId, Value, Writer, predefined};
use docker_machine::rpc::http::{self, Answer, Request};

/// All values of a stream; `None`: it is no gob.
fn read(pieces: &[&[u8]]) -> Option<Vec<Value>> {
    let mut reader = Reader::default();
    let mut values = Vec::new();
    for piece in pieces {
        reader.push(piece);
        while let Some(value) = reader.next_value().ok()? {
            values.push(value);
        }
    }
    Some(values)
}

/// It does not matter how a stream is cut, and whatever value comes out of it can be sent again and is the same.
pub(crate) fn gob(data: &[u8]) {
    let Some(values) = read(&[data]) else { return };
    let bytes: Vec<&[u8]> = data.chunks(1).collect();
    assert_eq!(format!("{:?}", read(&bytes).expect("it could be read whole")), format!("{values:?}"));
    for value in &values {
        if let Value::Bytes(_) | Value::String(_) | Value::Int(_) | Value::Uint(_) | Value::Bool(_) = value {
            let sent = Writer::new(Schema::default()).write(id(value), value);
            assert_eq!(read(&[&sent]).expect("our own"), [value.clone()]);
        }
        if let Value::Interface(Some((name, inner))) = value
            && matches!(**inner, Value::String(_))
            && !name.is_empty()
            && name.len() < 1000
        {
            let mut schema = Schema::default();
            schema.insert(65, "", Type::List(predefined::INTERFACE));
            schema.register(name, predefined::STRING);
            let list = Value::List(vec![value.clone()]);
            assert_eq!(read(&[&Writer::new(schema).write(65, &list)]).expect("our own"), [list]);
        }
    }
}

fn id(value: &Value) -> TypeId {
    match value {
        Value::Bool(_) => predefined::BOOL,
        Value::Int(_) => predefined::INT,
        Value::Uint(_) => predefined::UINT,
        Value::Bytes(_) => predefined::BYTES,
        _ => predefined::STRING,
    }
}

/// What is enough stays enough when more comes, and what is used ends with an empty line.
pub(crate) fn handshake(data: &[u8]) {
    let more = [data, b"\x03\x04\x00\x02"].concat();
    match http::answer(data) {
        Answer::Partial => {}
        Answer::Connected(used) => {
            assert!(data[..used].ends_with(b"\n") && data.starts_with(b"HTTP/"));
            assert_eq!(http::answer(&more), Answer::Connected(used));
        }
        Answer::Refused(why) => assert!(why.len() < 10_000 && !why.contains('\n')),
    }
    match http::request(data) {
        Request::Partial => {}
        Request::Connect(used) => {
            assert!(data[..used].ends_with(b"\n") && data.starts_with(b"CONNECT /_goRPC_ "));
            assert_eq!(http::request(&more), Request::Connect(used));
        }
        Request::Other(answer) => assert!(answer.starts_with(b"HTTP/1.0 4")),
    }
}
