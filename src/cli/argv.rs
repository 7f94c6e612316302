//! The grammar of Go's `flag` package, with our one rule more: flags may stand anywhere in a command.
//!
//! `-x` and `--x` are the same, `-q` never bundles, a switch takes no separate word, numbers may be octal or
//! hexadecimal, the last scalar wins, `--` ends the flags. Messages are the original's.

use super::flag::{FlagSpec, Takes};
use super::go::{IntError, parse_bool, parse_int};
use super::suggest;
use crate::env::Env;

/// A command line that breaks the grammar: the line above the help, and the message on standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misuse {
    pub(crate) headline: String,
    pub(crate) message: String,
    /// What to type instead, if that can be guessed.
    pub(crate) hint: Option<String>,
    /// The last word is a flag that takes a value.
    pub(crate) lacks_value: bool,
}

impl Misuse {
    fn new(message: String) -> Self {
        Self { headline: "Incorrect Usage.".into(), message, hint: None, lacks_value: false }
    }

    fn unknown_flag(name: &str, flags: &[FlagSpec]) -> Self {
        let known = flags.iter().filter_map(|flag| flag.long.as_deref());
        let hint = suggest::flag(name, known).map(|meant| format!("did you mean `--{meant}`?"));
        Self { hint, ..Self::new(format!("flag provided but not defined: -{name}")) }
    }

    fn two_forms(short: char, long: &str) -> Self {
        let message = format!("Cannot use two forms of the same flag: {short} {long}");
        Self { headline: message.clone(), ..Self::new(message) }
    }
}

/// Where flags may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flags {
    /// Before the first positional only: the global flags.
    Leading,
    /// Anywhere up to `--`: the flags of a command.
    Anywhere,
}

/// What is said about a flag: its values, in order, switches as `true`, `false`, numbers decimal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// On the command line.
    pub(crate) typed: Vec<String>,
    /// In the environment.
    pub(crate) variable: Vec<String>,
}

/// The words, sorted: the values of each flag, and the rest in the order typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// Per flag of the list given to [`parse`], in the order typed; switches as `true`, `false`, numbers decimal.
    values: Vec<Vec<String>>,
    /// Everything that is no flag.
    pub(crate) positionals: Vec<String>,
}

impl Parsed {
    /// Whether the switch called `name` is on.
    pub(crate) fn is_on(&self, flags: &[FlagSpec], name: &str) -> bool {
        let values = flags.iter().zip(&self.values).find(|(flag, _)| flag.is_called(name)).map(|(_, values)| values);
        values.and_then(|values| values.last()).is_some_and(|value| value == "true")
    }

    /// What is said about the flag called `name`: what was typed, and what its variable says.
    pub(crate) fn said(&self, flags: &[FlagSpec], name: &str, env: &Env) -> Said {
        let mut known = flags.iter().zip(&self.values).filter(|(flag, _)| flag.is_called(name));
        known
            .next()
            .map_or_else(Said::default, |(flag, typed)| Said { typed: typed.clone(), variable: of_variable(flag, env) })
    }

    /// The same as words for clap, with the variables of `env` for flags that were not given: one word for each
    /// value, switches only if on, then `--` and the positionals.
    pub(crate) fn for_clap(&self, flags: &[FlagSpec], env: &Env) -> Vec<String> {
        let mut words = Vec::new();
        for (flag, typed) in flags.iter().zip(&self.values) {
            for value in effective(flag, typed, env) {
                match flag.takes {
                    Takes::Bool if value == "true" => words.push(flag.dashed()),
                    Takes::Bool => {}
                    Takes::Int | Takes::Text | Takes::List => words.push(format!("{}={value}", flag.dashed())),
                }
            }
        }
        words.push("--".to_owned());
        words.extend(self.positionals.iter().cloned());
        words
    }
}

