//! Go templates and their functions, for `ls --format` and `inspect --format`.
//!
//! The engine is `gtmpl-ng`; this module is its only user. It adds what our users' templates need beyond it: Go
//! structs that print as Go prints them ([`go`]), functions ([`functions`]), Go's error texts ([`message`]), and the
//! answer to "which fields does this template look at?" ([`fields`]).

mod fields;
mod functions;
mod go;
mod message;

pub use fields::Fields;
pub use go::{GoValue, from_json, to_json};
pub use gtmpl_ng::Value;

use crate::error::{Cause, Error, Result};

/// A template that parses.
pub struct Template {
    engine: gtmpl_ng::Template,
    text: String,
}

impl Template {
    /// Parses a template; the functions of Go and of [`functions`] are known to it.
    ///
    /// # Errors
    /// Go's text: `template: :LINE: function "x" not defined`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut engine = gtmpl_ng::Template::default();
        engine.add_funcs(functions::ALL);
        engine.parse(text).map_err(|error| Error::msg(message::of_parse(&error)).caused_by(Cause::of(&error)))?;
        Ok(Self { engine, text: text.to_owned() })
    }

    /// The text for some data.
    ///
    /// # Errors
    /// Go's text: `template: :1:2: executing "" at <.Nope>: can't evaluate field Nope in type …`.
    pub fn render(&self, data: Value) -> Result<String> {
        match self.engine.render(&gtmpl_ng::Context::from(data)) {
            Ok(text) => match go::settle(&text) {
                text if go::is_settled(&text) => Ok(text),
                _ => Err(Error::msg("template: :1: executing \"\": range can't iterate over a struct")),
            },
            Err(error) => Err(Error::msg(message::of_run(&error, &self.text))),
        }
    }

    /// What it looks at.
    pub fn fields(&self) -> Fields {
        Fields::of(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn inspect(template: &str) -> String {
        let record = json!({
            "ConfigVersion": 3,
            "Driver": {"IPAddress": "10.0.0.1", "SSHPort": 22, "Big": 1_234_567, "Huge": 1_480_000_000_u64, "Gone": null},
            "DriverName": "none",
            "HostOptions": {"EngineOptions": {"Labels": ["tier=Web", "a<b"], "TlsVerify": true, "Dns": null, "None": []}},
            "Name": "web",
        });
        match Template::parse(template) {
            Ok(template) => template.render(from_json(&record)).unwrap_or_else(|error| error.message().to_owned()),
            Err(error) => format!("template parsing error: {}", error.message()),
        }
    }

    /// Every line was checked against the original program.
    #[test]
    fn records_print_as_gos_maps() {
        for (template, expected) in [
            ("{{.Driver.IPAddress}}", "10.0.0.1"),
            ("{{.ConfigVersion}} {{.Driver.SSHPort}}", "3 22"),
            ("{{.Driver.Big}} {{.Driver.Huge}}", "1.234567e+06 1.48e+09"),
            ("{{json .Driver.Big}}", "1234567"),
            ("{{json .HostOptions.EngineOptions.Labels}}", r#"["tier=Web","a\u003cb"]"#),
            ("{{prettyjson .HostOptions.EngineOptions.Labels}}", "[\n    \"tier=Web\",\n    \"a\\u003cb\"\n]"),
            ("{{.Nope}} {{.Nope.Deeper.Still}}", "<no value> <no value>"),
            ("{{.Driver.Gone}}", "<no value>"),
            ("{{.HostOptions.EngineOptions}}", "map[Dns:<nil> Labels:[tier=Web a<b] None:[] TlsVerify:true]"),
            (r#"{{index .Driver "SSHPort"}} {{index . "Driver" "IPAddress"}}"#, "22 10.0.0.1"),
            (r#"{{index .Driver "Nope"}}"#, "<no value>"),
            ("{{len .Name}}", "3"),
            (r#"{{.Name | printf "%q"}} {{.Driver.SSHPort | printf "%d"}}"#, "\"web\" %!d(float64=22)"),
            (r#"{{printf "%.0f" .Driver.SSHPort}} {{printf "%-5s|" .Name}}"#, "22 web  |"),
            ("{{range $i, $l := .HostOptions.EngineOptions.Labels}}{{$i}}={{$l}};{{end}}", "0=tier=Web;1=a<b;"),
            ("{{range .HostOptions.EngineOptions.None}}x{{else}}none{{end}}", "none"),
            ("{{if .Driver.Gone}}a{{else if .Name}}b{{end}}", "b"),
            ("{{eq .ConfigVersion 3.0}} {{eq .Name \"a\" \"web\"}}", "true true"),
            (r#"{{urlquery "a b&c"}} {{html "<a>"}}"#, "a+b%26c &lt;a&gt;"),
            (r#"{{define "x"}}[{{.}}]{{end}}{{template "x" .Name}}"#, "[web]"),
            (r#"{{join .HostOptions.EngineOptions.Labels ","}}"#, "tier=Web,a<b"),
            (r#"{{index (split "a:b" ":") 1}} {{upper .Name}} {{lower "A"}}"#, "b WEB a"),
        ] {
            assert_eq!(inspect(template), expected, "{template}");
        }
    }

    #[test]
    fn a_struct_cannot_be_looped_over() {
        let data = || GoValue::structure("row", vec![("E", GoValue::structure("*e", vec![("A", Value::from(1))]))]);
        let render = |text: &str| Template::parse(text).expect("valid").render(data());
        assert_eq!(render("{{.E}} {{.E.A}}").expect("a text"), "{1} 1");
        let error = render("{{range $k, $v := .E}}{{$k}}{{end}}").expect_err("Go refuses");
        assert!(error.message().ends_with("range can't iterate over a struct"), "{error}");
    }

    #[test]
    fn errors_read_like_gos() {
        for (template, expected) in [
            (r#"{{nope .X ","}}"#, r#"template parsing error: template: :1: function "nope" not defined"#),
            ("{{.Name", "template parsing error: template: :1: unclosed action"),
            ("{{if .Name}}", "template parsing error: template: :1: unexpected EOF"),
            ("{{end}}", "template parsing error: template: :1: unexpected {{end}}"),
            (
                "{{.Driver.IPAddress.Foo}}",
                r#"template: :1:19: executing "" at <.Driver.IPAddress.Foo>: can't evaluate field Foo in type interface {}"#,
            ),
            (
                "{{index .HostOptions.EngineOptions.Labels 9}}",
                r#"template: :1:2: executing "" at <index .HostOptions.EngineOptions.Labels 9>: error calling index: index out of range: 9"#,
            ),
        ] {
            assert_eq!(inspect(template), expected, "{template}");
        }
    }
}
