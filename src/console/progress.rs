//! Lines that turn at the foot of a terminal while something is under way.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The foot of the terminal; nothing in a pipe.
#[derive(Debug)]
pub(super) struct Screen {
    lines: Option<MultiProgress>,
    /// Standard output is shown here too, so what is said need not be kept for whoever reads it.
    is_all: bool,
}

/// One line that turns; it is gone when this is dropped.
#[derive(Debug)]
pub(super) struct Line(ProgressBar);

impl Screen {
    pub(super) fn none() -> Self {
        Self { lines: None, is_all: false }
    }

    /// Standard error is a terminal; `is_all`: standard output is as well.
    pub(super) fn terminal(is_all: bool) -> Self {
        Self { lines: Some(MultiProgress::with_draw_target(ProgressDrawTarget::stderr())), is_all }
    }

    /// Adds a line.
    pub(super) fn line(&self, text: String) -> Option<Line> {
        let bar = self.lines.as_ref()?.add(ProgressBar::new_spinner().with_message(text));
        bar.set_style(ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("a valid template"));
        bar.enable_steady_tick(Duration::from_millis(120));
        Some(Line(bar))
    }

    /// Adds a line that stands for lines of standard output.
    pub(super) fn steps(&self, text: &str) -> Option<Line> {
        if self.is_all { self.line(text.to_owned()) } else { None }
    }

    /// Writes to the terminal without the lines in the way.
    pub(super) fn step_aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.lines {
            Some(lines) => lines.suspend(write),
            None => write(),
        }
    }
}

impl Line {
    pub(super) fn show(&self, text: String) {
        self.0.set_message(text);
    }

    /// Takes it off the terminal, for good.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }

    /// How long it has been there.
    pub(super) fn age(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.end();
    }
}
