//! Which machines a command works on: the names given, or `default`.

use std::str::FromStr;

use crate::error::{Error, Kind, Result};
use crate::store::{Name, Store, missing};

/// The target of a command that works on one machine: the first name given, else the machine `default`.
///
/// # Errors
/// [`Kind::Missing`]: the name can be no machine's, or none was given and there is no `default`.
pub fn one(store: &Store, names: &[String]) -> Result<Name> {
    names.first().map_or_else(|| default(store), |name| valid(name))
}

/// For a command that takes one machine.
///
/// # Errors
/// More than one name was given.
pub fn at_most_one(names: &[String]) -> Result<()> {
    match names {
        [] | [_] => Ok(()),
        _ => Err(Error::msg("Error: Expected one machine name as an argument")),
    }
}

/// The targets of a command that works on several machines, each once, in the order given; else `default`.
///
/// # Errors
/// [`Kind::Missing`] with a line for each name that is no machine's, so that nothing is done to the others.
pub fn several(store: &Store, names: &[String]) -> Result<Vec<Name>> {
    if names.is_empty() {
        return Ok(vec![default(store)?]);
    }
    let mut found: Vec<Name> = Vec::new();
    let mut lost: Vec<String> = Vec::new();
    for text in names {
        match valid(text).and_then(|name| store.look(&name).map(|_| name)) {
            Ok(name) => push_once(&mut found, name),
            Err(error) => push_once(&mut lost, error.message().to_owned()),
        }
    }
    if lost.is_empty() { Ok(found) } else { Err(Error::new(Kind::Missing, lost.join("\n"))) }
}

/// A name as typed. One that could be no machine's reads as a machine that does not exist.
///
/// # Errors
/// [`Kind::Missing`].
pub fn valid(text: &str) -> Result<Name> {
    Name::from_str(text).map_err(|_| missing(text))
}

fn default(store: &Store) -> Result<Name> {
    let name = Name::from_str("default")?;
    let none = "Error: No machine name(s) specified and no \"default\" machine exists";
    match store.look(&name) {
        Ok(_) => Ok(name),
        Err(error) if error.kind() == Kind::Missing => Err(Error::new(Kind::Missing, none)),
        Err(error) => Err(error),
    }
}

fn push_once<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store_with(machines: &[&str]) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in machines {
            std::fs::create_dir_all(folder.path().join("machines").join(name)).expect("a machine's folder");
        }
        let store = Store::new(folder.path().to_owned());
        (folder, store)
    }

    fn words(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn texts(names: &[Name]) -> Vec<&str> {
        names.iter().map(Name::as_str).collect()
    }

    #[test]
    fn no_name_means_the_default_machine() {
        let (_folder, store) = store_with(&["default", "web"]);
        assert_eq!(one(&store, &[]).unwrap().as_str(), "default");
        assert_eq!(texts(&several(&store, &[]).unwrap()), ["default"]);
        assert_eq!(one(&store, &words(&["web", "other"])).unwrap().as_str(), "web");
    }

    #[test]
    fn no_name_and_no_default_machine_is_an_error() {
        let (_folder, store) = store_with(&["web"]);
        let text = "Error: No machine name(s) specified and no \"default\" machine exists";
        assert_eq!(one(&store, &[]).unwrap_err().message(), text);
        assert_eq!(several(&store, &[]).unwrap_err().message(), text);
    }

    #[test]
    fn a_name_given_twice_is_one_target() {
        let (_folder, store) = store_with(&["a", "b"]);
        assert_eq!(texts(&several(&store, &words(&["b", "a", "b"])).unwrap()), ["b", "a"]);
    }

    #[test]
    fn every_name_that_is_no_machine_is_reported_and_stops_all() {
        let (_folder, store) = store_with(&["a"]);
        let error = several(&store, &words(&["a", "nope", "../a", "", "nope"])).unwrap_err();
        let named: Vec<&str> = error.message().lines().map(|line| line.split('"').nth(1).unwrap()).collect();
        assert_eq!(named, ["nope", "../a", ""]);
        assert_eq!(error.kind(), Kind::Missing);
    }

    #[test]
    fn a_name_that_leaves_the_store_reads_as_missing() {
        let (_folder, store) = store_with(&["a"]);
        let error = one(&store, &words(&[".."])).unwrap_err();
        assert!(error.message().starts_with("Docker machine \"..\" does not exist. Use \"docker-machine ls\""));
    }
}
