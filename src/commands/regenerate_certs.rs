//! `regenerate-certs`: make new TLS certificates for machines.

use crate::certs::{self, CertPaths, Identity, Renew};
use crate::commands::targets;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::machine::Host;
use crate::machine::action::{self, Action};

/// Make new TLS certificates for machines
///
/// Arguments are machine names.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Do not ask first
    #[arg(long, short)]
    pub force: bool,
    /// Renew the certificate authority and the client certificate too
    #[arg(long)]
    pub client_certs: bool,
    /// The machines; without any `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

const QUESTION: &str = "Regenerate TLS machine certs?  Warning: this is irreversible. (y/n): ";

/// Asks, then renews the certificates of the machines.
///
/// # Errors
/// Standard input ends before the answer; otherwise as [`action::on_each`].
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    if !args.force && !confirmed(cx)? {
        return Ok(());
    }
    let names = targets::several(&cx.store, &args.names)?;
    cx.console.say("Regenerating TLS certificates");
    if args.client_certs {
        cx.console.say("Regenerating local certificates");
        let first = Host::load(cx, &names[0])?;
        let (paths, identity) = (CertPaths::of(first.auth()?), Identity::from_env(&cx.env)?);
        certs::renew(&cx.console, &cx.store, &paths, &identity, Renew::Client).await?;
    }
    action::on_each(cx, &names, Action::RegenerateCerts).await
}

/// Yes is a word that begins with `y`; the messages for no word at all are the original's.
fn confirmed(cx: &Context) -> Result<bool> {
    let Some(line) = cx.console.ask(QUESTION)? else { return Err(Error::msg("EOF")) };
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some(word), None) => Ok(word.starts_with(['y', 'Y'])),
        (None, _) => Err(Error::msg("unexpected newline")),
        (Some(_), Some(_)) => Err(Error::msg("expected newline")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Console;

    fn answer(line: Option<&str>) -> Result<bool> {
        let cx = Context { console: Console::captured(line.as_slice()), ..Context::for_test() };
        confirmed(&cx)
    }

    #[test]
    fn only_a_single_word_is_an_answer() {
        assert!(answer(Some("yes")).unwrap());
        assert!(answer(Some("Y")).unwrap());
        assert!(!answer(Some("no")).unwrap());
        assert_eq!(answer(Some("")).unwrap_err().message(), "unexpected newline");
        assert_eq!(answer(Some("y y")).unwrap_err().message(), "expected newline");
        assert_eq!(answer(None).unwrap_err().message(), "EOF");
    }
}
