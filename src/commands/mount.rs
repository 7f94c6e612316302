//! `mount`: mount a directory of a machine here with SSHFS, or unmount it.

use crate::commands::ssh::explained;
use crate::commands::targets;
use crate::context::Context;
use crate::error::{Context as _, Error, Kind, Result};
use crate::machine::{Host, login};
use crate::names;
use crate::ssh::{HostKeyPolicy, SshTarget, external};

/// Mount a directory of a machine here with SSHFS, or unmount it
///
/// Arguments are [[user@]machine:]path [mountpoint].
#[allow(rustdoc::broken_intra_doc_links, reason = "help, not links")]
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Unmount instead of mounting
    #[arg(long, short)]
    pub unmount: bool,
    /// The remote directory and where to mount it.
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// A program is missing, the machine is not there, or the program's own exit status.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    if args.paths.is_empty() || args.paths.len() > 2 {
        return Err(Error::usage("Improper number of arguments"));
    }
    let source = source(&args.paths[0]);
    let mountpoint = args.paths.get(1).unwrap_or(&source.path);
    if args.unmount {
        return unmount(cx, mountpoint).await;
    }
    let missing = "You must have a copy of the sshfs binary locally to use the mount feature";
    let program = cx.env.which("sshfs").ok_or_else(|| Error::msg(missing))?;
    let target = load(cx, &source.machine).await?;
    names::check_user(source.user.as_deref().unwrap_or_default())?;
    let options = sshfs_options(&target, HostKeyPolicy::from_env(&cx.env));
    let place = external::location(&target, source.user.as_deref(), &source.path);
    match external::run(&program, &[options, vec![place, external::operand(mountpoint)]].concat()).await {
        Err(error) if matches!(error.kind(), Kind::Exit(_)) => Err(explained(cx, [&target], error).await),
        done => done,
    }
}

/// Needs the mount point only, so that it works for machines that are gone too.
async fn unmount(cx: &Context, mountpoint: &str) -> Result<()> {
    let missing = "You must have a copy of the fusermount binary locally to use the unmount option";
    let of_fuse = ["fusermount", "fusermount3"].iter().find_map(|program| cx.env.which(program));
    let (program, arguments) = match (of_fuse, cx.env.which("umount")) {
        (Some(program), _) => (program, vec!["-u".to_owned(), external::operand(mountpoint)]),
        (None, Some(program)) => (program, vec![external::operand(mountpoint)]),
        (None, None) => return Err(Error::msg(missing)),
    };
    external::run(&program, &arguments).await
}

async fn load(cx: &Context, machine: &str) -> Result<SshTarget> {
    // Both layers of the original say it; scripts match the result.
    let name = targets::valid(machine).context("Error loading host")?;
    let host = Host::load(cx, &name).context("Error loading host")?;
    login::target(cx, &host).await
}

/// `[[USER@]MACHINE:]PATH`.
#[derive(Debug, PartialEq, Eq)]
struct RemotePath {
    user: Option<String>,
    machine: String,
    path: String,
}

fn source(text: &str) -> RemotePath {
    let Some((place, path)) = text.split_once(':') else {
        return RemotePath { user: None, machine: "default".to_owned(), path: text.to_owned() };
    };
    let (user, machine) = match place.split_once('@') {
        Some((user, machine)) => (Some(user.to_owned()), machine),
        None => (None, place),
    };
    RemotePath { user, machine: machine.to_owned(), path: path.to_owned() }
}

fn sshfs_options(target: &SshTarget, policy: HostKeyPolicy) -> Vec<String> {
    let mut options = external::quiet_options(Some(target), policy);
    if target.key.is_some() {
        options.push("IdentitiesOnly=yes".to_owned());
    }
    options.push(format!("Port={}", target.port));
    if let Some(key) = &target.key {
        options.push(format!("IdentityFile={}", external::file_value(key)));
    }
    // sshfs splits options at commas.
    external::dash_o(options.into_iter().map(|option| option.replace(',', "\\,")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_names_machine_user_and_path() {
        let source_of = |text: &str| {
            let RemotePath { user, machine, path } = source(text);
            (user.unwrap_or_default(), machine, path)
        };
        let three = |user: &str, machine: &str, path: &str| (user.to_owned(), machine.to_owned(), path.to_owned());
        assert_eq!(source_of("web:/srv"), three("", "web", "/srv"));
        assert_eq!(source_of("root@web:a:b"), three("root", "web", "a:b"));
        assert_eq!(source_of("/srv"), three("", "default", "/srv"));
    }

    #[test]
    fn sshfs_is_called_as_the_original_does_when_host_keys_are_not_checked() {
        let target = SshTarget::for_test();
        let expected = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=quiet \
            -o IdentitiesOnly=yes -o Port=2222 -o IdentityFile=/m/web/id_rsa";
        assert_eq!(sshfs_options(&target, HostKeyPolicy::Off).join(" "), expected);
    }
}
