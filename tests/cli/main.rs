//! The program, run as users and scripts run it. One binary; a module per command or subject.

mod support;

#[path = "../failing/mod.rs"]
mod failing;
#[path = "../golden/player.rs"]
mod player;
#[path = "../plugins/mod.rs"]
mod plugin_programs;
#[path = "../words/mod.rs"]
mod words;

mod as_plugin;
mod complete;
mod ec2_endless;
mod ec2_flags;
mod env_in_shells;
mod failing_files;
mod fleet;
mod generated;
mod global;
mod golden;
mod hostile;
mod parallel;
mod pipes;
mod plugins;
mod prompt;
mod query;
mod ssh;
mod terminals;

use std::path::Path;

/// A file that is not listed above would silently never run.
#[test]
fn no_test_file_is_forgotten() {
    let list = include_str!("main.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    for entry in folder.read_dir().expect("this folder can be read") {
        let file = entry.expect("an entry").file_name().into_string().expect("a plain name");
        let Some(module) = file.strip_suffix(".rs").filter(|module| *module != "main") else { continue };
        assert!(list.lines().any(|line| line == format!("mod {module};")), "{file} is missing in main.rs");
    }
}
