//! A row as the data of a template: Go's field names, types and printed forms.

use std::time::Duration;

use crate::driver::State;
use crate::machine::query::Row;
use crate::store::{EngineOptions, SwarmOptions};
use crate::template::{GoValue, Value};

/// The default table's columns and their fields.
pub(super) const HEADER: [&str; 8] = ["NAME", "ACTIVE", "DRIVER", "STATE", "URL", "SWARM", "DOCKER", "ERRORS"];

/// The fields with their titles in `table` mode.
const TITLES: &[(&str, &str)] = &[
    ("Name", "NAME"),
    ("Active", "ACTIVE"),
    ("ActiveHost", "ACTIVE_HOST"),
    ("ActiveSwarm", "ACTIVE_SWARM"),
    ("DriverName", "DRIVER"),
    ("State", "STATE"),
    ("URL", "URL"),
    ("SwarmOptions", "SWARM_OPTIONS"),
    ("Swarm", "SWARM"),
    ("EngineOptions", "ENGINE_OPTIONS"),
    ("Error", "ERRORS"),
    ("DockerVersion", "DOCKER"),
    ("ResponseTime", "RESPONSE"),
];

/// The data of the header row: the titles by field.
pub(super) fn header() -> Value {
    Value::Map(TITLES.iter().map(|(field, title)| ((*field).to_owned(), Value::from(*title))).collect())
}

/// The data of a machine's row.
pub(super) fn view(row: &Row) -> Value {
    let fields: Vec<(&str, Value)> = vec![
        ("Name", Value::from(row.name.as_str())),
        ("Active", Value::from(row.active())),
        ("ActiveHost", Value::from(row.active_host)),
        ("ActiveSwarm", Value::from(row.active_swarm)),
        ("DriverName", Value::from(row.driver.as_str())),
        ("State", state(row.state)),
        ("URL", Value::from(row.url.as_str())),
        ("SwarmOptions", row.swarm_options.as_ref().map_or(Value::NoValue, swarm)),
        ("Swarm", Value::from(row.swarm.as_str())),
        ("EngineOptions", row.engine_options.as_ref().map_or(Value::NoValue, engine)),
        ("Error", Value::from(row.error.as_str())),
        ("DockerVersion", Value::from(row.docker.as_str())),
        ("ResponseTime", duration(row.response_time)),
    ];
    GoValue::structure("commands.HostListItem", fields)
}

fn state(state: State) -> Value {
    GoValue::new("state.State", state.as_str()).with("String", state.as_str()).counting(state as i64).build()
}

/// Go's `time.Duration` with its methods.
fn duration(duration: Duration) -> Value {
    let text = duration_text(duration);
    let nanoseconds = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    let seconds = duration.as_secs_f64();
    GoValue::new("time.Duration", &text)
        .with("String", text.as_str())
        .with("Nanoseconds", nanoseconds)
        .with("Microseconds", nanoseconds / 1_000)
        .with("Milliseconds", nanoseconds / 1_000_000)
        .with("Seconds", seconds)
        .with("Minutes", seconds / 60.0)
        .with("Hours", seconds / 3600.0)
        .counting(nanoseconds)
        .build()
}

/// `46ms`, `1.2s`, `1m5s`, `0s`, for whole milliseconds.
fn duration_text(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis < 1000 {
        return if millis == 0 { "0s".into() } else { format!("{millis}ms") };
    }
    let (hours, minutes, rest) = (millis / 3_600_000, millis / 60_000 % 60, millis % 60_000);
    let fraction = format!("{:03}", rest % 1000);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let seconds = format!("{}{point}{fraction}s", rest / 1000);
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes}m{seconds}"),
        _ => format!("{hours}h{minutes}m{seconds}"),
    }
}

fn list(items: Option<&Vec<String>>) -> Value {
    Value::Array(items.into_iter().flatten().map(|item| Value::from(item.as_str())).collect())
}

fn engine(options: &EngineOptions) -> Value {
    let fields: Vec<(&str, Value)> = vec![
        ("ArbitraryFlags", list(options.arbitrary_flags.as_ref())),
        ("DNS", list(options.dns.as_ref())),
        ("GraphDir", Value::from(options.graph_dir.as_str())),
        ("Env", list(options.env.as_ref())),
        ("Ipv6", Value::from(options.ipv6)),
        ("InsecureRegistry", list(options.insecure_registry.as_ref())),
        ("Labels", list(options.labels.as_ref())),
        ("LogLevel", Value::from(options.log_level.as_str())),
        ("StorageDriver", Value::from(options.storage_driver.as_str())),
        ("SelinuxEnabled", Value::from(options.selinux_enabled)),
        ("TLSVerify", Value::from(options.tls_verify)),
        ("RegistryMirror", list(options.registry_mirror.as_ref())),
        ("InstallURL", Value::from(options.install_url.as_str())),
    ];
    GoValue::structure("*engine.Options", fields)
}

