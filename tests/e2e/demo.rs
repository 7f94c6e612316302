//! The README's first command, and the picture of it on the README's first page.
//!
//! `UPDATE_GENERATED=1 cargo test --test e2e demo` draws the picture anew, from a real run.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use docker_machine::env::Env;
use regex::Regex;

/// The part of the demonstration that the picture shows.
const SHOWN: &[&str] = &[
    "docker-machine create --driver amazonec2 aws01",
    "eval $(docker-machine env aws01)",
    "docker run --rm busybox",
    "docker-machine stop aws02",
    "docker-machine ls",
    "docker-machine rm -y aws01 aws02",
];

const PICTURE: &str = "tests/demo.svg";

/// Columns of the terminal in the picture.
const WIDTH: usize = 96;

#[test]
fn the_picture_in_the_readme_is_what_the_demonstration_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let demo = Command::new(root.join("tests/demo")).stdin(Stdio::null()).output().expect("the demonstration starts");
    let printed = String::from_utf8_lossy(&demo.stdout).into_owned();
    assert!(demo.status.success(), "{printed}\n{}", String::from_utf8_lossy(&demo.stderr));
    assert!(printed.ends_with("Left in the cloud account: 0 resources\n"), "{printed}");
    let lines = shown(&printed);
    let file = root.join(PICTURE);
    if Env::from_process().var("UPDATE_GENERATED").is_some() {
        fs::write(&file, draw(&lines)).expect("the picture can be written");
        return;
    }
    let drawn = fs::read_to_string(&file).expect("there is a picture");
    let drawn: Vec<String> = texts(&drawn).iter().map(|line| lasting(line)).collect();
    let now: Vec<String> = lines.iter().map(|line| lasting(line)).collect();
    assert_eq!(drawn, now, "UPDATE_GENERATED=1 cargo test --test e2e demo draws {PICTURE} anew");
}

/// The lines of the commands that are shown, each of them once and in the order of the demonstration.
fn shown(printed: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut wanted = SHOWN.iter().peekable();
    for step in printed.split("\n$ ").skip(1) {
        if !wanted.peek().is_some_and(|command| step.starts_with(**command)) {
            continue;
        }
        wanted.next();
        let step = step.split("\n\nLeft in the cloud account").next().unwrap_or(step);
        lines.extend(format!("$ {}", step.trim_end()).lines().flat_map(|line| wrapped(line.trim_end())));
        lines.push(String::new());
    }
    assert_eq!(wanted.next(), None, "the demonstration does not show it:\n{printed}");
    lines.pop();
    lines
}

/// A line as a terminal breaks it, with the home folder by its usual name.
fn wrapped(line: &str) -> Vec<String> {
    let home = Regex::new(r"/\S*/home/\.docker").expect("the pattern is right");
    let letters: Vec<char> = home.replace_all(line, "~/.docker").chars().collect();
    match letters.len() {
        0 => vec![String::new()],
        _ => letters.chunks(WIDTH).map(|part| part.iter().collect()).collect(),
    }
}

/// A line without what is different in every run: ids, addresses, times, versions, the width of columns.
fn lasting(line: &str) -> String {
    let change = |text: &str, pattern: &str, by: &str| {
        Regex::new(pattern).expect("the pattern is right").replace_all(text, by).into_owned()
    };
    let line = change(line, r"\b[0-9a-f]{8,}\b", "ID");
    change(&change(&line, r"[0-9]+", "N"), r" +", " ")
}

/// A terminal window as SVG, readable on light and dark pages.
fn draw(lines: &[String]) -> String {
    const LINE: usize = 18;
    // What DejaVu Sans Mono needs at 13 pixels, and a little more for other fonts.
    const COLUMN: usize = 8;
    let (width, height) = (WIDTH * COLUMN + 40, lines.len() * LINE + 40);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\">\n<title>docker-machine on a terminal</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1d2129\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13\" \
         xml:space=\"preserve\">\n"
    );
    for (number, line) in lines.iter().enumerate() {
        let fill = if line.starts_with("$ ") { "#8fd18b" } else { "#d8dee9" };
        let (y, text) = (number * LINE + 32, escaped(line));
        svg += &format!("<text x=\"20\" y=\"{y}\" fill=\"{fill}\">{text}</text>\n");
    }
    svg + "</g>\n</svg>\n"
}

fn escaped(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The lines of a picture.
fn texts(svg: &str) -> Vec<String> {
    let line = Regex::new(r"<text [^>]*>([^<]*)</text>").expect("the pattern is right");
    let plain = |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    line.captures_iter(svg).map(|found| plain(&found[1])).collect()
}

#[test]
fn a_picture_has_the_lines_it_was_drawn_from() {
    let lines = ["$ a <b> && c", "", "  x   y"].map(str::to_owned);
    assert_eq!(texts(&draw(&lines)), lines);
    assert_eq!(lasting("(aws01) i-0abc1234def in 12.5 s   end"), lasting("(aws02) i-0fff0000aaa in 3.1 s end"));
}
