//! Which fields a template looks at, so that nobody is asked for what is not shown.

use std::collections::BTreeSet;

/// The names after a dot in a template's actions, and whether the whole value is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    names: BTreeSet<String>,
    whole: bool,
}

impl Fields {
    /// Everything.
    pub fn all() -> Self {
        Self { names: BTreeSet::new(), whole: true }
    }

    /// Reads the actions of a template. It errs on the side of too many: a field of a field counts as well, and a dot
    /// by itself counts as everything.
    pub fn of(template: &str) -> Self {
        let mut fields = Self::default();
        let mut rest = template;
        while let Some(start) = rest.find("{{") {
            rest = fields.action(&rest[start + 2..]);
        }
        fields
    }

    /// Whether the template may show that field.
    pub fn uses(&self, name: &str) -> bool {
        self.whole || self.names.contains(name)
    }

    /// Reads one action; what follows it is returned.
    fn action<'t>(&mut self, mut rest: &'t str) -> &'t str {
        let mut before = ' ';
        loop {
            let Some(c) = rest.chars().next() else { return rest };
            if let Some(after) = rest.strip_prefix("}}") {
                return after;
            }
            if rest.starts_with("/*") {
                rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
                continue;
            }
            rest = &rest[c.len_utf8()..];
            match c {
                '"' | '`' | '\'' => rest = after_quote(rest, c),
                '.' if before.is_ascii_digit() => {}
                '.' => rest = self.field(rest),
                '$' if !rest.starts_with(|c: char| c == '.' || is_word(c)) => self.whole = true,
                _ => {}
            }
            before = c;
        }
    }

    fn field<'t>(&mut self, rest: &'t str) -> &'t str {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        match &rest[..end] {
            "" => self.whole = true,
            name => _ = self.names.insert(name.to_owned()),
        }
        &rest[end..]
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn after_quote(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            _ if c == quote => return &text[index + c.len_utf8()..],
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_shown_is_wanted() {
        for (template, used, unused) in [
            ("{{.Name}}", "Name", "State"),
            ("{{ .Name | urlquery }},{{ $.URL }}", "URL", "State"),
            (r#"{{printf "%.3s .State }} %s" .Name}}"#, "Name", "State"),
            ("{{$x := .Error}}{{$x}}{{1.5}}", "Error", "State"),
            ("{{/* .State */}}.State {{- .Swarm -}}", "Swarm", "State"),
            ("{{`.State`}}{{if eq .State.String \"a.URL\"}}", "State", "URL"),
        ] {
            let fields = Fields::of(template);
            assert!(fields.uses(used), "{template}");
            assert!(!fields.uses(unused), "{template}");
        }
    }

    #[test]
    fn the_dot_itself_is_everything() {
        for template in ["{{.}}", "{{json .}}", "{{template \"x\" .}}", "{{print $}}", "{{with $x := .}}"] {
            assert!(Fields::of(template).uses("State"), "{template}");
        }
    }
}
