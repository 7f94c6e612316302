//! What is offered at the cursor.

/// Something that could stand at the cursor: the whole word, not only its rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) text: String,
    pub(super) help: String,
}

impl Candidate {
    pub(super) fn new(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { text: text.into(), help: help.into() }
    }
}

/// Names of files, which a shell completes best by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paths {
    Files,
    Folders,
}

/// All that could stand at the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Completions {
    pub(super) candidates: Vec<Candidate>,
    /// The shell is to complete these, there being no candidates.
    pub(super) paths: Option<Paths>,
}
