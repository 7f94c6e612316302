//! `inspect`: show everything that is recorded about a machine.

use std::path::Path;

use serde_json::{Value, json};

use crate::commands::targets;
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::json::pretty;
use crate::machine::Host;
use crate::ssh::hostkeys;
use crate::ssh::vouching::HostKey;
use crate::template::{Template, from_json};

/// Show everything that is recorded about a machine
///
/// Argument is a machine name.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Fill in this Go template instead of printing JSON
    #[arg(long, short, default_value = "")]
    pub format: String,
    /// The machine; without one `default`.
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// Prints the record with the driver's state.
///
/// # Errors
/// Several names, no such machine, or a template that does not parse or does not fit.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    if args.names.len() > 1 {
        return Err(Error::usage("Error: Expected one machine name as an argument"));
    }
    let mut host = Host::load(cx, &targets::one(&cx.store, &args.names)?)?;
    host.record.driver = host.driver.save().await?;
    let record = serde_json::to_value(&host.record).map_err(|error| Error::msg(error.to_string()))?;
    if args.format.is_empty() {
        cx.console.line(pretty(&record));
        return Ok(());
    }
    let template = Template::parse(&args.format).context("template parsing error")?;
    let record = with_host_key(record, &args.format, &cx.store.folder(&host.name).join("known_hosts"));
    cx.console.line(template.render(from_json(&record))?);
    Ok(())
}

/// `{{.HostKey.Type}}`, `.Fingerprint` and `.Trust` of the pinned key. It stands beside the record, not in it, and only
/// for a template that names it: `{{json .}}` is the record and nothing else.
fn with_host_key(mut record: Value, template: &str, known_hosts: &Path) -> Value {
    if let (true, Some(all), Some(pin)) =
        (template.contains(".HostKey"), record.as_object_mut(), hostkeys::pinned(known_hosts))
    {
        let HostKey { kind, fingerprint } = pin.key;
        all.insert("HostKey".into(), json!({"Type": kind, "Fingerprint": fingerprint, "Trust": pin.trust}));
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_key_is_only_there_for_who_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("known_hosts");
        let key = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
        let shown = |template: &str| with_host_key(json!({"Name": "web"}), template, &file);
        assert_eq!(shown("{{.HostKey.Trust}}"), json!({"Name": "web"}));
        std::fs::write(&file, format!("web ssh-ed25519 {key} verified by the EC2 console\n")).unwrap();
        assert_eq!(shown("{{json .}}"), json!({"Name": "web"}));
        let told = shown("{{.HostKey.Trust}}")["HostKey"].clone();
        assert_eq!(
            (told["Type"].as_str(), told["Trust"].as_str()),
            (Some("ED25519"), Some("verified by the EC2 console"))
        );
        assert!(told["Fingerprint"].as_str().unwrap().starts_with("SHA256:"));
    }
}
