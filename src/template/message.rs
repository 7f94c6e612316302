//! A template's errors in Go's words, because scripts and habits know them.

use gtmpl_ng::{ExecError, ParseError, StructuredError};

use super::go;

/// Parse errors: the engine's words → Go's, where they differ.
const PARSE_TEXTS: &[(&str, &str)] = &[
    ("unclosed action", "unclosed action"),
    ("unexpected end", "unexpected {{end}}"),
    ("unexpected <end>", "unexpected {{end}}"),
];

/// `template: :LINE: …`.
pub(super) fn of_parse(error: &ParseError) -> String {
    match error {
        ParseError::WithContext(at, text) => format!("template: :{}: {}", at.line, parse_text(text)),
        ParseError::UnexpectedEnd => "template: :1: unexpected EOF".to_owned(),
        other => format!("template: :1: {}", parse_text(&other.to_string())),
    }
}

fn parse_text(text: &str) -> String {
    if let Some(name) = text.strip_prefix("function ").and_then(|rest| rest.strip_suffix(" not defined")) {
        return format!("function \"{name}\" not defined");
    }
    PARSE_TEXTS.iter().find(|(ours, _)| *ours == text).map_or_else(|| text.to_owned(), |(_, go)| (*go).to_owned())
}

/// `template: :LINE:COLUMN: executing "" at <…>: …`.
pub(super) fn of_run(error: &ExecError, template: &str) -> String {
    match error.as_structured() {
        Some(error) => structured(error, template),
        None => format!("template: {}", go::settle(&error.to_string())),
    }
}

fn structured(error: &StructuredError, template: &str) -> String {
    let at = &error.context;
    let line = template.lines().nth(at.line.saturating_sub(1)).unwrap_or_default();
    let start = at.col.saturating_sub(1);
    let part = line.get(start..(start + at.len).min(line.len())).unwrap_or_default();
    let text = run_text(&error.message, part);
    // Go points at the last name of a chain of fields.
    let into = if is_chain(part) { part.rfind('.').unwrap_or(0) } else { 0 };
    format!("template: :{}:{}: executing \"\" at <{part}>: {text}", at.line, start + into)
}

fn is_chain(part: &str) -> bool {
    part.starts_with(['.', '$']) && !part.contains(' ')
}

fn run_text(message: &str, part: &str) -> String {
    let last = part.rsplit('.').next().unwrap_or_default();
    if let Some((field, value)) = message.strip_prefix("no field `").and_then(|rest| rest.split_once("` in ")) {
        let go_type = go::type_in(value).unwrap_or("interface {}");
        return format!("can't evaluate field {field} in type {go_type}");
    }
    if message == "only maps and objects have fields" {
        return format!("can't evaluate field {last} in type interface {{}}");
    }
    let message = match message.strip_prefix("unable to get ").and_then(|rest| rest.split_once(" in ")) {
        Some((index, _)) => format!("index out of range: {index}"),
        None => go::settle(message),
    };
    match part.split_once(' ') {
        Some((function, _)) if !part.starts_with(['.', '$']) => format!("error calling {function}: {message}"),
        _ => message,
    }
}
