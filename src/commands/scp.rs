//! `scp`: copy files to, from and between machines.

use std::io::Write;
use std::path::Path;

use crate::commands::ssh::{OWN_FAILURE, explained, openssh};
use crate::commands::targets;
use crate::context::Context;
use crate::error::{Context as _, Error, Kind, Result};
use crate::machine::{Host, login};
use crate::names;
use crate::ssh::files::Files;
use crate::ssh::{HostKeyPolicy, SshTarget, config_file, connect, copy, external};

/// Copy files to, from and between machines
///
/// Arguments are [[user@]machine:]path [[user@]machine:]path.
#[allow(rustdoc::broken_intra_doc_links, reason = "help, not links")]
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Copy directories with everything in them
    #[arg(long, short)]
    pub recursive: bool,
    /// Send only what differs (with rsync)
    #[arg(long, short)]
    pub delta: bool,
    /// No progress, no warnings
    #[arg(long, short)]
    pub quiet: bool,
    /// Source and destination.
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// A program or a machine is missing, or the program's own exit status.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let [source, destination] = &args.paths[..] else {
        return Err(Error::usage("Improper number of arguments"));
    };
    let rsync_missing = "You must have a copy of the rsync binary locally to use the --delta option";
    let program = if args.delta {
        Some(cx.env.which("rsync").ok_or_else(|| Error::msg(rsync_missing))?)
    } else {
        openssh(cx, "scp")
    };
    let from = load(cx, side(source)).await?;
    let to = load(cx, side(destination)).await?;
    let policy = HostKeyPolicy::from_env(&cx.env);
    let done = match (program, &from.target, &to.target) {
        (None, ..) => return native(cx, from, to, &args).await,
        (Some(_), Some(_), Some(_)) if args.delta => {
            let text = "rsync cannot copy from machine to machine";
            return Err(Error::msg(text).hint("leave out --delta, or copy in two steps"));
        }
        (Some(rsync), ..) if args.delta => external::run(&rsync, &rsync_arguments(&from, &to, policy, &args)).await,
        (Some(scp), Some(_), Some(_)) => between_machines(&scp, &from, &to, policy, &args).await,
        (Some(scp), ..) => external::run(&scp, &scp_arguments(&from, &to, policy, &args)).await,
    };
    match done {
        Err(error) if error.kind() == Kind::Exit(OWN_FAILURE) => {
            Err(explained(cx, [&from.target, &to.target].into_iter().flatten(), error).await)
        }
        done => done,
    }
}

/// One argument: `PATH`, or `[USER@]MACHINE:PATH`.
#[derive(Debug, PartialEq, Eq)]
struct Side<'a> {
    machine: Option<&'a str>,
    user: Option<&'a str>,
    path: &'a str,
}

/// As scp does it, a `/` before the first `:` makes it a local path. `localhost` is here.
fn side(text: &str) -> Side<'_> {
    let local = |path| Side { machine: None, user: None, path };
    let Some((place, path)) = text.split_once(':').filter(|(place, _)| !place.contains('/')) else {
        return local(text);
    };
    let (user, machine) = match place.split_once('@') {
        Some((user, machine)) => (Some(user), machine),
        None => (None, place),
    };
    if machine == "localhost" { local(path) } else { Side { machine: Some(machine), user, path } }
}

/// A side with its machine's login.
struct Operand<'a> {
    target: Option<SshTarget>,
    side: Side<'a>,
}

async fn load<'a>(cx: &Context, side: Side<'a>) -> Result<Operand<'a>> {
    let Some(machine) = side.machine else { return Ok(Operand { target: None, side }) };
    // Both layers of the original say it; scripts match the result.
    let name = targets::valid(machine).context("Error loading host")?;
    let host = Host::load(cx, &name).context("Error loading host")?;
    names::check_user(side.user.unwrap_or_default())?;
    Ok(Operand { target: Some(login::target(cx, &host).await?), side })
}

impl Operand<'_> {
    /// As scp and rsync take it.
    fn location(&self) -> String {
        let Some(target) = &self.target else { return external::operand(self.side.path) };
        external::location(target, self.side.user, self.side.path)
    }

    /// `Port=N` and `IdentityFile="KEY"`.
    fn options(&self) -> Vec<String> {
        let Some(target) = &self.target else { return Vec::new() };
        let key = target.key.as_ref().map(|key| key.display().to_string());
        let key = key.map(|key| format!("IdentityFile={}", external::quoted(&external::literal(&key))));
        [Some(format!("Port={}", target.port)), key].into_iter().flatten().collect()
    }
}

