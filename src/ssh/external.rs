//! The user's own OpenSSH programs: their exact command lines, and running them with our streams.
//!
//! Scripts and stubs know the original's options and their order, so only the host key options differ from it
//! (and those too are the original's with `MACHINE_SSH_HOST_KEYS=off`).

use std::borrow::Cow;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Error, Kind, Result, os_text};
use crate::ssh::SshTarget;
use crate::ssh::hostkeys::HostKeyPolicy;

/// What follows `ssh`: options, whom to log in to, then the user's words as they are (OpenSSH still takes options
/// from them, so no `--` can stand before; a checked target never looks like an option).
pub fn ssh_arguments(target: &SshTarget, policy: HostKeyPolicy, words: &[String]) -> Vec<String> {
    let mut arguments = strings(&["-F", "/dev/null"]);
    for option in [
        "ConnectionAttempts=3",
        "ConnectTimeout=10",
        "ControlMaster=no",
        "ControlPath=none",
        "LogLevel=quiet",
        "PasswordAuthentication=no",
        "ServerAliveInterval=60",
    ] {
        arguments.extend(strings(&["-o", option]));
    }
    arguments.extend(dash_o(host_key_options(target, policy)));
    arguments.push(format!("{}@{}", target.user, target.host));
    if let Some(key) = &target.key {
        arguments.extend(strings(&["-o", "IdentitiesOnly=yes"]));
        arguments.extend(identity(&key.display().to_string()));
    }
    arguments.extend(strings(&["-p", &target.port.to_string()]));
    arguments.extend(words.iter().cloned());
    arguments
}

/// `-i` looks for the file before it expands `%`, so it cannot be told a name with one.
fn identity(key: &str) -> Vec<String> {
    if key.contains('%') {
        return dash_o([format!("IdentityFile={}", quoted(&literal(key)))]);
    }
    strings(&["-i", key])
}

/// The options that `scp`, `rsync -e` and `sshfs` start with: host key, then silence.
pub fn quiet_options(target: Option<&SshTarget>, policy: HostKeyPolicy) -> Vec<String> {
    let mut options = match target {
        Some(target) => host_key_options(target, policy),
        None => unchecked(),
    };
    options.push("LogLevel=quiet".to_owned());
    options
}

/// Which host key is accepted, as OpenSSH options in the original's order.
pub fn host_key_options(target: &SshTarget, policy: HostKeyPolicy) -> Vec<String> {
    if policy == HostKeyPolicy::Off {
        return unchecked();
    }
    // What nobody vouches for is verified by `create` and `provision`, never here.
    let unknown = if policy == HostKeyPolicy::Strict { "yes" } else { "accept-new" };
    vec![
        format!("StrictHostKeyChecking={unknown}"),
        format!("UserKnownHostsFile={}", file_value(&target.known_hosts)),
        format!("HostKeyAlias={}", target.alias),
    ]
}

fn unchecked() -> Vec<String> {
    strings(&["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"])
}

/// `-o` before each.
pub fn dash_o(options: impl IntoIterator<Item = String>) -> Vec<String> {
    options.into_iter().flat_map(|option| ["-o".to_owned(), option]).collect()
}

/// `USER@HOST:PATH`, an IPv6 address in brackets.
pub fn location(target: &SshTarget, user: Option<&str>, path: &str) -> String {
    let user = user.unwrap_or(&target.user);
    let host = if target.host.contains(':') { format!("[{}]", target.host) } else { target.host.clone() };
    format!("{user}@{host}:{path}")
}

/// A path of this computer where a program takes options and `HOST:PATH` too: it is neither. (Not by `--` before it:
/// scripts and stubs know the original's words, which stay as they are for every usual path.)
pub fn operand(path: &str) -> String {
    let before_slash = path.split('/').next().unwrap_or_default();
    if path.starts_with('-') || before_slash.contains(':') { format!("./{path}") } else { path.to_owned() }
}

/// A file name where OpenSSH takes a list of them: quoted if it has blanks, `%` doubled.
pub fn file_value(path: &Path) -> String {
    let text = literal(&path.display().to_string());
    if text.contains(|c: char| c.is_whitespace() || c == '"' || c == '\'') { quoted(&text) } else { text }
}

/// In double quotes, as Go's `%q` writes it for plain file names.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// OpenSSH expands `%h` and the like in file names; a doubled `%` stands for itself.
pub fn literal(text: &str) -> String {
    text.replace('%', "%%")
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Runs a program with our standard streams until it ends.
///
/// Keys like Ctrl-C reach it directly, as it is in our process group: we stay, so that its status can be told.
/// Requests to end that only we get are passed on.
///
/// # Errors
/// It cannot be started, or it ended with a status other than 0: [`Kind::Exit`] with that status, 128 + n for a signal.
pub async fn run(program: &Path, arguments: &[String]) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut child = Command::new(program).args(arguments).spawn().map_err(|error| {
        Error::msg(format!("cannot run {}: {}", program.display(), os_text(&error))).caused_by(error)
    })?;
    let mut interrupted = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = interrupt.recv() => interrupted = true,
            _ = quit.recv() => {}
            _ = terminate.recv() => pass_on(&child, rustix::process::Signal::TERM),
            _ = hang_up.recv() => pass_on(&child, rustix::process::Signal::HUP),
        }
    };
    if interrupted && status.code() == Some(255) {
        // What ssh makes of Ctrl-C.
        return Err(Error::new(Kind::Interrupted, "interrupted").told());
    }
    passed_on(status)
}

