//! Words that mean something to whoever reads them wrongly: quotes, variables, commands, patterns, ends of lines, and
//! what nobody expects in a word at all. Generated, and the same in every run.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// Whether characters may be among them that are no text.
#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "not every test binary needs both")]
pub enum Controls {
    /// All but NUL, which no word can have.
    Any,
    /// None.
    None,
}

/// What shells, systemd and their likes look for.
const PIECES: &[&str] = &[
    " ",
    "  ",
    "   ",
    "\"",
    "'",
    "''",
    "\"\"",
    "\\",
    "\\\\",
    "$",
    "$$",
    "%",
    "%%",
    "%n",
    "%h",
    "$HOME",
    "${HOME}",
    "$(touch ran)",
    "`touch ran`",
    "; touch ran",
    ";touch ran;",
    "| touch ran",
    "& touch ran",
    "&& touch ran ",
    "\"; touch ran; \"",
    "'; touch ran; '",
    "\\\"; touch ran; \\\"",
    "(touch ran)",
    "<(touch ran)",
    "> ran",
    "{a,b}",
    "*",
    " * ",
    "?",
    "[a-z]",
    " [a-z]* ",
    "~",
    " ~ ",
    "~root",
    "!",
    "!!",
    " !1 ",
    "!touch",
    "^",
    "^a^b",
    "#",
    " # ",
    ";",
    " ; ",
    "\\;",
    "=",
    "==",
    ":",
    "-",
    "--",
    "-H",
    "--host=x",
    "@",
    "+",
    "|",
    "&",
    "<",
    ">",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ".",
    "/",
    "\\n",
    "\\x41",
    "\\101",
    "\\u00e9",
    "\\s",
    "\\$",
    "\\`",
    "\\!",
    "$'a'",
    "$\"a\"",
    "[Service]",
    "ExecStart=",
    "a",
    "b c",
    "\u{e9}",
    "\u{6f22}",
    "\u{1f600}",
    "\u{a0}",
    "\u{2028}",
    "\u{201c}",
    "\u{201d}",
    "\u{2019}",
    "\u{feff}",
];

/// So many words.
pub fn words(count: usize, controls: Controls) -> Vec<String> {
    let wanted = move |c: &char| match controls {
        Controls::Any => *c != '\0',
        Controls::None => !c.is_control(),
    };
    let control =
        select(('\u{1}'..='\u{1f}').chain('\u{7f}'..='\u{9f}').filter(wanted).chain(['x']).collect::<Vec<_>>());
    let piece = prop_oneof![
        8 => select(PIECES).prop_map(str::to_owned),
        2 => any::<char>().prop_filter("no text", wanted).prop_map(String::from),
        1 => control.prop_map(String::from),
        1 => "[ -~]{1,6}",
    ];
    let word = prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat());
    let mut runner = TestRunner::deterministic();
    let mut next = || word.new_tree(&mut runner).expect("a word").current();
    // Each of the pieces by itself, too.
    let alone = PIECES.iter().map(|piece| (*piece).to_owned());
    alone.chain(std::iter::repeat_with(&mut next)).take(count).collect()
}
