//! The fuzz targets: each is a property of a parser, and gets whatever libFuzzer makes up. `FUZZ_TARGET` names it.
#![no_main]

mod cli;
mod ec2;
mod host;
mod plugins;
mod records;
mod systemd;
mod trust;

use std::path::Path;
use std::sync::LazyLock;

type Target = fn(&[u8]);

/// Each has a folder of its name in `corpus`.
const TARGETS: &[(&str, Target)] = &[
    ("argv", cli::argv),
    ("certificates", trust::certificates),
    ("command_line", cli::command_line),
    ("daemon_json", host::daemon_json),
    ("drop_in", host::drop_in),
    ("ec2_state", ec2::state),
    ("ec2_tags", ec2::tags),
    ("gob", plugins::gob),
    ("handshake", plugins::handshake),
    ("known_hosts", trust::known_hosts),
    ("merge", records::merging),
    ("openrc", host::openrc),
    ("record", records::record),
    ("reply", host::reply),
    ("ssh_options", cli::ssh_options),
    ("template", cli::template),
    ("user_data", ec2::user_data),
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, _) in TARGETS {
        assert!(corpus.join(name).is_dir(), "{name} has no corpus");
    }
    let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(name, _)| *name == wanted);
    found.unwrap_or_else(|| panic!("FUZZ_TARGET={wanted:?} is no target")).1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (*TARGET)(data));

/// The text of an input; other bytes become U+FFFD, so that no input is lost.
fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// The parts of an input. The separators are control characters that a person can type and that no format needs.
fn parts(text: &str, separator: char) -> Vec<String> {
    text.split(separator).map(str::to_owned).collect()
}