fn pass_on(child: &Child, signal: rustix::process::Signal) {
    let id = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    if let Some(id) = id {
        _ = rustix::process::kill_process(id, signal);
    }
}

/// A child's end as our own: the original's words, the child's status.
fn passed_on(status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let (code, text): (i32, Cow<'_, str>) = match (status.code(), status.signal()) {
        (Some(code), _) => (code, format!("exit status {code}").into()),
        (None, Some(signal)) => (128 + signal, format!("signal: {}", signal_name(signal)).into()),
        (None, None) => (1, "it ended without a status".into()),
    };
    Err(Error::new(Kind::Exit(u8::try_from(code).unwrap_or(1)), text))
}

/// Signals as the original names them.
fn signal_name(signal: i32) -> Cow<'static, str> {
    match signal {
        1 => "hangup".into(),
        2 => "interrupt".into(),
        3 => "quit".into(),
        9 => "killed".into(),
        13 => "broken pipe".into(),
        15 => "terminated".into(),
        other => format!("signal {other}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "-F /dev/null -o ConnectionAttempts=3 -o ConnectTimeout=10 -o ControlMaster=no \
        -o ControlPath=none -o LogLevel=quiet -o PasswordAuthentication=no -o ServerAliveInterval=60";

    #[test]
    fn with_checks_off_the_command_line_is_the_originals() {
        let words = ["-L".to_owned(), "8080:localhost:80".to_owned(), "echo a b".to_owned()];
        let arguments = ssh_arguments(&SshTarget::for_test(), HostKeyPolicy::Off, &words);
        let expected = format!(
            "{BEFORE} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null admin@192.0.2.7 \
             -o IdentitiesOnly=yes -i /m/web/id_rsa -p 2222 -L 8080:localhost:80"
        );
        assert_eq!(arguments[..arguments.len() - 1].join(" "), expected);
        assert_eq!(arguments.last().unwrap(), "echo a b");
    }

    #[test]
    fn pinned_host_keys_replace_the_originals_options_in_place() {
        let bare = SshTarget { key: None, ..SshTarget::for_test() };
        let expected = format!(
            "{BEFORE} -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=/m/web/known_hosts \
             -o HostKeyAlias=web admin@192.0.2.7 -p 2222"
        );
        assert_eq!(ssh_arguments(&bare, HostKeyPolicy::Pinned, &[]).join(" "), expected);
    }

    #[test]
    fn blanks_and_percent_signs_in_paths_are_protected() {
        assert_eq!(file_value(Path::new("/a/known_hosts")), "/a/known_hosts");
        assert_eq!(file_value(Path::new("/a b/100%/kh")), "\"/a b/100%%/kh\"");
        let odd = SshTarget { key: Some("/a 1%/k".into()), ..SshTarget::for_test() };
        let arguments = ssh_arguments(&odd, HostKeyPolicy::Off, &[]);
        assert!(arguments.contains(&"IdentityFile=\"/a 1%%/k\"".to_owned()) && !arguments.contains(&"-i".to_owned()));
    }

    #[test]
    fn a_local_path_is_no_option_and_names_no_host() {
        for (path, word) in [
            ("-oProxyCommand=x", "./-oProxyCommand=x"),
            ("--rsh=x", "./--rsh=x"),
            ("a:b/c", "./a:b/c"),
            ("./a:b", "./a:b"),
            ("/a:b", "/a:b"),
            ("a-b", "a-b"),
            ("", ""),
        ] {
            assert_eq!(operand(path), word);
        }
    }

    #[test]
    fn ipv6_addresses_are_bracketed_where_a_path_follows() {
        let six = SshTarget { host: "2001:db8::1".into(), ..SshTarget::for_test() };
        assert_eq!(location(&six, None, "/x"), "admin@[2001:db8::1]:/x");
        assert_eq!(location(&SshTarget::for_test(), Some("root"), ""), "root@192.0.2.7:");
    }

    #[tokio::test]
    async fn a_programs_status_is_passed_on_with_the_originals_words() {
        let shell = |text: &str| ["-c".to_owned(), text.to_owned()];
        run(Path::new("/bin/sh"), &shell("exit 0")).await.unwrap();
        let failed = run(Path::new("/bin/sh"), &shell("exit 7")).await.unwrap_err();
        assert_eq!((failed.message(), failed.exit_status()), ("exit status 7", 7));
        let killed = run(Path::new("/bin/sh"), &shell("kill -9 $$")).await.unwrap_err();
        assert_eq!((killed.message(), killed.exit_status()), ("signal: killed", 137));
        assert!(run(Path::new("/nowhere/ssh"), &[]).await.unwrap_err().message().contains("/nowhere/ssh"));
    }
}
