//! Copying files and directories between this computer and hosts, as `scp` does it, over SFTP.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::console::{Console, visible_line};
use crate::error::{Error, Kind, Result, os_text};
use crate::ssh::files::{FileKind, Files, Metadata, finish};

/// A directory tree deeper than this is a symbolic link that leads back into itself.
const DEEPEST: usize = 100;
/// How much is in memory at a time.
const PIECE: usize = 256 * 1024;

/// One end of a copy.
pub struct Location {
    /// Where.
    pub files: Files,
    /// The path there, as typed.
    pub path: String,
}

/// How to copy.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Directories too, with everything in them.
    pub recursive: bool,
    /// Whether a progress bar may be drawn.
    pub progress: bool,
}

/// Copies a file, or with `recursive` a directory. What cannot be copied inside a directory is reported and left out.
///
/// # Errors
/// The source cannot be read or the destination not be written; [`Kind::Exit`] 1 if something was left out.
pub async fn copy(from: &Location, to: &Location, how: How, console: &Console) -> Result<()> {
    let source = from.start();
    let metadata = from.files.metadata(source).await?;
    let metadata = metadata.ok_or_else(|| from.files.failed(&from.path, "no such file or directory"))?;
    let target = target(to, source).await?;
    let mut copier = Copier { from: &from.files, to: &to.files, how, console, left_out: 0 };
    match metadata.kind {
        FileKind::Directory if !how.recursive => {
            return Err(from.files.failed(&from.path, "it is a directory").hint("-r copies directories"));
        }
        FileKind::Directory => copier.directory(source, &target, metadata, 0).await?,
        FileKind::File => copier.file(source, &target, metadata).await?,
        FileKind::Other => return Err(from.files.failed(&from.path, "not a regular file")),
    }
    match copier.left_out {
        0 => Ok(()),
        // Each was reported when it happened.
        left_out => Err(Error::new(Kind::Exit(1), format!("{left_out} files were not copied")).told()),
    }
}

impl Location {
    /// The path as the operations take it. On a host, empty and `~` are the login folder, where relative paths start
    /// anyway; here the user's shell has done that.
    fn start(&self) -> &str {
        let path = match self.files {
            Files::Local(_) => &self.path,
            Files::Remote(_) => in_login_folder(&self.path),
        };
        if path.is_empty() { "." } else { path }
    }
}

fn in_login_folder(path: &str) -> &str {
    if path == "~" { "" } else { path.strip_prefix("~/").unwrap_or(path) }
}

/// What the copy will be called: in an existing directory it keeps its name.
async fn target(to: &Location, source: &str) -> Result<String> {
    let path = to.start();
    match to.files.metadata(path).await? {
        Some(Metadata { kind: FileKind::Directory, .. }) => Ok(inside(path, last_name(source))),
        Some(_) if path.ends_with('/') => Err(to.files.failed(&to.path, "not a directory")),
        None if path.ends_with('/') => Ok(path.trim_end_matches('/').to_owned()),
        _ => Ok(path.to_owned()),
    }
}

/// The last part of a path; nothing for `.`, `..` and `/`, whose content is copied.
fn last_name(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit('/').next() {
        Some("." | "..") | None => "",
        Some(name) => name,
    }
}

fn inside(folder: &str, name: &str) -> String {
    match (folder, name) {
        (folder, "") => folder.to_owned(),
        (folder, name) if folder.ends_with('/') => format!("{folder}{name}"),
        (folder, name) => format!("{folder}/{name}"),
    }
}

struct Copier<'a> {
    from: &'a Files,
    to: &'a Files,
    how: How,
    console: &'a Console,
    left_out: u32,
}

