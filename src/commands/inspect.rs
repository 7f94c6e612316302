//! `inspect`: show everything that is recorded about a machine.

use crate::commands::targets;
use crate::context::Context;
use crate::error::{Context as _, Error, Result};
use crate::json;
use crate::machine::Host;
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
        cx.console.line(json::pretty(&record));
        return Ok(());
    }
    let template = Template::parse(&args.format).context("template parsing error")?;
    cx.console.line(template.render(from_json(&record))?);
    Ok(())
}
