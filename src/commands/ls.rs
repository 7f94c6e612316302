//! `ls`: list the machines.

mod view;

use std::time::Duration;

use crate::console::visible_line;
use crate::context::Context;
use crate::error::Result;
use crate::json;
use crate::machine::query::{self, Asked, Filters, Listed, Question, Row};
use crate::store::PathRepair;
use crate::table;
use crate::template::{Fields, Template, to_json};
use view::{HEADER, header, view};

/// List the machines
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Print names only
    #[arg(long, short)]
    pub quiet: bool,
    /// Show only machines that match key=value (driver, label, name, state, swarm)
    #[arg(long)]
    pub filter: Vec<String>,
    /// Seconds to wait for each machine
    #[arg(long, short, default_value_t = 10)]
    pub timeout: i64,
    /// Fill in this Go template for each machine
    #[arg(long, short, default_value = "")]
    pub format: String,
    /// Accepted and ignored.
    #[arg(value_name = "NAME", hide = true)]
    pub names: Vec<String>,
}

/// How the machines are shown.
enum Format {
    /// The default table.
    Columns,
    /// A template, its rows aligned under titles.
    Table(Template),
    /// A template.
    Rows(Template),
    /// One JSON array.
    Json,
    /// A JSON object on each line.
    JsonLines,
}

/// Filters by record, then by state, then asks what is shown.
///
/// # Errors
/// A bad filter or template. A machine that does not answer or cannot be read is a row, not an error.
pub async fn run(cx: &Context, args: Args) -> Result<()> {
    let limit = Duration::from_secs(args.timeout.try_into().unwrap_or_default());
    let filters = Filters::parse(&args.filter)?;
    // Names alone need no files.
    let paths = if args.quiet && !filters.need_state() { PathRepair::Skip } else { PathRepair::Apply };
    let all = cx.store.load_all(paths)?;
    let masters = query::masters(&all);
    let mut shown: Vec<Listed> = all.into_iter().filter(|machine| filters.accept(machine, &masters)).collect();
    let mut asked = Asked::new();
    if filters.need_state() {
        (shown, asked) = query::keep_states(cx, &filters, shown, limit).await;
    }
    if args.quiet {
        let names = shown.iter().filter(|machine| machine.record.is_ok()).map(|machine| format!("{}\n", machine.name));
        cx.console.data(&names.collect::<String>());
        return Ok(());
    }
    let format = Format::parse(&args.format)?;
    let question = Question::for_fields(&format.fields(), cx.env.var("DOCKER_HOST"));
    let rows = query::ask_all(cx, &shown, &masters, question, limit, asked).await;
    if let Some(line) = cx.store.found_root().older_store() {
        cx.console.warn(line);
    }
    format.print(cx, &rows)
}

impl Format {
    fn parse(text: &str) -> Result<Self> {
        match text {
            "" | "table" => return Ok(Self::Columns),
            "json" => return Ok(Self::Json),
            "jsonl" => return Ok(Self::JsonLines),
            _ => {}
        }
        let table = text.strip_prefix("table").filter(|rest| !rest.starts_with(char::is_alphanumeric));
        let body = table.unwrap_or(text).trim_matches(' ').replace("\\t", "\t").replace("\\n", "\n");
        let template = Template::parse(&format!("{body}\n"))?;
        Ok(if table.is_some() { Self::Table(template) } else { Self::Rows(template) })
    }

    fn fields(&self) -> Fields {
        match self {
            Self::Table(template) | Self::Rows(template) => template.fields(),
            Self::Columns | Self::Json | Self::JsonLines => Fields::all(),
        }
    }

    fn print(&self, cx: &Context, rows: &[Row]) -> Result<()> {
        match self {
            Self::Columns => cx.console.data(&columns(rows)),
            Self::Table(template) => {
                let mut text = template.render(header())?;
                let done = rows.iter().try_for_each(|row| render(template, row).map(|line| text.push_str(&line)));
                cx.console.data(&table::align(&text));
                done?;
            }
            Self::Rows(template) => {
                for row in rows {
                    cx.console.data(&render(template, row)?);
                }
            }
            Self::Json => {
                let rows = rows.iter().map(|row| to_json(&view(row))).collect();
                cx.console.line(json::pretty(&json::sorted(&rows)));
            }
            Self::JsonLines => {
                for row in rows {
                    cx.console.line(json::compact(&json::sorted(&to_json(&view(row)))));
                }
            }
        }
        Ok(())
    }
}

/// Options of a machine whose record cannot be read are shown as empty, where Go would end the listing.
fn render(template: &Template, row: &Row) -> Result<String> {
    let text = template.render(view(row))?;
    let complete = row.engine_options.is_some() && row.swarm_options.is_some();
    Ok(if complete { text } else { text.replace("<no value>", "") })
}

fn columns(rows: &[Row]) -> String {
    let header = HEADER.map(str::to_owned).to_vec();
    let cells = rows.iter().map(|row| {
        let cells =
            [&row.name, row.active(), &row.driver, row.state.as_str(), &row.url, &row.swarm, &row.docker, &row.error];
        cells.map(|cell| visible_line(cell).into_owned()).to_vec()
    });
    table::columns(&std::iter::once(header).chain(cells).collect::<Vec<_>>())
}
