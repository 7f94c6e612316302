//! What the fuzz targets in `tests/fuzz` reach into. For nobody else: nothing here is kept as it is.

use std::time::SystemTime;

use crate::cli::argv::{self, Flags};
use crate::cli::{flag, plan, tree};
use crate::env::Env;
use crate::error::Result;
use crate::provision::daemon_json::{DaemonJson, Held};
use crate::provision::script::Reply;
use crate::provision::{Engine, Facts, UnitFile, drop_in, families, openrc, plan as provisioning};

#[cfg(feature = "amazonec2")]
pub use crate::driver::amazonec2::{
    fields::Fields,
    tags::{MACHINE, all as all_tags, parse as tags},
    user_data::build as user_data,
};
pub use crate::store::{
    load::{is_from_the_future, parse as record, to_map},
    machine_dir::MachineDir,
    merge::merge,
};

/// The words of a command, canonical: as clap gets them.
///
/// # Errors
/// The message for a breach of the grammar.
pub fn words(command: &str, words: &[String]) -> std::result::Result<Vec<String>, String> {
    let tree = tree::program(&[]);
    let flags = flag::of(tree.find_subcommand(command).expect("a command"));
    let parsed = argv::parse(words, &flags, Flags::Anywhere).map_err(|misuse| misuse.message)?;
    Ok(parsed.for_clap(&flags, &Env::default()))
}

/// What a whole command line is understood as, or the error.
pub fn command_line(env: &Env) -> String {
    match plan::plan(env) {
        Ok(plan) => format!("{plan:?}"),
        Err(failure) => failure.error.message().to_owned(),
    }
}

/// All that is made of the answer of a first look at a host.
pub fn first_look(answer: &str) -> (Facts, Vec<String>) {
    let facts = Facts::from_reply(&Reply::parse(answer), SystemTime::UNIX_EPOCH);
    let mut said = provisioning::remarks(&facts);
    match families::recognise(&facts.os, facts.engine.is_installed()) {
        Ok(found) => said.push(format!("{found:?}")),
        Err(error) => said.push(error.message().to_owned()),
    }
    (facts, said)
}

/// The drop-in beside a packaged unit.
pub fn drop_in(unit: &str, arguments: &[String], env: &[String]) -> String {
    let unit = UnitFile { path: "/lib/systemd/system/docker.service".to_owned(), text: unit.to_owned() };
    let engine = Engine { dockerd: "/usr/bin/dockerd".to_owned(), unit: Some(unit), ..Engine::default() };
    drop_in::render(&engine, arguments, env)
}

/// The storage driver that a drop-in of ours names.
pub fn storage_driver(drop_in: &str) -> Option<String> {
    drop_in::storage_driver(drop_in)
}

/// `OpenRC`'s file of options, over one that is there.
pub fn openrc(existing: &str, arguments: &[String], env: &[String]) -> String {
    openrc::render(existing, arguments, env)
}

/// What becomes of a `daemon.json`: without our keys, and with a switch.
///
/// # Errors
/// It is no JSON object.
pub fn daemon_json(text: &str) -> Result<(Option<String>, String)> {
    let json = DaemonJson::parse(Some(text))?;
    Ok((json.without_ours().map(|(text, _)| text), json.with("live-restore", true)))
}

/// What a `daemon.json` says by rights beside a copy that was made before our switch, and whether the copy counts.
///
/// # Errors
/// Neither is a JSON object.
pub fn lasting(text: &str, held: &str) -> Result<(String, bool)> {
    let (json, held) = DaemonJson::lasting(Some(text), Some(held))?;
    Ok((json.with("live-restore", true), held == Held::Ours))
}