fn swarm(options: &SwarmOptions) -> Value {
    let fields: Vec<(&str, Value)> = vec![
        ("IsSwarm", Value::from(options.is_swarm)),
        ("Address", Value::from(options.address.as_str())),
        ("Discovery", Value::from(options.discovery.as_str())),
        ("Agent", Value::from(options.agent)),
        ("Master", Value::from(options.master)),
        ("Host", Value::from(options.host.as_str())),
        ("Image", Value::from(options.image.as_str())),
        ("Strategy", Value::from(options.strategy.as_str())),
        ("Heartbeat", Value::from(options.heartbeat)),
        ("Overcommit", Value::from(options.overcommit)),
        ("ArbitraryFlags", list(options.arbitrary_flags.as_ref())),
        ("ArbitraryJoinFlags", list(options.arbitrary_join_flags.as_ref())),
        ("Env", list(options.env.as_ref())),
        ("IsExperimental", Value::from(options.is_experimental)),
    ];
    GoValue::structure("*swarm.Options", fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    fn row() -> Row {
        Row {
            name: "web".into(),
            driver: "none".into(),
            state: State::Running,
            url: "tcp://127.0.0.5:2376".into(),
            docker: "v29.0.1".into(),
            response_time: Duration::from_millis(1200),
            engine_options: Some(EngineOptions { labels: Some(vec!["a=b".into()]), ..EngineOptions::default() }),
            swarm_options: Some(SwarmOptions { host: "tcp://0.0.0.0:3376".into(), ..SwarmOptions::default() }),
            ..Row::default()
        }
    }

    fn shown(template: &str) -> String {
        let outcome = Template::parse(template).and_then(|template| template.render(view(&row())));
        outcome.unwrap_or_else(|error| error.message().to_owned())
    }

    /// The original prints the same for the same machine.
    #[test]
    fn rows_print_as_gos_structs() {
        for (template, expected) in [
            ("{{.Name}} {{.Active}} {{.ActiveHost}} {{.State}}", "web - false Running"),
            ("{{.State.String}} {{if eq .State.String \"Running\"}}up{{end}}", "Running up"),
            (r#"{{printf "%-9s|%v|%d|%q" .State .State .State .State}}"#, r#"Running  |Running|1|"Running""#),
            ("{{.State | urlquery}},{{ .URL | urlquery }}", "Running,tcp%3A%2F%2F127.0.0.5%3A2376"),
            (r#"{{.ResponseTime}} {{ .ResponseTime | printf "%d" }} {{.ResponseTime.Seconds}}"#, "1.2s 1200000000 1.2"),
            ("{{.EngineOptions.Labels}} {{index .EngineOptions.Labels 0}}", "[a=b] a=b"),
            ("{{.EngineOptions}}", "{[] []  [] false [] [a=b]   false false [] }"),
            ("{{.SwarmOptions}}", "{false   false false tcp://0.0.0.0:3376   0 0 [] [] [] false}"),
            ("{{with .EngineOptions}}{{range .Labels}}<{{.}}>{{end}}{{end}}", "<a=b>"),
            ("{{json .EngineOptions.Labels}} {{json .State}}", r#"["a=b"] "Running""#),
            ("{{len .Name}} {{.Name | printf \"%q\"}}", "3 \"web\""),
        ] {
            assert_eq!(shown(template), expected, "{template}");
        }
    }

    #[test]
    fn errors_name_gos_types() {
        for (template, expected) in [
            (
                "{{.Nope}}",
                "template: :1:2: executing \"\" at <.Nope>: can't evaluate field Nope in type commands.HostListItem",
            ),
            (
                "{{.EngineOptions.Nope}}",
                "template: :1:16: executing \"\" at <.EngineOptions.Nope>: can't evaluate field Nope in type *engine.Options",
            ),
        ] {
            assert_eq!(shown(template), expected);
        }
    }

    #[test]
    fn durations_print_as_gos() {
        for (millis, text) in
            [(0, "0s"), (46, "46ms"), (1200, "1.2s"), (10_000, "10s"), (60_000, "1m0s"), (3_661_050, "1h1m1.05s")]
        {
            assert_eq!(duration_text(Duration::from_millis(millis)), text);
        }
    }
}
