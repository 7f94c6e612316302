//! Types: what a stream has defined so far, or what a writer is going to define.

use std::collections::BTreeMap;

/// A type's number. Those below 64 are the same everywhere; the others are whatever the sender chose.
pub type TypeId = i64;

/// The first number that a stream may define.
pub(super) const FIRST_OF_USER: TypeId = 64;

/// The predefined types that values are made of.
pub mod predefined {
    use super::TypeId;

    /// `bool`.
    pub const BOOL: TypeId = 1;
    /// `int` and its kin.
    pub const INT: TypeId = 2;
    /// `uint` and its kin.
    pub const UINT: TypeId = 3;
    /// `float64` and its kin.
    pub const FLOAT: TypeId = 4;
    /// `[]byte`.
    pub const BYTES: TypeId = 5;
    /// `string`.
    pub const STRING: TypeId = 6;
    /// `complex128` and its kin.
    pub const COMPLEX: TypeId = 7;
    /// Any interface.
    pub const INTERFACE: TypeId = 8;
    /// The type of type definitions.
    pub const WIRE_TYPE: TypeId = 16;
}

/// What a type is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Elements of one type.
    List(TypeId),
    /// Types of keys and values.
    Map(TypeId, TypeId),
    /// Names and types of the fields.
    Struct(Vec<(String, TypeId)>),
    /// A type with an encoding of its own.
    Opaque,
}

/// Types by number. A new one has the predefined composite types, of which definitions are made.
#[derive(Clone, Debug)]
pub struct Schema {
    types: BTreeMap<TypeId, (String, Type)>,
    /// Which type a registered name of an interface's value stands for; only writers need it.
    registered: BTreeMap<String, TypeId>,
}

/// Fields of a structure.
type Members<'m> = &'m [(&'m str, TypeId)];

/// The structure around the name of a type with an encoding of its own: it has no number, so it is given one.
const ENCODER_TYPE: TypeId = 24;

impl Default for Schema {
    fn default() -> Self {
        use predefined::{BOOL, INT, STRING};
        let mut schema = Self { types: BTreeMap::new(), registered: BTreeMap::new() };
        let (common, fields) = (18, 22);
        let predefined: [(TypeId, &str, Members<'_>); 8] = [
            (
                predefined::WIRE_TYPE,
                "wireType",
                &[
                    ("ArrayT", 17),
                    ("SliceT", 19),
                    ("StructT", 20),
                    ("MapT", 23),
                    ("GobEncoderT", ENCODER_TYPE),
                    ("BinaryMarshalerT", ENCODER_TYPE),
                    ("TextMarshalerT", ENCODER_TYPE),
                ],
            ),
            (17, "arrayType", &[("CommonType", common), ("Elem", INT), ("Len", INT)]),
            (common, "CommonType", &[("Name", STRING), ("Id", INT)]),
            (19, "sliceType", &[("CommonType", common), ("Elem", INT)]),
            (20, "structType", &[("CommonType", common), ("Field", fields)]),
            (21, "fieldType", &[("Name", STRING), ("Id", INT)]),
            (23, "mapType", &[("CommonType", common), ("Key", INT), ("Elem", INT)]),
            (ENCODER_TYPE, "gobEncoderType", &[("CommonType", common)]),
        ];
        for (id, name, members) in predefined {
            let members = members.iter().map(|(name, id)| ((*name).to_owned(), *id)).collect();
            schema.insert(id, name, Type::Struct(members));
        }
        schema.insert(fields, "", Type::List(21));
        for (name, id) in [("bool", BOOL), ("int", INT), ("string", STRING)] {
            schema.register(name, id);
        }
        schema
    }
}

impl Schema {
    /// What a type is made of; `None`: it is a simple one, or not defined.
    pub fn get(&self, id: TypeId) -> Option<&Type> {
        self.types.get(&id).map(|(_, made_of)| made_of)
    }

    /// The name in a type's definition. It means nothing: senders put in what they like.
    pub(super) fn name(&self, id: TypeId) -> &str {
        self.types.get(&id).map_or("", |(name, _)| name)
    }

    /// Adds a type.
    pub fn insert(&mut self, id: TypeId, name: &str, made_of: Type) {
        self.types.insert(id, (name.to_owned(), made_of));
    }

    /// Takes a type out again.
    pub(super) fn remove(&mut self, id: TypeId) {
        self.types.remove(&id);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.types.len()
    }

    /// Says under which name a type stands in interface values.
    pub fn register(&mut self, name: &str, id: TypeId) {
        self.registered.insert(name.to_owned(), id);
    }

    /// The type of an interface's value.
    pub(super) fn registered(&self, name: &str) -> Option<TypeId> {
        self.registered.get(name).copied()
    }
}
