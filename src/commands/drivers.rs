//! `drivers`: what this computer can drive.

use serde_json::{Value, json};

use crate::console::visible_line;
use crate::context::Context;
use crate::driver::{Available, Origin, registry};
use crate::error::{Error, Result};
use crate::json;
use crate::machine;
use crate::machine::fleet::{ASKED_AT_ONCE, Jobs};
use crate::plugin_protocol;
use crate::table;

/// List the drivers that this computer has
///
/// A driver is built in, a plugin (a program 'docker-machine-driver-NAME' on PATH), or one of those of the original
/// docker-machine, in 'rancher-machine' on PATH or the program of that family in '$MACHINE_DRIVER_PROVIDER'.
#[allow(clippy::doc_markdown, reason = "help has no backticks")]
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Start each of them to count its flags, and say what keeps it from starting
    #[arg(long)]
    pub check: bool,
    /// table or json
    #[arg(long, short, default_value = "table")]
    pub format: String,
}

/// What a driver answered.
type Answer = Option<Result<usize>>;

/// Lists them, and asks them if that is wanted.
///
/// # Errors
/// An unknown format. A driver that does not start is a row, not an error.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    if !["table", "json"].contains(&args.format.as_str()) {
        return Err(Error::usage(format!("--format is `table` or `json`, not `{}`", args.format)));
    }
    let listed = registry::drivers(&cx.env, cx.store.root());
    let answers = if args.check { ask(cx, &listed).await } else { vec![None; listed.len()] };
    let rows = listed.iter().zip(&answers);
    match args.format.as_str() {
        "json" => cx.console.line(json::pretty(&rows.map(as_json).collect())),
        _ => {
            let header = ["NAME", "SOURCE", "FLAGS", "ERRORS"].map(str::to_owned).to_vec();
            let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows.map(cells)).collect();
            cx.console.data(&table::columns(&rows));
        }
    }
    Ok(())
}

/// Asks all of them at the same time.
async fn ask(cx: &Context, listed: &[Available]) -> Vec<Answer> {
    let names = listed.iter().map(|driver| driver.name.clone());
    let job = |name: String| {
        let cx = cx.clone();
        async move { Some(machine::flags_of_driver(&cx, &name).await.map(|flags| flags.len())) }
    };
    Jobs::start(names, ASKED_AT_ONCE, job).all().await
}

fn cells((driver, answer): (&Available, &Answer)) -> Vec<String> {
    let source = match &driver.origin {
        Origin::BuiltIn => "built in".to_owned(),
        Origin::Plugin(path) | Origin::Provider(path) => path.display().to_string(),
    };
    let (flags, error) = match answer {
        None => (String::new(), String::new()),
        Some(Ok(count)) => (count.to_string(), String::new()),
        Some(Err(error)) => (String::new(), told(error)),
    };
    [driver.name.clone(), source, flags, error].map(|cell| visible_line(&cell).into_owned()).to_vec()
}

fn as_json((driver, answer): (&Available, &Answer)) -> Value {
    let (source, path) = match &driver.origin {
        Origin::BuiltIn => ("built-in", None),
        Origin::Plugin(path) => ("plugin", Some(path)),
        Origin::Provider(path) => ("provider", Some(path)),
    };
    let mut row = json!({"Name": driver.name, "Source": source, "Path": path});
    match answer {
        None => {}
        Some(Ok(count)) => {
            row["Flags"] = json!(count);
            if driver.origin != Origin::BuiltIn {
                // Another one is refused.
                row["APIVersion"] = json!(plugin_protocol::API_VERSION);
            }
        }
        Some(Err(error)) => row["Error"] = json!(told(error)),
    }
    row
}

/// The message, and what the plugin itself said.
fn told(error: &Error) -> String {
    std::iter::once(error.message()).chain(error.hints()).collect::<Vec<_>>().join("; ")
}
