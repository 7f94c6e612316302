//! `10-machine.conf`, the systemd drop-in: the packaged command line with our addresses, certificates and options.

use super::facts::Engine;
use super::unit::{self, Dollar, Word, quote};

/// Where it is.
pub(super) const PATH: &str = "/etc/systemd/system/docker.service.d/10-machine.conf";

/// The drop-in's text. `arguments` and `env` are plain words; they mean the same to dockerd whatever is in them.
pub(crate) fn render(engine: &Engine, arguments: &[String], env: &[String]) -> String {
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
    let words = engine.unit.as_ref().and_then(|unit| unit::words(&unit::exec_start(&unit.text)?));
    // A shell that is told to run the daemon would take our arguments for its own.
    let is_daemon = |word: &Word| word.plain.rsplit('/').next() == Some("dockerd") && !word.plain.contains(' ');
    match words {
        Some(words) if words.iter().any(is_daemon) => without_hosts(words),
        _ => vec![engine.dockerd.clone()],
    }
}

/// Drops `-H X`, `-HX`, `--host X`, `--host=X`.
fn without_hosts(words: Vec<Word>) -> Vec<String> {
    let mut kept = vec![];
    let mut words = words.into_iter();
    while let Some(Word { raw, plain }) = words.next() {
        if plain == "-H" || plain == "--host" {
            words.next();
        } else if !plain.starts_with("-H") && !plain.starts_with("--host=") {
            kept.push(raw);
        }
    }
    kept
}

/// The `--storage-driver` of a drop-in that we, or the original, wrote earlier.
pub(crate) fn storage_driver(drop_in: &str) -> Option<String> {
    let words: Vec<String> = unit::words(&unit::exec_start(drop_in)?)?.iter().map(unit::meant).collect();
    let separate = words.windows(2).find(|pair| pair[0] == "--storage-driver").map(|pair| pair[1].clone());
    separate.or_else(|| words.iter().find_map(|word| word.strip_prefix("--storage-driver=").map(str::to_owned)))
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
            ("ExecStart=/bin/sh -c \"exec /usr/bin/dockerd\"", "/usr/sbin/dockerd"),
            ("ExecStart=/usr/bin/dockerd \"--open", "/usr/sbin/dockerd"),
            ("# was: \\\nExecStart=/usr/bin/dockerd --a", "/usr/bin/dockerd --a"),
            (
                "ExecStart=/usr/bin/dockerd --label=\"a  -H b\" \"-H\" fd:// '--host=tcp://0.0.0.0:2375'",
                "/usr/bin/dockerd --label=\"a  -H b\"",
            ),
            ("", "/usr/sbin/dockerd"),
        ] {
            assert_eq!(command(unit), kept, "{unit}");
        }
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
