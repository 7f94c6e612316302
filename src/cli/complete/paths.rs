//! Local paths, for words that are only in part a path.

use std::path::Path;

use super::completions::{Candidate, Paths};
use crate::env::Env;

/// The files whose path goes on from what was typed; folders end in `/`. Hidden files must be asked for.
pub(super) fn local(env: &Env, typed: &str, kind: Paths) -> Vec<Candidate> {
    let (folder, start) = split(typed);
    let place = match (folder.strip_prefix("~/"), env.var("HOME")) {
        (Some(rest), Some(home)) => Path::new(home).join(rest),
        _ => env.cwd.join(folder),
    };
    let Ok(listing) = place.read_dir() else { return Vec::new() };
    let entries = listing.filter_map(|entry| name_of(&entry.ok()?.path()));
    pick(entries.collect(), folder, start, kind)
}

/// `a/b` is the folder `a/` and the start `b`.
pub(super) fn split(typed: &str) -> (&str, &str) {
    typed.split_at(typed.rfind('/').map_or(0, |slash| slash + 1))
}

/// The names of a folder, `/` at the end of folders', that go on from `start`, as whole paths.
pub(super) fn pick(mut names: Vec<String>, folder: &str, start: &str, kind: Paths) -> Vec<Candidate> {
    names.retain(|name| {
        let hidden = name.starts_with('.') && !start.starts_with('.');
        name.starts_with(start) && !hidden && (kind == Paths::Files || name.ends_with('/'))
    });
    names.sort();
    names.into_iter().map(|name| Candidate::new(format!("{folder}{name}"), "")).collect()
}

fn name_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    Some(if path.is_dir() { format!("{name}/") } else { name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(env: &Env, typed: &str, kind: Paths) -> String {
        local(env, typed, kind).into_iter().map(|candidate| candidate.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn paths_go_on_from_what_was_typed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("sub/deep")).unwrap();
        for file in ["start", "stop", ".hidden", "sub/stone"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let vars = [("HOME".to_owned(), folder.path().display().to_string())].into();
        let env = Env { vars, cwd: folder.path().to_owned(), ..Env::default() };
        for (typed, wanted) in [
            ("", "start stop sub/"),
            ("st", "start stop"),
            ("sub/", "sub/deep/ sub/stone"),
            ("~/s", "~/start ~/stop ~/sub/"),
            (".", ".hidden"),
            ("nowhere/", ""),
        ] {
            assert_eq!(shown(&env, typed, Paths::Files), wanted, "{typed}");
        }
        assert_eq!(shown(&env, "s", Paths::Folders), "sub/");
        assert_eq!(
            shown(&env, &format!("{}/sub/d", folder.path().display()), Paths::Files).rsplit('/').nth(1),
            Some("deep")
        );
    }
}
