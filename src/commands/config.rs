//! `config`: print the Docker client's connection flags for a machine.

use crate::commands::targets;
use crate::context::Context;
use crate::error::{Context as _, Result};
use crate::machine::{Host, query};

/// Print the Docker client's connection flags for a machine
///
/// Argument is a machine name.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Use the address of the swarm manager instead of the machine's own engine
    #[arg(long)]
    pub swarm: bool,
    /// The machine; without one `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// The variable that asks for the original's quotes (`always`). Docker CLI 29 no longer strips them from what
/// `docker $(docker-machine config NAME)` hands it; some programs that read this output want them.
const QUOTES: &str = "MACHINE_CONFIG_QUOTES";

/// Checks the engine, then prints.
///
/// # Errors
/// No such machine, or its engine does not answer to its certificates.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let host = Host::load(cx, &targets::one(&cx.store, &args.names)?)?;
    let url = query::checked_url(cx, &host, args.swarm).await.context("Error running connection boilerplate")?;
    query::warn_before_expiry(cx, &host);
    let folder = cx.store.folder(&host.name);
    let always = cx.env.var(QUOTES) == Some("always");
    cx.console.line("--tlsverify");
    for (flag, file) in [("--tlscacert", "ca.pem"), ("--tlscert", "cert.pem"), ("--tlskey", "key.pem")] {
        cx.console.line(format!("{flag}={}", value(&folder.join(file).display().to_string(), always)));
    }
    cx.console.line(format!("-H={url}"));
    Ok(())
}

/// In double quotes where a shell or a person needs them.
fn value(path: &str, always: bool) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%~".contains(c);
    if path.chars().all(plain) && !always {
        return path.to_owned();
    }
    format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_that_need_quotes_get_them() {
        assert_eq!(value("/home/u/.docker/machines/a/ca.pem", false), "/home/u/.docker/machines/a/ca.pem");
        assert_eq!(value("/home/u/ca.pem", true), "\"/home/u/ca.pem\"");
        assert_eq!(value("/my \"home\"/ca.pem", false), r#""/my \"home\"/ca.pem""#);
    }
}