/// Sorts a command's words.
///
/// # Errors
/// The words break the grammar.
pub(crate) fn parse(words: &[String], flags: &[FlagSpec], place: Flags) -> Result<Parsed, Misuse> {
    let mut parsed = Parsed { values: vec![Vec::new(); flags.len()], positionals: Vec::new() };
    let mut used: Vec<String> = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let Some((name, value)) = split(word)? else {
            if word == "--" {
                break;
            }
            parsed.positionals.push(word.clone());
            if place == Flags::Leading {
                break;
            }
            continue;
        };
        let Some(index) = flags.iter().position(|flag| flag.is_called(name)) else {
            return Err(Misuse::unknown_flag(name, flags));
        };
        let value = check(flags[index].takes, name, value, || rest.next())?;
        parsed.values[index].push(value);
        used.push(name.to_owned());
    }
    parsed.positionals.extend(rest.cloned());
    refuse_two_forms(flags, &used)?;
    Ok(parsed)
}

/// The last value of one flag, before all flags are known: what is not among `flags` is passed over.
pub(crate) fn peek(words: &[String], flags: &[FlagSpec], wanted: &str) -> Option<String> {
    let mut found = None;
    let mut rest = words.iter().take_while(|word| *word != "--");
    while let Some(word) = rest.next() {
        let Ok(Some((name, value))) = split(word) else { continue };
        let Some(flag) = flags.iter().find(|flag| flag.is_called(name)) else { continue };
        let value = match value {
            None if flag.takes != Takes::Bool => rest.next().map(String::as_str),
            value => value,
        };
        if flag.is_called(wanted) {
            found = value.map(str::to_owned).or(found);
        }
    }
    found
}

/// A flag's name and the value after `=`; `None` for a positional, a lone `-`, and `--`.
pub(super) fn split(word: &str) -> Result<Option<(&str, Option<&str>)>, Misuse> {
    let Some(body) = word.strip_prefix('-') else { return Ok(None) };
    let body = body.strip_prefix('-').unwrap_or(body);
    if body.is_empty() {
        return Ok(None);
    }
    if body.starts_with(['-', '=']) {
        return Err(Misuse::new(format!("bad flag syntax: {word}")));
    }
    Ok(Some(body.split_once('=').map_or((body, None), |(name, value)| (name, Some(value)))))
}

fn check<'w>(
    takes: Takes,
    name: &str,
    value: Option<&'w str>,
    next: impl FnOnce() -> Option<&'w String>,
) -> Result<String, Misuse> {
    if takes == Takes::Bool {
        let text = value.unwrap_or("true");
        let invalid = || Misuse::new(format!("invalid boolean value \"{text}\" for -{name}: parse error"));
        return parse_bool(text).map(|on| on.to_string()).ok_or_else(invalid);
    }
    let missing = || Misuse { lacks_value: true, ..Misuse::new(format!("flag needs an argument: -{name}")) };
    let text = value.or_else(|| next().map(String::as_str)).ok_or_else(missing)?;
    if takes != Takes::Int {
        return Ok(text.to_owned());
    }
    parse_int(text).map(|number| number.to_string()).map_err(|error| {
        let why = match error {
            IntError::Syntax => "parse error",
            IntError::Range => "value out of range",
        };
        Misuse::new(format!("invalid value \"{text}\" for flag -{name}: {why}"))
    })
}

fn refuse_two_forms(flags: &[FlagSpec], used: &[String]) -> Result<(), Misuse> {
    for flag in flags {
        let (Some(long), Some(short)) = (&flag.long, flag.short) else { continue };
        if used.contains(long) && used.iter().any(|name| flag.is_short(name)) {
            return Err(Misuse::two_forms(short, long));
        }
    }
    Ok(())
}

/// What a flag is worth: the last typed value, else its variable's; a list is the variable's items, then those typed.
fn effective(flag: &FlagSpec, typed: &[String], env: &Env) -> Vec<String> {
    match (flag.takes, typed) {
        (Takes::List, typed) => of_variable(flag, env).into_iter().chain(typed.iter().cloned()).collect(),
        (_, [.., last]) => vec![last.clone()],
        (_, []) => of_variable(flag, env),
    }
}

