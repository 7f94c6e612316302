//! TAB: what could stand at the cursor.
//!
//! The scripts in `completions/` hand over the words ([`request`]) and print what comes back. [`spot`] finds out where
//! the cursor is, [`values`] what belongs there, [`sources`] looks it up. No network is used
//! unless states are asked for ([`sources::STATES`]) or a path on a machine is being typed.

mod completions;
mod flags;
mod line;
mod paths;
mod request;
mod sources;
mod spot;
mod values;

use super::argv::split;
use super::flag::{FlagSpec, Takes};
use super::{create_flags, driver_choice, tree};
use crate::driver::registry;
use crate::env::Env;
use crate::shared::Shared;
use completions::{Candidate, Completions, Paths};
use request::Request;
use sources::Sources;
use spot::{Spot, What};

/// The answer to a shell, ready to print. Never a failure: a TAB must not disturb the line being typed.
pub(super) fn answer(env: &Env, words: &[String]) -> String {
    let Some(request) = Request::parse(words) else { return String::new() };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return String::new() };
    let answer = runtime.block_on(async {
        let shared = Shared::default();
        let answer = complete(env, &request, &shared).await;
        registry::end(&shared).await;
        answer
    });
    // Whoever did not answer in time is not waited for.
    runtime.shutdown_background();
    request.show(&answer)
}

async fn complete(env: &Env, request: &Request, shared: &Shared) -> Completions {
    if request.redirected() {
        return Completions { paths: Some(Paths::Files), ..Completions::default() };
    }
    let (words, current) = (request.complete_words(), request.current());
    let wrapped = env.var("DOCKER_MACHINE_WRAPPED") == Some("true");
    let mut tree = tree::program(&[]);
    let mut spot = Spot::find(&tree, words, current, wrapped);
    let Some(sources) = Sources::new(env, &spot, shared) else { return Completions::default() };
    if spot.command.as_deref() == Some("create") {
        tree = tree::program(&flags_of_driver(&sources, words).await);
        spot = Spot::find(&tree, words, current, wrapped);
    }
    match &spot.what {
        What::FlagName => Completions { candidates: flag_names(&spot, current), paths: None },
        What::Value { flag, joined } => {
            let values = values::of_flag(spot.command.as_deref(), &spot.flags[*flag]);
            let typed = &current[joined.len()..];
            let mut answer = sources.look_up(&tree, values, &spot, typed).await;
            // A shell completes paths in whole words only.
            if let Some(paths) = answer.paths.filter(|_| !joined.is_empty()) {
                answer = Completions { candidates: paths::local(env, typed, paths), paths: None };
            }
            answer.candidates.iter_mut().for_each(|candidate| candidate.text.insert_str(0, joined));
            answer
        }
        What::Command => Completions { candidates: sources::commands(&tree, wrapped), paths: None },
        What::Word => {
            let values = values::of_word(spot.command.as_deref().unwrap_or_default(), spot.positionals.len());
            sources.look_up(&tree, values, &spot, current).await
        }
    }
}

/// The flags of the driver that `create` was told so far; none if there is no such driver.
async fn flags_of_driver(sources: &Sources, words: &[String]) -> Vec<crate::driver::Flag> {
    let name = driver_choice::choice(words, &sources.cx.env).name;
    create_flags::without_clashes(flags::of_driver(&sources.cx, &name).await)
}

/// The flags that may still be given, with as many dashes as were typed.
fn flag_names(spot: &Spot, current: &str) -> Vec<Candidate> {
    let single = split(current).is_ok_and(|split| split.is_some()) && !current.starts_with("--");
    let dashes = if single { "-" } else { "--" };
    let open = |(flag, used): &(&FlagSpec, &bool)| !**used || flag.takes == Takes::List;
    let free: Vec<&FlagSpec> = spot.flags.iter().zip(&spot.used).filter(open).map(|(flag, _)| flag).collect();
    let long =
        free.iter().filter_map(|flag| Some(Candidate::new(format!("{dashes}{}", flag.long.as_ref()?), &flag.help)));
    let short = free.iter().filter_map(|flag| Some(Candidate::new(format!("-{}", flag.short?), &flag.help)));
    let mut names: Vec<Candidate> = long.collect();
    names.sort_by(|a, b| a.text.cmp(&b.text));
    names.extend(short);
    names
}
