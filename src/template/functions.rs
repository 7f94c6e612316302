//! The functions that templates may call, beyond or instead of the engine's own.

use gtmpl_ng::{Func, FuncError, Value, funcs};

use super::go::{number, plain, to_json};
use crate::json;

type Outcome = Result<Value, FuncError>;

/// The original has `json` and `prettyjson` (in `inspect` only); the docker CLI has the other new ones.
pub(super) const ALL: &[(&str, Func)] = &[
    ("json", json_line),
    ("prettyjson", json_pretty),
    ("join", join),
    ("split", split),
    ("upper", upper),
    ("lower", lower),
    // The engine's own, with named numbers turned into what Go would show.
    ("printf", printf),
    ("print", |args| funcs::print(&all(plain, args))),
    ("println", |args| funcs::println(&all(plain, args))),
    ("urlquery", |args| funcs::urlquery(&all(plain, args))),
    ("html", |args| funcs::html(&all(plain, args))),
    ("js", |args| funcs::js(&all(plain, args))),
    ("len", |args| funcs::len(&all(plain, args))),
    ("eq", |args| funcs::eq(&comparable(args))),
    ("ne", |args| funcs::ne(&comparable(args))),
    ("lt", |args| funcs::lt(&comparable(args))),
    ("le", |args| funcs::le(&comparable(args))),
    ("gt", |args| funcs::gt(&comparable(args))),
    ("ge", |args| funcs::ge(&comparable(args))),
];

fn all(convert: fn(&Value) -> Value, args: &[Value]) -> Vec<Value> {
    args.iter().map(convert).collect()
}

/// Against text a named number is its name (`eq .State "Running"`), else its number.
fn comparable(args: &[Value]) -> Vec<Value> {
    let text = args.iter().any(|arg| matches!(arg, Value::String(_)));
    all(if text { plain } else { number }, args)
}

fn printf(args: &[Value]) -> Outcome {
    let Some((Value::String(format), rest)) = args.split_first() else { return funcs::printf(args) };
    let mut verbs = verbs(format).into_iter();
    let shown = rest.iter().map(|arg| if verbs.next().is_some_and(is_numeric) { number(arg) } else { plain(arg) });
    funcs::printf(&std::iter::once(args[0].clone()).chain(shown).collect::<Vec<_>>())
}

/// The verb that each argument meets.
fn verbs(format: &str) -> Vec<char> {
    let mut verbs = Vec::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            continue;
        }
        for c in chars.by_ref() {
            match c {
                '+' | '-' | '#' | ' ' | '.' | '0'..='9' => continue,
                '*' => {
                    verbs.push('d');
                    continue;
                }
                '%' => {}
                verb => verbs.push(verb),
            }
            break;
        }
    }
    verbs
}

fn is_numeric(verb: char) -> bool {
    "bcdoxXU".contains(verb)
}

fn one<'a>(name: &str, args: &'a [Value]) -> Result<&'a Value, FuncError> {
    match args {
        [value] => Ok(value),
        _ => Err(FuncError::ExactlyXArgs(name.into(), 1)),
    }
}

fn two<'a>(name: &str, args: &'a [Value]) -> Result<(&'a Value, &'a Value), FuncError> {
    match args {
        [first, second] => Ok((first, second)),
        _ => Err(FuncError::ExactlyXArgs(name.into(), 2)),
    }
}

fn json_line(args: &[Value]) -> Outcome {
    Ok(json::compact(&json::sorted(&to_json(one("json", args)?))).into())
}

fn json_pretty(args: &[Value]) -> Outcome {
    Ok(json::pretty(&json::sorted(&to_json(one("prettyjson", args)?))).into())
}

/// `join LIST SEPARATOR`.
fn join(args: &[Value]) -> Outcome {
    let (list, separator) = two("join", args)?;
    let texts: Vec<String> = match list {
        Value::Array(items) => items.iter().map(|item| plain(item).to_string()).collect(),
        Value::Nil | Value::NoValue => Vec::new(),
        other => return Err(FuncError::Generic(format!("join: {other} is not a list"))),
    };
    Ok(texts.join(&separator.to_string()).into())
}

/// `split TEXT SEPARATOR`.
fn split(args: &[Value]) -> Outcome {
    let (text, separator) = two("split", args)?;
    let (text, separator) = (plain(text).to_string(), separator.to_string());
    Ok(Value::Array(text.split(&separator).map(Value::from).collect()))
}

fn upper(args: &[Value]) -> Outcome {
    Ok(plain(one("upper", args)?).to_string().to_uppercase().into())
}

fn lower(args: &[Value]) -> Outcome {
    Ok(plain(one("lower", args)?).to_string().to_lowercase().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_meets_its_verb() {
        assert_eq!(verbs("%d of %-10.3s %% %*v!"), ['d', 's', 'd', 'v']);
        assert!(verbs("100%").is_empty());
    }
}
