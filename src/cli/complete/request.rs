//! What a shell asks, and how it wants the answer. `commands/complete.rs` describes both.

use super::completions::{Completions, Paths};
use super::line::Line;
use crate::console::visible_line;

/// A shell's question.
#[derive(Debug)]
pub(super) struct Request {
    shell: Shell,
    /// All words up to the cursor, program first, the one under the cursor last.
    words: Vec<String>,
}

#[derive(Debug)]
enum Shell {
    Bash(Line),
    /// Shells that leave out by themselves what does not go on from the word, each with its own idea of that.
    Matching,
    /// PowerShell, which shows whatever it is given.
    Showing,
}

impl Request {
    /// Reads the arguments of `__complete`; `None` if they are none.
    pub(super) fn parse(arguments: &[String]) -> Option<Self> {
        let (shell, rest) = arguments.split_first()?;
        if shell == "bash" {
            let [line, breaks] = rest else { return None };
            let mut line = Line::cut(line, breaks);
            let words = std::mem::take(&mut line.words);
            return Some(Self { shell: Shell::Bash(line), words });
        }
        let shell = match shell.as_str() {
            "fish" | "zsh" => Shell::Matching,
            "powershell" => Shell::Showing,
            _ => return None,
        };
        let (index, words) = rest.split_first()?;
        let index: usize = index.parse().ok()?;
        let mut words: Vec<String> = words.iter().take(index.checked_add(1)?).cloned().collect();
        // Some shells drop an empty last word.
        if words.len() == index {
            words.push(String::new());
        }
        (words.len() > index).then_some(Self { shell, words })
    }

    /// The words before the cursor, without the program's name.
    pub(super) fn complete_words(&self) -> &[String] {
        self.words.get(1..self.words.len() - 1).unwrap_or_default()
    }

    /// The word under the cursor, up to it.
    pub(super) fn current(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// Whether it is no word of ours.
    pub(super) fn redirected(&self) -> bool {
        matches!(&self.shell, Shell::Bash(line) if line.redirected)
    }

    /// The answer as text.
    pub(super) fn show(&self, answer: &Completions) -> String {
        let kind = match answer.paths {
            None => "words",
            Some(Paths::Files) => "files",
            Some(Paths::Folders) => "dirs",
        };
        let fits = |text: &str| matches!(self.shell, Shell::Matching) || text.starts_with(self.current());
        let mut shown = format!("{kind}\n");
        for candidate in &answer.candidates {
            // A line is a candidate: file names with line ends cannot be typed this way.
            if candidate.text.contains(char::is_control) || !fits(&candidate.text) {
                continue;
            }
            match &self.shell {
                Shell::Bash(line) => shown.push_str(&line.rest(&candidate.text)),
                Shell::Matching | Shell::Showing => {
                    shown.push_str(&format!("{}\t{}", candidate.text, visible_line(&candidate.help)));
                }
            }
            shown.push('\n');
        }
        shown
    }
}