/// `-o` options of the connection: host key, silence, key and port of the one machine. `flags` stand in the middle.
fn connection(from: &Operand<'_>, to: &Operand<'_>, policy: HostKeyPolicy, flags: &[&str]) -> Vec<String> {
    let machines = || [&from.target, &to.target].into_iter().flatten();
    let mut words = external::dash_o(external::quiet_options(machines().next(), policy));
    words.extend(flags.iter().map(|flag| (*flag).to_owned()));
    let mut options = Vec::new();
    if machines().all(|target| target.key.is_some()) {
        options.push("IdentitiesOnly=yes".to_owned());
    }
    options.extend(from.options());
    options.extend(to.options());
    words.extend(external::dash_o(options));
    words
}

/// `-3`: a copy between machines goes through this computer.
fn scp_flags(args: &Args) -> Vec<&'static str> {
    let chosen = [(true, "-3"), (args.recursive, "-r"), (args.quiet, "-q")];
    chosen.into_iter().filter(|(on, _)| *on).map(|(_, flag)| flag).collect()
}

fn scp_arguments(from: &Operand<'_>, to: &Operand<'_>, policy: HostKeyPolicy, args: &Args) -> Vec<String> {
    let mut words = connection(from, to, policy, &scp_flags(args));
    words.extend([from.location(), to.location()]);
    words
}

fn rsync_arguments(from: &Operand<'_>, to: &Operand<'_>, policy: HostKeyPolicy, args: &Args) -> Vec<String> {
    let ssh: Vec<String> = connection(from, to, policy, &[]).iter().map(|word| for_rsync(word)).collect();
    let mut words = Vec::new();
    if !args.quiet {
        words.push("--progress".to_owned());
    }
    words.extend(["-e".to_owned(), format!("ssh {}", ssh.join(" "))]);
    if args.recursive {
        words.push("-r".to_owned());
    }
    words.extend([from.location(), to.location()]);
    words
}

/// rsync splits `-e` at blanks, but for those in quotes, which it takes off; a doubled quote in them is one.
fn for_rsync(word: &str) -> String {
    let plain = !word.contains([' ', '\'']) && !word.contains("\\\"");
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "''")) }
}

/// Two machines have two ports, keys and host keys, but scp has one set of options: each machine gets a section in a
/// configuration file, which then goes on to the user's own.
async fn between_machines(
    scp: &Path,
    from: &Operand<'_>,
    to: &Operand<'_>,
    policy: HostKeyPolicy,
    args: &Args,
) -> Result<()> {
    let mut file = tempfile::Builder::new().prefix("docker-machine-scp.").tempfile()?;
    let targets = [&from.target, &to.target].into_iter().flatten();
    file.write_all(config_file::text(targets, policy).as_bytes())?;
    file.flush()?;
    let mut words = vec!["-F".to_owned(), file.path().display().to_string()];
    words.extend(external::dash_o(["LogLevel=quiet".to_owned()]));
    words.extend(scp_flags(args).into_iter().map(str::to_owned));
    words.extend([from, to].iter().filter_map(|operand| by_alias(operand)));
    external::run(scp, &words).await
}

fn by_alias(operand: &Operand<'_>) -> Option<String> {
    let target = operand.target.as_ref()?;
    let user = operand.side.user.unwrap_or(&target.user);
    Some(format!("{user}@{}:{}", target.alias, operand.side.path))
}

/// Over SFTP by ourselves: with `--native-ssh`, or where there is no `scp`.
async fn native(cx: &Context, from: Operand<'_>, to: Operand<'_>, args: &Args) -> Result<()> {
    let how = copy::How { recursive: args.recursive, progress: !args.quiet && cx.env.stderr_tty };
    let (from, to) = (open(cx, from).await?, open(cx, to).await?);
    copy::copy(&from, &to, how, &cx.console).await
}