/// What a flag's variables say: one value, or the items of a list.
fn of_variable(flag: &FlagSpec, env: &Env) -> Vec<String> {
    let Some(text) = flag.variables.iter().find_map(|name| env.var(name)) else { return Vec::new() };
    match flag.takes {
        Takes::List => text.split(',').map(|item| item.trim().to_owned()).collect(),
        // A variable that is no switch or number is passed over, as in the original.
        Takes::Bool => parse_bool(text).map(|on| on.to_string()).into_iter().collect(),
        Takes::Int => parse_int(text).map(|number| number.to_string()).into_iter().collect(),
        Takes::Text => vec![text.to_owned()],
    }
}

/// Whether a word is a form of `--help`.
pub(crate) fn asks_for_help(word: &str) -> bool {
    ["-h", "--h", "-help", "--help"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(long: &str, short: Option<char>, takes: Takes, variable: &str) -> FlagSpec {
        FlagSpec {
            long: (!long.is_empty()).then(|| long.to_owned()),
            short,
            takes,
            variables: super::super::flag::Variables::parse(variable).0,
            default: String::new(),
            help: String::new(),
            hint: clap::ValueHint::Unknown,
        }
    }

    fn flags() -> Vec<FlagSpec> {
        vec![
            flag("quiet", Some('q'), Takes::Bool, "QUIET"),
            flag("timeout", Some('t'), Takes::Int, "TIMEOUT"),
            flag("format", Some('f'), Takes::Text, "FORMAT,FORMAT2"),
            flag("filter", None, Takes::List, "FILTER"),
            flag("", Some('y'), Takes::Bool, ""),
        ]
    }

    fn words(line: &str) -> Vec<String> {
        line.split(' ').filter(|word| !word.is_empty()).map(|word| word.replace('~', " ")).collect()
    }

    fn clap_words(line: &str, env: &Env) -> String {
        match parse(&words(line), &flags(), Flags::Anywhere) {
            Ok(parsed) => parsed.for_clap(&flags(), env).join(" "),
            Err(misuse) => misuse.message,
        }
    }

    #[track_caller]
    fn assert_lines(cases: &[(&str, &str)]) {
        for (line, wanted) in cases {
            assert_eq!(clap_words(line, &Env::default()), *wanted, "{line}");
        }
    }

    #[test]
    fn one_dash_and_two_are_the_same() {
        assert_lines(&[
            ("-quiet", "--quiet --"),
            ("--q", "--quiet --"),
            ("-format x", "--format=x --"),
            ("--f=x", "--format=x --"),
            ("--y", "-y --"),
        ]);
    }

    #[test]
    fn flags_stand_anywhere_and_names_keep_their_order() {
        assert_lines(&[
            ("a -f fish", "--format=fish -- a"),
            ("a -y", "-y -- a"),
            ("-f none n --filter u", "--format=none --filter=u -- n"),
            ("-y a -q", "--quiet -y -- a"),
            ("a -q b -y", "--quiet -y -- a b"),
            ("m:/a -q /b", "--quiet -- m:/a /b"),
            ("-y a -- b", "-y -- a b"),
            ("a - b", "-- a - b"),
            ("-- -q --", "-- -q --"),
            ("", "--"),
        ]);
    }

    #[test]
    fn a_value_may_look_like_a_flag() {
        assert_lines(&[
            ("-f -q", "--format=-q --"),
            ("-f --", "--format=-- --"),
            ("-t -5", "--timeout=-5 --"),
            ("--format=a=b", "--format=a=b --"),
            ("--format=", "--format= --"),
        ]);
    }

    #[test]
    fn switches_take_no_separate_word() {
        assert_lines(&[
            ("-q false", "--quiet -- false"),
            ("-q=false", "--"),
            ("--quiet=T", "--quiet --"),
            ("-q -q=0", "--"),
            ("--quiet=maybe", "invalid boolean value \"maybe\" for -quiet: parse error"),
            ("-q=", "invalid boolean value \"\" for -q: parse error"),
        ]);
    }

    #[test]
    fn the_last_scalar_wins_and_lists_repeat_without_being_split() {
        assert_lines(&[
            ("-t 1 -t 0x10", "--timeout=16 --"),
            ("-f a -f b", "--format=b --"),
            ("--filter a,b --filter c", "--filter=a,b --filter=c --"),
        ]);
    }

    #[test]
    fn breaches_are_told_in_the_original_words() {
        assert_lines(&[
            ("--nope", "flag provided but not defined: -nope"),
            ("-nope=1", "flag provided but not defined: -nope"),
            ("-rq", "flag provided but not defined: -rq"),
            ("-t", "flag needs an argument: -t"),
            ("--format", "flag needs an argument: -format"),
            ("-t x", "invalid value \"x\" for flag -t: parse error"),
            ("-t=", "invalid value \"\" for flag -t: parse error"),
            ("-t 99999999999999999999", "invalid value \"99999999999999999999\" for flag -t: value out of range"),
            ("---q", "bad flag syntax: ---q"),
            ("-=", "bad flag syntax: -="),
            ("--=x", "bad flag syntax: --=x"),
            ("-q --quiet", "Cannot use two forms of the same flag: q quiet"),
            ("--timeout=1 -t 2", "Cannot use two forms of the same flag: t timeout"),
        ]);
    }

    #[test]
    fn the_two_forms_text_stands_above_the_help_too() {
        let misuse = parse(&words("-q --quiet"), &flags(), Flags::Anywhere).unwrap_err();
        assert_eq!(misuse.headline, misuse.message);
        let misuse = parse(&words("-x"), &flags(), Flags::Anywhere).unwrap_err();
        assert_eq!(misuse.headline, "Incorrect Usage.");
    }

    #[test]
    fn global_flags_end_at_the_command() {
        let parsed = parse(&words("-q ls -t 1 -x -- -y"), &flags(), Flags::Leading).unwrap();
        assert_eq!(parsed.positionals, words("ls -t 1 -x -- -y"));
        assert!(parsed.is_on(&flags(), "quiet"));
        let parsed = parse(&words("-- ls -x"), &flags(), Flags::Leading).unwrap();
        assert_eq!(parsed.positionals, words("ls -x"));
    }

    #[test]
    fn variables_stand_in_for_flags_that_were_not_given() {
        let vars = [("QUIET", "1"), ("TIMEOUT", "010"), ("FORMAT", ""), ("FORMAT2", "two"), ("FILTER", "a , b,")];
        let env = Env { vars: vars.map(|(key, value)| (key.into(), value.into())).into(), ..Env::default() };
        assert_eq!(clap_words("", &env), "--quiet --timeout=8 --format=two --filter=a --filter=b --filter= --");
        let typed = "-q=false -t 3 -f x --filter c";
        assert_eq!(clap_words(typed, &env), "--timeout=3 --format=x --filter=a --filter=b --filter= --filter=c --");
    }

    #[test]
    fn variables_that_do_not_parse_are_passed_over() {
        let vars = [("QUIET", "yes"), ("TIMEOUT", "soon")];
        let env = Env { vars: vars.map(|(key, value)| (key.into(), value.into())).into(), ..Env::default() };
        assert_eq!(clap_words("", &env), "--");
    }

    #[test]
    fn peek_finds_a_flag_among_unknown_ones() {
        let peek = |line: &str| peek(&words(line), &flags(), "format");
        assert_eq!(peek("--other x -format none n --more"), Some("none".into()));
        assert_eq!(peek("-f a --format=b"), Some("b".into()));
        assert_eq!(peek("--filter -f n"), None, "the value of another flag");
        assert_eq!(peek("n -- -f x"), None);
        assert_eq!(peek("-f"), None);
        assert_eq!(peek("-q -f a"), Some("a".into()));
    }
}
