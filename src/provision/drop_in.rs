//! `10-machine.conf`, the systemd drop-in: the packaged command line with our addresses, certificates and options.

use super::facts::Engine;

/// Where it is.
pub(super) const PATH: &str = "/etc/systemd/system/docker.service.d/10-machine.conf";

/// The drop-in's text. `arguments` and `env` are plain words; they mean the same to dockerd whatever is in them.
pub(super) fn render(engine: &Engine, arguments: &[String], env: &[String]) -> String {
    let mut command = packaged_command(engine);
    command.extend(arguments.iter().map(|word| quote(word, Dollar::Doubled)));
    let mut text = format!("[Service]\nExecStart=\nExecStart={}\n", command.join(" "));
    for assignment in env {
        text.push_str(&format!("Environment={}\n", quote(assignment, Dollar::Plain)));
    }
    text
}

/// The packaged daemon and its arguments, as the unit has them, without its listening addresses.
fn packaged_command(engine: &Engine) -> Vec<String> {
    let words = engine.unit.as_ref().and_then(|unit| exec_start(&unit.text)).map(|line| raw_words(&line));
    match words {
        Some(words) if words.iter().any(|word| word.trim_matches('"').ends_with("dockerd")) => without_hosts(words),
        _ => vec![engine.dockerd.clone()],
    }
}

/// The `ExecStart=` that counts: the last after the last empty one; continued lines are joined.
fn exec_start(unit: &str) -> Option<String> {
    let joined = unit.replace("\\\n", " ");
    let values =
        joined.lines().filter_map(|line| line.trim().strip_prefix("ExecStart")?.trim_start().strip_prefix('='));
    values.map(|value| value.trim().to_owned()).next_back().filter(|value| !value.is_empty())
}

/// Words as they are written, with their quotes: they are systemd's already.
fn raw_words(line: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word = String::new();
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, None) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            ('"' | '\'', None) if word.is_empty() => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            _ => {}
        }
        word.push(c);
        if c == '\\' {
            word.extend(chars.next());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Drops `-H X`, `-HX`, `--host X`, `--host=X`.
fn without_hosts(words: Vec<String>) -> Vec<String> {
    let mut kept = vec![];
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if word == "-H" || word == "--host" {
            words.next();
        } else if !word.starts_with("-H") && !word.starts_with("--host=") {
            kept.push(word);
        }
    }
    kept
}

/// The `--storage-driver` of a drop-in that we, or the original, wrote earlier.
pub(super) fn storage_driver(drop_in: &str) -> Option<String> {
    let words = raw_words(&exec_start(drop_in)?);
    let plain = |word: &str| word.trim_matches('"').to_owned();
    let separate = words.windows(2).find(|pair| pair[0] == "--storage-driver").map(|pair| plain(&pair[1]));
    separate.or_else(|| words.iter().find_map(|word| plain(word).strip_prefix("--storage-driver=").map(str::to_owned)))
}

/// Whether `$` means a variable: it does in `ExecStart=`, it does not in `Environment=` (systemd.exec(5)).
#[derive(Clone, Copy, PartialEq)]
enum Dollar {
    Doubled,
    Plain,
}

/// A word for systemd: specifiers, variables, quotes and control characters lose their meaning.
fn quote(word: &str, dollar: Dollar) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_@+=:,./-[]".contains(c);
    if !word.is_empty() && word.chars().all(is_safe) {
        return word.to_owned();
    }
    let mut quoted = String::from('"');
    for c in word.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '%' => quoted.push_str("%%"),
            '$' if dollar == Dollar::Doubled => quoted.push_str("$$"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_ascii_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A whole unit that versions 0.4 to 0.9 of the original put over the packaged one.
pub(super) fn is_old_full_unit(unit: &str) -> bool {
    unit.contains("--tlscacert /etc/docker/ca.pem") && unit.contains("--label provider=")
}

#[cfg(test)]
mod tests {
    use super::super::facts::UnitFile;
    use super::*;

    fn engine(exec_start: &str) -> Engine {
        let text =
            format!("[Unit]\nAfter=a\n[Service]\nType=notify\n{exec_start}\nExecReload=/bin/kill -s HUP $MAINPID\n");
        let unit = UnitFile { path: "/lib/systemd/system/docker.service".into(), text };
        Engine { dockerd: "/usr/sbin/dockerd".into(), unit: Some(unit), ..Engine::default() }
    }

    fn command(exec_start: &str) -> String {
        packaged_command(&engine(exec_start)).join(" ")
    }

    #[test]
    fn the_packaged_command_is_kept_without_its_hosts() {
        for (unit, kept) in [
            (
                "ExecStart=/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock",
                "/usr/bin/dockerd --containerd=/run/containerd/containerd.sock",
            ),
            ("ExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS", "/usr/sbin/dockerd $DOCKER_OPTS"),
            (
                "ExecStart=/usr/bin/dockerd --host=fd:// \\\n  --exec-opt native.cgroupdriver=systemd \\\n  $OPTIONS",
                "/usr/bin/dockerd --exec-opt native.cgroupdriver=systemd $OPTIONS",
            ),
            ("ExecStart=/a\nExecStart=\nExecStart=/b/dockerd \"-x y\"", "/b/dockerd \"-x y\""),
            ("ExecStart=/bin/sh -c 'exec whatever'", "/usr/sbin/dockerd"),
            ("", "/usr/sbin/dockerd"),
        ] {
            assert_eq!(command(unit), kept, "{unit}");
        }
    }

    #[test]
    fn awkward_words_are_quoted_for_systemd() {
        for (word, quoted) in [
            ("tcp://0.0.0.0:2376", "tcp://0.0.0.0:2376"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("100%", "\"100%%\""),
            ("$HOME", "\"$$HOME\""),
            ("say \"x\\y\"", r#""say \"x\\y\"""#),
            ("it's;", "\"it's;\""),
            ("a\nb\tc", "\"a\\nb\\x09c\""),
        ] {
            assert_eq!(quote(word, Dollar::Doubled), quoted);
        }
        assert_eq!(quote("A=$B %", Dollar::Plain), "\"A=$B %%\"");
    }

    #[test]
    fn the_text_resets_the_packaged_command_first() {
        let text = render(&engine("ExecStart=/usr/bin/dockerd -H fd://"), &["--debug".into()], &["A=b c".into()]);
        assert_eq!(text, "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --debug\nEnvironment=\"A=b c\"\n");
    }

    #[test]
    fn the_storage_driver_of_an_earlier_drop_in_is_found() {
        let of =
            |options: &str| storage_driver(&format!("[Service]\nExecStart=\nExecStart=/usr/bin/dockerd {options}\n"));
        assert_eq!(of("-H x --storage-driver aufs --tlsverify "), Some("aufs".into()));
        assert_eq!(of("--storage-driver=btrfs"), Some("btrfs".into()));
        assert_eq!(of("--tlsverify"), None);
    }
}
