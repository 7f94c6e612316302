//! `env`: print the shell commands that point the Docker client at a machine.

use crate::commands::targets;
use crate::context::Context;
use crate::env::Env;
use crate::error::{Context as _, Error, Result};
use crate::machine::{Host, query};
use crate::shell::{self, Shell};

/// Print the shell commands that point the Docker client at a machine
///
/// Argument is a machine name.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Use the address of the swarm manager instead of the machine's own engine
    #[arg(long)]
    pub swarm: bool,
    /// Write for this shell instead of the detected one: [fish, cmd, powershell, tcsh, emacs, bash]
    #[arg(long, default_value = "")]
    pub shell: String,
    /// Print commands that remove the variables
    #[arg(long, short)]
    pub unset: bool,
    /// Also exempt the machine's address from the proxy (`NO_PROXY`)
    #[arg(long)]
    pub no_proxy: bool,
    /// The machine; without one `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// The variables, in the order in which they are printed.
const VARIABLES: [&str; 4] = ["DOCKER_TLS_VERIFY", "DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_MACHINE_NAME"];

/// Checks the engine and prints how to use it, or prints how to stop using any.
///
/// # Errors
/// The wrong number of names, no such machine, or its engine does not answer to its certificates.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let text = if args.unset { unset(cx, &args)? } else { set(cx, &args).await? };
    cx.console.data(&text);
    Ok(())
}

async fn set(cx: &Context, args: &Args) -> Result<String> {
    targets::at_most_one(&args.names)?;
    let host = Host::load(cx, &targets::one(&cx.store, &args.names)?)?;
    let url = query::checked_url(cx, &host, args.swarm).await.context("Error checking TLS connection")?;
    query::warn_before_expiry(cx, &host);
    let shell = shell(cx, args);
    let folder = cx.store.folder(&host.name).display().to_string();
    let values = ["1", &url, &folder, host.name.as_str()];
    let set = |(name, value): (&&str, &str)| Ok(shell.set(name, one_line(name, value)?));
    let mut lines: Vec<String> = VARIABLES.iter().zip(values).map(set).collect::<Result<_>>()?;
    if args.no_proxy {
        let address = host.driver.ip(&cx.for_driver()).await.context("Error getting host IP")?;
        let (variable, present) = proxy(&cx.env);
        lines.push(shell.set(variable, one_line(variable, &exempt(present, without_port(&address)))?));
    }
    Ok(script(&lines, shell, &cx.env))
}

/// No quotes keep a line end from ending a command in every shell: cmd and PowerShell take each line by itself.
fn one_line<'v>(name: &str, value: &'v str) -> Result<&'v str> {
    if value.contains(char::is_control) {
        Err(Error::msg(format!("{name} cannot be set to {value:?}: it has a control character in it")))
    } else {
        Ok(value)
    }
}

fn unset(cx: &Context, args: &Args) -> Result<String> {
    if !args.names.is_empty() {
        return Err(Error::msg("Error: Expected no machine name when the -u flag is present"));
    }
    let shell = shell(cx, args);
    let mut lines: Vec<String> = VARIABLES.iter().map(|name| shell.unset(name)).collect();
    if args.no_proxy {
        lines.push(shell.unset(proxy(&cx.env).0));
    }
    Ok(script(&lines, shell, &cx.env))
}

fn shell(cx: &Context, args: &Args) -> &'static Shell {
    shell::detect(Some(&args.shell), shell::calling_process().as_deref(), cx.env.var("SHELL"))
}

fn script(lines: &[String], shell: &Shell, env: &Env) -> String {
    format!("{}\n{}", lines.join("\n"), shell.hint(&env.args))
}

/// The variable that lists the hosts to reach without a proxy, in the spelling that is in use, and its value.
fn proxy(env: &Env) -> (&'static str, &str) {
    match env.var("no_proxy") {
        Some(value) => ("no_proxy", value),
        None => ("NO_PROXY", env.var("NO_PROXY").unwrap_or_default()),
    }
}

/// The list with the address in it.
fn exempt(list: &str, address: &str) -> String {
    if list.is_empty() {
        return address.to_owned();
    }
    let there = list.split(',').any(|item| item.trim() == address);
    if there { list.to_owned() } else { format!("{list},{address}") }
}

/// Driver `none` knows its host only with the port.
fn without_port(address: &str) -> &str {
    match address.rsplit_once(':') {
        Some((host, _)) if host.starts_with('[') => host.trim_matches(['[', ']']),
        Some((host, _)) if !host.contains(':') => host,
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_more_than_a_line_is_refused() {
        for value in ["tcp://h:1\ncalc", "a\rb", "a\u{1b}b", "a\u{85}b"] {
            assert!(one_line("DOCKER_HOST", value).is_err(), "{value:?}");
        }
        assert_eq!(one_line("DOCKER_CERT_PATH", "/a b/ü").unwrap(), "/a b/ü");
    }

    #[test]
    fn the_address_joins_the_list_once() {
        assert_eq!(exempt("", "10.0.0.1"), "10.0.0.1");
        assert_eq!(exempt("localhost", "10.0.0.1"), "localhost,10.0.0.1");
        assert_eq!(exempt("10.0.0.1, localhost", "10.0.0.1"), "10.0.0.1, localhost");
        assert_eq!(exempt("10.0.0.11", "10.0.0.1"), "10.0.0.11,10.0.0.1");
    }

    #[test]
    fn a_port_is_no_part_of_a_proxy_entry() {
        for (address, host) in [
            ("10.0.0.1:2376", "10.0.0.1"),
            ("10.0.0.1", "10.0.0.1"),
            ("[::1]:2376", "::1"),
            ("2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(without_port(address), host);
        }
    }

    #[test]
    fn the_lower_case_variable_wins() {
        let env = |vars: &[(&str, &str)]| Env {
            vars: vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Env::default()
        };
        assert_eq!(proxy(&env(&[("no_proxy", "a"), ("NO_PROXY", "b")])), ("no_proxy", "a"));
        assert_eq!(proxy(&env(&[("no_proxy", ""), ("NO_PROXY", "b")])), ("NO_PROXY", "b"));
        assert_eq!(proxy(&env(&[])), ("NO_PROXY", ""));
    }
}
