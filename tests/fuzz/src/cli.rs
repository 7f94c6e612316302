//! What a user types: command lines, SSH options, templates.

use docker_machine::env::Env;
use docker_machine::fuzzing;
use docker_machine::ssh::options;
use docker_machine::template::{Template, from_json};
use serde_json::json;

use crate::{parts, text};

/// What the grammar makes of words means the same to it again.
pub(crate) fn argv(data: &[u8]) {
    let typed = parts(&text(data), '\n');
    for command in ["ls", "rm"] {
        let Ok(canonical) = fuzzing::words(command, &typed) else { continue };
        assert_eq!(fuzzing::words(command, &canonical).as_ref(), Ok(&canonical), "{command} {typed:?}");
        let ours = |word: &&String| typed.iter().any(|typed| typed.ends_with(word.as_str()));
        let end = canonical.iter().position(|word| word == "--").expect("a mark");
        assert!(canonical[end + 1..].iter().all(|word| ours(&word)), "{command} {typed:?} {canonical:?}");
    }
}

/// The whole way from the process's arguments to a command.
pub(crate) fn command_line(data: &[u8]) {
    let mut env = Env { cwd: "/work".into(), ..Env::default() };
    env.vars.insert("HOME".into(), "/nonexistent".into());
    env.args = std::iter::once("docker-machine".to_owned()).chain(parts(&text(data), '\n')).collect();
    assert!(!fuzzing::command_line(&env).is_empty(), "{:?}", env.args);
}

/// The command is a tail of the words, and after `--` nothing is an option.
pub(crate) fn ssh_options(data: &[u8]) {
    let words = parts(&text(data), '\n');
    if let Ok(options) = options::parse(&words)
        && let Some(command) = options.command
    {
        let is_tail = (0..words.len()).any(|start| words[start..].join(" ") == command);
        assert!(is_tail, "{words:?} {command:?}");
    }
    let ended: Vec<String> = std::iter::once("--".to_owned()).chain(words.clone()).collect();
    let options = options::parse(&ended).expect("a command");
    assert_eq!(options, options::Options { command: Some(words.join(" ")), ..Default::default() });
}

/// A template renders or is refused; it never ends the program.
pub(crate) fn template(data: &[u8]) {
    let text = text(data);
    let Ok(template) = Template::parse(&text) else { return };
    let _ = template.fields();
    let record = json!({
        "ConfigVersion": 3,
        "Driver": {"IPAddress": "10.0.0.1", "SSHPort": 22, "Gone": null, "Float": 1.5},
        "HostOptions": {"EngineOptions": {"Labels": ["tier=Web", "a<b"], "TlsVerify": true, "None": []}},
        "Name": "web",
    });
    if let Ok(shown) = template.render(from_json(&record)) {
        assert!(!shown.contains('\u{10FFFF}') || text.contains('\u{10FFFF}'), "our marks show: {shown:?}");
    }
}
