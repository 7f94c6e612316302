//! Plays the files of this folder: runs each call in a shell and compares what it shows with what stands there.

use std::path::{Path, PathBuf};
use std::process::Command;

use docker_machine::version::{BUILD, VERSION};
use regex::Regex;

/// Where a file plays.
pub trait Stage {
    /// Does what a line `WORD: REST` before a call asks for.
    fn prepare(&mut self, word: &str, rest: &str);

    /// A shell that is to run a line, with the program as `docker-machine` on `PATH`.
    fn shell(&self, script: &str) -> Command;

    /// The store's root.
    fn store(&self) -> PathBuf;

    /// A text without what differs from run to run.
    fn with_placeholders(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// A file of this folder.
pub fn golden(name: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Plays a file and compares it with what it should read.
pub fn play_file(stage: &mut impl Stage, name: &str) {
    let path = golden(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let seen: Vec<String> = text.split("\n\n").map(|part| play(stage, part.trim_end())).collect();
    snapbox::assert_data_eq!(seen.join("\n\n") + "\n", snapbox::Data::read_from(&path, None).raw());
}

/// Runs what one paragraph of a file says; the paragraph as it should read.
fn play(stage: &mut impl Stage, part: &str) -> String {
    let is_call = |line: &&str| line.split(' ').any(|word| word == "$");
    let number = part.lines().position(|line| is_call(&line)).unwrap_or(part.lines().count());
    for line in part.lines().take(number).filter(|line| !line.starts_with('#')) {
        let (word, rest) = line.split_once(": ").unwrap_or_else(|| panic!("neither a call nor WORD: REST: {line}"));
        stage.prepare(word, rest);
    }
    let Some((_, script)) = part.lines().nth(number).and_then(|line| line.split_once("$ ")) else {
        return part.to_owned();
    };
    let expected: Vec<&str> = part
        .lines()
        .skip(number + 1)
        .filter(|line| !line.starts_with("why: ") && !line.starts_with("was "))
        .map(|line| line.strip_prefix("now ").unwrap_or(line))
        .collect();
    let seen = run(stage, script, &expected);
    if seen == expected {
        return part.to_owned();
    }
    let before: Vec<&str> = part.lines().take(number + 1).collect();
    format!("{}\n{}", before.join("\n"), seen.join("\n"))
}

/// What a shell line shows, as lines of a golden file.
fn run(stage: &impl Stage, script: &str, expected: &[&str]) -> Vec<String> {
    let output = stage.shell(script).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).expect("the program writes text");
    let mut stdout = text(output.stdout);
    for topic in expected.iter().filter_map(|line| line.strip_prefix("out> <")?.strip_suffix('>')) {
        let ask = if topic == "app help" { "" } else { topic.strip_prefix("help of ").unwrap_or_default() };
        let help = text(stage.shell(&format!("docker-machine {ask} --help")).output().unwrap().stdout);
        stdout = stdout.replacen(&help, &format!("<{topic}>\n"), 1);
    }
    let mut lines = marked("out>", &with_placeholders(stage, &stdout));
    lines.extend(marked("err>", &with_placeholders(stage, &text(output.stderr))));
    lines.push(format!("rc={}", output.status.code().map_or("signal".to_owned(), |code| code.to_string())));
    lines
}

fn with_placeholders(stage: &impl Stage, text: &str) -> String {
    let text = text
        .replace(&stage.store().display().to_string(), "<STORE>")
        .replace(&format!("{VERSION}, build {BUILD}"), "<VERSION>, build <BUILD>");
    stage.with_placeholders(&text)
}

/// A text in which each pattern is replaced.
pub fn replace_all(text: &str, patterns: &[(&str, &str)]) -> String {
    let replace =
        |text: String, (pattern, to): &(&str, &str)| Regex::new(pattern).unwrap().replace_all(&text, *to).into_owned();
    patterns.iter().fold(text.to_owned(), replace)
}

/// Lines with a mark before each; spaces at their ends are shown as dots.
fn marked(mark: &str, text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .split_terminator('\n')
        .map(|line| {
            let bare = line.trim_end_matches(' ');
            format!("{mark} {bare}{}", "·".repeat(line.len() - bare.len())).trim_end().to_owned()
        })
        .collect();
    if !text.is_empty() && !text.ends_with('\n') {
        lines.last_mut().expect("there is text").push_str("[no newline]");
    }
    lines
}
