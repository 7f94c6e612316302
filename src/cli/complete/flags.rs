//! The flags of `create`'s driver for a TAB: those of plugins are kept in a file, so that a TAB starts no process twice.
//!
//! What is kept counts as long as the plugin's file is the same: path, time of change and size.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::driver::{Flag, registry};
use crate::env::Env;
use crate::files::{make_folder, write_private};
use crate::machine;

/// The flags of one driver.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    program: Program,
    flags: Vec<Flag>,
}

/// The file that told them.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Program {
    path: PathBuf,
    modified: (i64, i64),
    size: u64,
}

/// The flags of a driver; none if it does not tell them.
pub(super) async fn of_driver(cx: &Context, name: &str) -> Vec<Flag> {
    let program = registry::program(&cx.env, cx.store.root(), name).and_then(Program::of);
    let place = place(&cx.env, name);
    let (Some(program), Some(place)) = (program, place) else { return asked(cx, name).await };
    if let Some(flags) = read(&place, &program) {
        return flags;
    }
    let flags = asked(cx, name).await;
    if !flags.is_empty() {
        write(&place, program, &flags);
    }
    flags
}

async fn asked(cx: &Context, name: &str) -> Vec<Flag> {
    machine::flags_of_driver(cx, name).await.unwrap_or_default()
}

/// The file for a driver in the user's cache folder.
fn place(env: &Env, name: &str) -> Option<PathBuf> {
    let cache = match env.var("XDG_CACHE_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env.var("HOME")?).join(".cache"),
    };
    cache.is_absolute().then(|| cache.join("docker-machine/flags").join(format!("{name}.json")))
}

fn read(place: &Path, program: &Program) -> Option<Vec<Flag>> {
    let kept: Kept = serde_json::from_slice(&std::fs::read(place).ok()?).ok()?;
    (kept.program == *program).then_some(kept.flags)
}

/// Where that is not possible, the next TAB asks again.
fn write(place: &Path, program: Program, flags: &[Flag]) {
    let kept = Kept { program, flags: flags.to_owned() };
    let (Some(folder), Ok(text)) = (place.parent(), serde_json::to_vec(&kept)) else { return };
    _ = make_folder(folder).and_then(|()| write_private(place, &text));
}

impl Program {
    fn of(path: PathBuf) -> Option<Self> {
        let data = path.metadata().ok()?;
        Some(Self { path, modified: (data.mtime(), data.mtime_nsec()), size: data.size() })
    }
}