impl Copier<'_> {
    async fn directory(&mut self, source: &str, target: &str, metadata: Metadata, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(self.from.failed(source, "too many levels of directories"));
        }
        match self.to.metadata(target).await? {
            Some(Metadata { kind: FileKind::Directory, .. }) => {}
            Some(_) => return Err(self.to.failed(target, "not a directory")),
            None => self.to.make_directory(target, metadata.mode).await?,
        }
        for name in self.from.names(source).await? {
            let (source, target) = (inside(source, &name), inside(target, &name));
            if let Err(error) = self.entry(&source, &target, depth).await {
                if error.kind() == Kind::Unreachable {
                    return Err(error);
                }
                self.console.warn(error.message());
                self.left_out += 1;
            }
        }
        Ok(())
    }

    /// One thing in a directory. Symbolic links are followed; one that leads nowhere is no file.
    async fn entry(&mut self, source: &str, target: &str, depth: usize) -> Result<()> {
        match self.from.metadata(source).await? {
            Some(metadata @ Metadata { kind: FileKind::Directory, .. }) => {
                Box::pin(self.directory(source, target, metadata, depth + 1)).await
            }
            Some(metadata @ Metadata { kind: FileKind::File, .. }) => self.file(source, target, metadata).await,
            Some(_) => Err(self.from.failed(source, "not a regular file")),
            None => Err(self.from.failed(source, "no such file or directory")),
        }
    }

    async fn file(&self, source: &str, target: &str, metadata: Metadata) -> Result<()> {
        let mut reader = self.from.read(source).await?;
        let mut writer = self.to.write(target, metadata.mode).await?;
        let bar = self.bar(source, metadata.size);
        let mut buffer = vec![0; PIECE];
        loop {
            let count = reader.read(&mut buffer).await.map_err(|error| self.from.failed(source, os_text(&error)))?;
            if count == 0 {
                break;
            }
            let written = writer.write_all(&buffer[..count]).await;
            written.map_err(|error| self.to.failed(target, os_text(&error)))?;
            bar.inc(count as u64);
        }
        finish(writer).await.map_err(|error| self.to.failed(target, os_text(&error)))?;
        bar.finish();
        Ok(())
    }

    fn bar(&self, source: &str, size: u64) -> ProgressBar {
        if !self.how.progress {
            return ProgressBar::hidden();
        }
        let style = "{msg:40} {percent:>3}% {bytes:>10} {bytes_per_sec:>12} {eta}";
        let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template(style).expect("a valid template"));
        bar.set_message(visible_line(last_name(source)).into_owned());
        bar.enable_steady_tick(Duration::from_millis(250));
        bar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_login_folder_has_three_spellings() {
        for (typed, path) in [("", ""), ("~", ""), ("~/", ""), ("~/a", "a"), ("/x", "/x"), ("a~", "a~")] {
            assert_eq!(in_login_folder(typed), path, "{typed:?}");
        }
        let here = Location { files: Files::Local("/".into()), path: "~/a".into() };
        assert_eq!(here.start(), "~/a");
    }

    #[test]
    fn a_copy_keeps_its_last_name() {
        for (path, name) in [("/a/b", "b"), ("b/", "b"), ("b", "b"), (".", ""), ("..", ""), ("a/.", ""), ("/", "")] {
            assert_eq!(last_name(path), name, "{path}");
        }
        assert_eq!(inside("/", "a"), "/a");
        assert_eq!(inside("d", "a"), "d/a");
        assert_eq!(inside("d", ""), "d");
    }

    fn local(folder: &std::path::Path, path: &str) -> Location {
        Location { files: Files::Local(folder.to_owned()), path: path.to_owned() }
    }

    #[tokio::test]
    async fn what_cannot_be_copied_is_reported_and_the_rest_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir(at("a")).unwrap();
        std::fs::write(at("a/file"), "text").unwrap();
        std::os::unix::fs::symlink("nowhere", at("a/broken")).unwrap();
        let console = Console::captured(&[]);
        let how = How { recursive: true, progress: false };
        let error = copy(&local(folder.path(), "a"), &local(folder.path(), "b"), how, &console).await.unwrap_err();
        assert_eq!(error.exit_status(), 1);
        assert_eq!(console.captured_text().1, "a/broken: no such file or directory\n");
        assert_eq!(std::fs::read_to_string(at("b/file")).unwrap(), "text");
    }

    #[tokio::test]
    async fn a_link_into_itself_ends() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("a/self")).unwrap();
        let how = How { recursive: true, progress: false };
        let ended = copy(&local(folder.path(), "a"), &local(folder.path(), "b"), how, &Console::captured(&[])).await;
        assert!(ended.is_err());
    }
}
