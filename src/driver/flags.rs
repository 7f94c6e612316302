//! A driver's flags, and what they are worth in one `create`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One command-line flag of a driver, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

impl FlagKind {
    /// What a flag is if nobody says anything.
    pub fn default(&self) -> FlagValue {
        match self {
            Self::String(default) => FlagValue::String(default.clone()),
            Self::Int(default) => FlagValue::Int(*default),
            Self::Bool => FlagValue::Bool(false),
            Self::List(default) => FlagValue::List(default.clone()),
        }
    }
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

/// What a flag is set to, of its [`FlagKind`].
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

/// Where a flag's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was given.
    Flag,
    /// From the flag's variable in the environment.
    Variable,
    /// Nobody said anything.
    Default,
}

/// What is said about one flag: the first of the three that is there counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What was given.
    pub flag: Option<FlagValue>,
    /// What its variable says, also where something else was given.
    pub variable: Option<FlagValue>,
    /// What it is otherwise.
    pub default: FlagValue,
}

impl Setting {
    /// Where the value comes from.
    pub fn source(&self) -> Source {
        match (&self.flag, &self.variable) {
            (Some(_), _) => Source::Flag,
            (None, Some(_)) => Source::Variable,
            (None, None) => Source::Default,
        }
    }

    /// What counts, and nothing else.
    pub fn strongest(&self) -> &FlagValue {
        self.flag.as_ref().or(self.variable.as_ref()).unwrap_or(&self.default)
    }

    /// The value, as the original has it: items that are given follow those of a list's variable.
    pub fn value(&self) -> FlagValue {
        match (&self.flag, &self.variable) {
            (Some(FlagValue::List(given)), Some(FlagValue::List(first))) => {
                FlagValue::List([first.as_slice(), given].concat())
            }
            _ => self.strongest().clone(),
        }
    }
}

/// All flags of a `create`, shared ones and the driver's, by long name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagValues(BTreeMap<String, Setting>);

impl FlagValues {
    /// What is said about a flag; `None` if there is no such flag.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name)
    }

    /// Says something about a flag.
    pub fn insert(&mut self, name: &str, setting: Setting) {
        self.0.insert(name.to_owned(), setting);
    }

    /// Gives a flag.
    pub fn give(&mut self, name: &str, value: FlagValue) {
        let known = self.0.remove(name);
        let (variable, default) = match known {
            Some(Setting { variable, default, .. }) => (variable, default),
            None => (None, value.clone()),
        };
        self.insert(name, Setting { flag: Some(value), variable, default });
    }

    /// Where a flag's value comes from.
    pub fn source(&self, name: &str) -> Source {
        self.get(name).map_or(Source::Default, Setting::source)
    }

    /// Every flag with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, FlagValue)> {
        self.0.iter().map(|(name, setting)| (name.as_str(), setting.value()))
    }

    /// A text; empty if there is no such flag.
    pub fn string(&self, name: &str) -> String {
        match self.get(name).map(Setting::strongest) {
            Some(FlagValue::String(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// A number; 0 if there is no such flag.
    pub fn int(&self, name: &str) -> i64 {
        match self.get(name).map(Setting::strongest) {
            Some(FlagValue::Int(number)) => *number,
            _ => 0,
        }
    }

    /// A switch; off if there is no such flag.
    pub fn bool(&self, name: &str) -> bool {
        matches!(self.get(name).map(Setting::strongest), Some(FlagValue::Bool(true)))
    }

    /// A list, the items of its variable first; empty if there is no such flag.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.get(name).map(Setting::value) {
            Some(FlagValue::List(list)) => list,
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> FlagValue {
        FlagValue::List(items.iter().map(|item| (*item).to_owned()).collect())
    }

    #[test]
    fn a_given_value_keeps_what_the_variable_says_in_sight() {
        let mut values = FlagValues::default();
        let number = |number| Some(FlagValue::Int(number));
        values.insert("size", Setting { flag: None, variable: number(2), default: FlagValue::Int(1) });
        assert_eq!((values.int("size"), values.source("size")), (2, Source::Variable));
        values.give("size", FlagValue::Int(3));
        assert_eq!((values.int("size"), values.source("size")), (3, Source::Flag));
        assert_eq!(values.get("size").unwrap().variable, number(2));
        assert_eq!((values.int("no"), values.source("no")), (0, Source::Default));
    }

    #[test]
    fn items_that_are_given_follow_those_of_the_variable_and_replace_the_default() {
        let setting = |flag, variable| Setting { flag, variable, default: list(&["d"]) };
        let (both, given) = (setting(Some(list(&["f"])), Some(list(&["v"]))), setting(Some(list(&["f"])), None));
        assert_eq!((both.value(), both.strongest().clone()), (list(&["v", "f"]), list(&["f"])));
        assert_eq!(given.value(), list(&["f"]));
        assert_eq!(setting(None, None).value(), list(&["d"]));
    }
}
