//! A driver's flags, and what they are worth in one `create`.

use std::collections::BTreeMap;

/// One command-line flag of a driver, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The long name without dashes: `generic-ip-address`.
    pub name: String,
    /// What help says about it.
    pub usage: String,
    /// The variable that is read when the flag is not given.
    pub env: Option<String>,
    /// Type and default.
    pub kind: FlagKind,
    /// Whether help for people shows it among the first of its driver.
    pub is_common: bool,
}

/// A flag's type and default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagKind {
    /// `--flag TEXT`.
    String(String),
    /// `--flag 22`.
    Int(i64),
    /// `--flag`, `--flag=false`; always false unless given.
    Bool,
    /// `--flag A --flag B`.
    List(Vec<String>),
}

impl Flag {
    /// A flag with its environment variable (`""`: none) and help.
    pub fn new(name: &str, kind: FlagKind, env: &str, usage: &str) -> Self {
        let env = (!env.is_empty()).then(|| env.to_owned());
        Self { name: name.into(), usage: usage.into(), env, kind, is_common: false }
    }

    /// The same flag, as one that most people need.
    #[must_use]
    pub fn common(self) -> Self {
        Self { is_common: true, ..self }
    }
}

/// A flag's value after command line, environment and default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagValue {
    /// Of a [`FlagKind::String`].
    String(String),
    /// Of a [`FlagKind::Int`].
    Int(i64),
    /// Of a [`FlagKind::Bool`].
    Bool(bool),
    /// Of a [`FlagKind::List`].
    List(Vec<String>),
}

/// All flags of a `create`, shared ones and the driver's, by long name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagValues(pub BTreeMap<String, FlagValue>);

impl FlagValues {
    /// A text; empty if there is no such flag.
    pub fn string(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(FlagValue::String(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// A number; 0 if there is no such flag.
    pub fn int(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(FlagValue::Int(number)) => *number,
            _ => 0,
        }
    }

    /// A switch; off if there is no such flag.
    pub fn bool(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(FlagValue::Bool(true)))
    }

    /// A list; empty if there is no such flag.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(FlagValue::List(list)) => list.clone(),
            _ => Vec::new(),
        }
    }
}