async fn open(cx: &Context, operand: Operand<'_>) -> Result<copy::Location> {
    let path = operand.side.path.to_owned();
    let Some(mut target) = operand.target else {
        return Ok(copy::Location { files: Files::Local(cx.env.cwd.clone()), path });
    };
    if let Some(user) = operand.side.user {
        target.user = user.to_owned();
    }
    let files = Files::remote(connect(cx, &target).await?, &target.alias).await?;
    Ok(copy::Location { files, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, key: Option<&str>) -> SshTarget {
        SshTarget {
            host: "192.0.2.7".into(),
            port: 2222,
            user: "admin".into(),
            key: key.map(Into::into),
            known_hosts: "/m/web/known_hosts".into(),
            alias: name.into(),
            vouching: crate::ssh::Vouching::default(),
        }
    }

    fn operand<'a>(text: &'a str, key: Option<&str>) -> Operand<'a> {
        let side = side(text);
        Operand { target: side.machine.map(|name| target(name, key)), side }
    }

    fn args(recursive: bool, quiet: bool) -> Args {
        Args { recursive, delta: false, quiet, paths: Vec::new() }
    }

    #[test]
    fn the_first_colon_divides_machine_and_path() {
        let sides = |text| {
            let Side { machine, user, path } = side(text);
            (machine, user, path)
        };
        assert_eq!(sides("/tmp/a"), (None, None, "/tmp/a"));
        assert_eq!(sides("web:/a:b"), (Some("web"), None, "/a:b"));
        assert_eq!(sides("root@web:"), (Some("web"), Some("root"), ""));
        assert_eq!(sides("localhost:/a"), (None, None, "/a"));
        assert_eq!(sides("me@localhost:/a"), (None, None, "/a"));
        assert_eq!(sides("./a:b"), (None, None, "./a:b"));
    }

    const UNCHECKED: &str = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=quiet";

    #[test]
    fn scp_is_called_as_the_original_does_when_host_keys_are_not_checked() {
        let off = HostKeyPolicy::Off;
        let words = scp_arguments(&operand("web:/a", Some("/k")), &operand("/b", None), off, &args(true, true));
        let expected = format!(
            "{UNCHECKED} -3 -r -q -o IdentitiesOnly=yes -o Port=2222 -o IdentityFile=\"/k\" admin@192.0.2.7:/a /b"
        );
        assert_eq!(words.join(" "), expected);
        let words = scp_arguments(&operand("/a", None), &operand("web:/b", None), off, &args(false, false));
        assert_eq!(words.join(" "), format!("{UNCHECKED} -3 -o Port=2222 /a admin@192.0.2.7:/b"));
        let words = scp_arguments(&operand("/a", None), &operand("/b", None), off, &args(false, false));
        assert_eq!(words.join(" "), format!("{UNCHECKED} -3 -o IdentitiesOnly=yes /a /b"));
    }

    #[test]
    fn rsync_gets_the_connection_as_one_word() {
        let off = HostKeyPolicy::Off;
        let words = rsync_arguments(&operand("web:/a", Some("/k")), &operand("/b", None), off, &args(true, false));
        let ssh = format!("ssh {UNCHECKED} -o IdentitiesOnly=yes -o Port=2222 -o IdentityFile=\"/k\"");
        assert_eq!(words, ["--progress", "-e", &ssh, "-r", "admin@192.0.2.7:/a", "/b"]);
    }

    #[test]
    fn a_local_file_is_never_an_option() {
        let off = HostKeyPolicy::Off;
        let words = rsync_arguments(&operand("--rsh=x", None), &operand("web:/b", None), off, &args(false, true));
        assert_eq!(words[2..], ["./--rsh=x", "admin@192.0.2.7:/b"]);
        let words = scp_arguments(&operand("web:/a", None), &operand("localhost:-oX=x", None), off, &args(false, true));
        assert_eq!(words.last().unwrap(), "./-oX=x");
    }

    #[test]
    fn a_key_with_quotes_stays_one_word_of_rsyncs_command() {
        assert_eq!(for_rsync("IdentityFile=\"/k\""), "IdentityFile=\"/k\"");
        assert_eq!(for_rsync("IdentityFile=\"/a b\""), "'IdentityFile=\"/a b\"'");
        assert_eq!(for_rsync("/k' -oX 'y"), "'/k'' -oX ''y'");
        assert_eq!(for_rsync(r#""/k\"y""#), r#"'"/k\"y"'"#);
    }

    #[test]
    fn a_copy_between_machines_names_them_by_their_aliases() {
        assert_eq!(by_alias(&operand("root@web:/a", None)).unwrap(), "root@web:/a");
        assert_eq!(by_alias(&operand("web:", None)).unwrap(), "admin@web:");
    }
}
