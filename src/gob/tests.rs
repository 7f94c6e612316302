//! What the recordings do not show: every kind of value, other people's habits, limits.

use proptest::prelude::*;

use super::*;

const LIST: TypeId = 100_000;
const MAP: TypeId = 64;
const POINT: TypeId = 70;

fn schema() -> Schema {
    let mut schema = Schema::default();
    let fields = [
        ("B", predefined::BOOL),
        ("I", predefined::INT),
        ("U", predefined::UINT),
        ("F", predefined::FLOAT),
        ("C", predefined::COMPLEX),
        ("Raw", predefined::BYTES),
        ("S", predefined::STRING),
        ("Any", predefined::INTERFACE),
        ("L", LIST),
        ("M", MAP),
    ];
    schema.insert(POINT, "", Type::Struct(fields.map(|(name, id)| (name.to_owned(), id)).into()));
    schema.insert(LIST, "anything", Type::List(predefined::STRING));
    schema.insert(MAP, "", Type::Map(predefined::STRING, predefined::INTERFACE));
    schema.register("[]string", LIST);
    schema.register("*p.Point", POINT);
    schema
}

fn read_all(bytes: &[u8]) -> Result<Vec<Value>, Malformed> {
    let mut reader = Reader::default();
    reader.push(bytes);
    let mut values = Vec::new();
    while let Some(value) = reader.next_value()? {
        values.push(value);
    }
    Ok(values)
}

fn any_value() -> impl Strategy<Value = Value> {
    let concrete = prop_oneof![
        any::<String>().prop_map(|text| Value::Interface(Some(("string".into(), Box::new(Value::String(text)))))),
        any::<i64>().prop_map(|number| Value::Interface(Some(("int".into(), Box::new(Value::Int(number)))))),
        proptest::collection::vec(any::<String>(), 0..4).prop_map(|texts| {
            let list = Value::List(texts.into_iter().map(Value::String).collect());
            Value::Interface(Some(("[]string".into(), Box::new(list))))
        }),
        Just(Value::Interface(None)),
    ];
    let map = proptest::collection::vec((any::<String>().prop_map(Value::String), concrete.clone()), 0..5);
    (any::<bool>(), any::<i64>(), any::<u64>(), any::<i32>(), any::<Vec<u8>>(), any::<String>(), concrete, map)
        .prop_map(|(truth, int, uint, float, bytes, text, any, map)| {
            let float = f64::from(float) / 7.0;
            let fields = [
                ("B", Value::Bool(truth)),
                ("I", Value::Int(int)),
                ("U", Value::Uint(uint)),
                ("F", Value::Float(float)),
                ("C", Value::Complex(float, -float)),
                ("Raw", Value::Bytes(bytes)),
                ("S", Value::String(text)),
                ("Any", any),
                ("M", Value::Map(map)),
            ];
            Value::Struct(fields.map(|(name, value)| (name.to_owned(), value)).into())
        })
}

/// Fields of zero are not sent.
fn without_zeros(value: &Value) -> Value {
    match value {
        Value::Struct(fields) => Value::Struct(fields.iter().filter(|(_, value)| !value.is_zero()).cloned().collect()),
        value => value.clone(),
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(values in proptest::collection::vec(any_value(), 1..4)) {
        let mut writer = Writer::new(schema());
        let bytes: Vec<u8> = values.iter().flat_map(|value| writer.write(POINT, value)).collect();
        let expected: Vec<Value> = values.iter().map(without_zeros).collect();
        prop_assert_eq!(read_all(&bytes).unwrap(), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
        _ = read_all(&bytes);
    }
}

#[test]
fn numbers_have_the_bytes_of_the_contract() {
    let written = |id, value: Value| Writer::new(Schema::default()).write(id, &value);
    for (number, bytes) in [
        (1, &[3, 4, 0, 2][..]),
        (22, &[3, 4, 0, 0x2c]),
        (-1, &[3, 4, 0, 1]),
        (200, &[5, 4, 0, 0xfe, 1, 0x90]),
        (-129, &[5, 4, 0, 0xfe, 1, 1]),
    ] {
        assert_eq!(written(predefined::INT, Value::Int(number)), bytes, "{number}");
    }
    assert_eq!(written(predefined::FLOAT, Value::Float(17.0)), [5, 8, 0, 0xfe, 0x31, 0x40]);
}

#[test]
fn text_that_is_not_utf_8_is_text_all_the_same() {
    assert_eq!(read_all(&[6, 12, 0, 3, b'a', 0xff, b'b']).unwrap(), [Value::String("a\u{fffd}b".into())]);
}

#[test]
fn counts_and_lengths_are_not_believed() {
    // A list of 2^60 strings, a text of 2^60 bytes, a message of 2^60 bytes.
    let mut writer = Writer::new(schema());
    let mut bytes = writer.write(LIST, &Value::List(Vec::new()));
    let id = [0xfd, 0x03, 0x0d, 0x40];
    bytes.extend([14, id[0], id[1], id[2], id[3], 0, 0xf8, 0x10, 0, 0, 0, 0, 0, 0, 0]);
    assert!(read_all(&bytes).is_err());
    assert!(read_all(&[11, 12, 0, 0xf8, 0x10, 0, 0, 0, 0, 0, 0, 0]).is_err());
    assert!(read_all(&[0xf8, 0x10, 0, 0, 0, 0, 0, 0, 0]).is_err());
}

#[test]
fn a_value_of_too_many_parts_is_refused_before_it_fills_the_memory() {
    let mut schema = Schema::default();
    schema.insert(65, "", Type::List(66));
    schema.insert(66, "", Type::Struct(Vec::new()));
    let many = Value::List(vec![Value::EMPTY; 1 << 18]);
    let error = read_all(&Writer::new(schema).write(65, &many)).unwrap_err();
    assert_eq!(error.to_string(), "a value has too many parts");
}

#[test]
fn a_type_that_holds_itself_ends_somewhere() {
    // type 64 = []64, and a value of a thousand lists in each other.
    let definition = [0x7f, 2, 1, 2, 0xff, 0x80, 0, 1, 0xff, 0x80, 0, 0];
    let mut stream = vec![definition.len() as u8];
    stream.extend(definition);
    let mut value = vec![0xff, 0x80, 0];
    value.extend([1; 120]);
    stream.push(value.len() as u8);
    stream.extend(value);
    assert_eq!(read_all(&stream).unwrap_err().to_string(), "a value has too many parts");
}

#[test]
fn a_type_is_defined_once_and_not_among_the_predefined() {
    let mut writer = Writer::new(schema());
    let bytes = writer.write(LIST, &Value::List(Vec::new()));
    let twice = [bytes.clone(), bytes].concat();
    assert_eq!(read_all(&twice).unwrap_err().to_string(), "type 100000 cannot be defined");
}

#[test]
fn fields_are_known_by_name_and_unknown_ones_are_skipped() {
    let mut writer = Writer::new(schema());
    let value = Value::Struct(vec![("S".into(), "x".into()), ("I".into(), Value::Int(3))]);
    let read = read_all(&writer.write(POINT, &value)).unwrap().remove(0);
    assert_eq!((read.text("S"), read.field("I"), read.field("Nope")), ("x".to_owned(), Some(&Value::Int(3)), None));
}
