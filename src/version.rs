//! Which version of the program this is.

/// This program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from, if the build was told (`GIT_COMMIT`).
pub const BUILD: &str = match option_env!("GIT_COMMIT") {
    Some(commit) => commit,
    None => "HEAD",
};
