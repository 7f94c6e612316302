//! Where the store is: one root, never two.
//!
//! New homes keep machines in `~/.docker/machines`, with links from the original's `~/.docker/machine`; a home that
//! the original has used stays as it is.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Component, Path, PathBuf};

use super::list;
use crate::console::Console;
use crate::env::Env;
use crate::error::{Error, Result, os_text};
use crate::files::make_folder;

/// The variable that names the root when the flag does not.
pub const VARIABLE: &str = "MACHINE_STORAGE_PATH";

/// A store's root and how it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    path: PathBuf,
    /// The root is `~/.docker`, which is the docker CLI's folder too.
    shared: bool,
}

/// Finds the root: `--storage-path`, else `MACHINE_STORAGE_PATH`, else the home folder's. Makes nothing.
///
/// # Errors
/// There is no home folder.
pub fn find(env: &Env, flag: Option<&str>) -> Result<Root> {
    if let Some(path) = flag.filter(|path| !path.is_empty()).or_else(|| env.var(VARIABLE)) {
        return Ok(Root::explicit(&env.cwd.join(path)));
    }
    let home = env.var("HOME").map(PathBuf::from).or_else(|| env.passwd_home.clone());
    let home = home.filter(|home| !home.as_os_str().is_empty()).ok_or_else(|| {
        Error::msg("there is no home folder to keep machines in")
            .hint("name a folder with --storage-path, or set MACHINE_STORAGE_PATH")
    })?;
    let own = clean(&env.cwd.join(home).join(".docker"));
    let original = own.join("machine");
    if is_real_folder(&original.join("machines")) && fs::symlink_metadata(own.join("machines")).is_err() {
        return Ok(Root::explicit(&original));
    }
    Ok(Root { path: own, shared: true })
}

impl Root {
    /// A root that somebody named.
    pub fn explicit(path: &Path) -> Self {
        Self { path: clean(path), shared: false }
    }

    /// Absolute and clean.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the root is `~/.docker`, where files may be another program's.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// The line that `ls` prints when the original's folder has machines of its own beside ours.
    pub fn older_store(&self) -> Option<String> {
        let older = self.path.join("machine");
        if !self.shared || !is_real_folder(&older.join("machines")) {
            return None;
        }
        let count = list::entries(&older.join("machines")).map_or(0, |entries| entries.len());
        let place = older.display();
        (count > 0).then(|| {
            format!("{count} machine(s) of an older store are in {place}; use --storage-path {place} to reach them.")
        })
    }

    /// Makes the folders, and in a new home the links from the original's place.
    ///
    /// # Errors
    /// A folder cannot be made; links that cannot are a debug line.
    pub fn make(&self, console: &Console) -> Result<()> {
        make_folder(&self.path.join("machines"))?;
        make_folder(&self.path.join("certs"))?;
        if self.shared
            && let Err(error) = link_original(&self.path.join("machine"))
        {
            console.debug(format!("no links from the original's folder: {}", os_text(&error)));
        }
        Ok(())
    }
}

/// Only into a folder that is missing or empty: anything in it is somebody's.
fn link_original(folder: &Path) -> std::io::Result<()> {
    if fs::symlink_metadata(folder).is_err() {
        fs::DirBuilder::new().mode(0o700).create(folder)?;
    } else if !is_real_folder(folder) || fs::read_dir(folder)?.next().is_some() {
        return Ok(());
    }
    symlink("../machines", folder.join("machines"))?;
    symlink("../certs", folder.join("certs"))
}

fn is_real_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| data.is_dir())
}

/// Without `.`, `..` and doubled slashes, by the text alone, as Go's `filepath.Clean`.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = clean.pop(),
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(home: &Path, variable: &str) -> Env {
        let vars = [("HOME", home.to_str().unwrap()), (VARIABLE, variable)];
        Env {
            vars: vars.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            cwd: "/work".into(),
            ..Default::default()
        }
    }

    fn found(env: &Env, flag: Option<&str>) -> String {
        find(env, flag).unwrap().path().to_str().unwrap().to_owned()
    }

    #[test]
    fn the_flag_wins_over_the_variable_and_both_become_absolute_and_clean() {
        let home = Path::new("/nobody");
        assert_eq!(found(&env(home, "/v"), Some("./st/../x//y/")), "/work/x/y");
        assert_eq!(found(&env(home, "rel"), Some("")), "/work/rel");
        assert_eq!(found(&env(home, "/v/"), None), "/v");
        assert_eq!(found(&env(home, ""), None), "/nobody/.docker");
    }

    #[test]
    fn without_home_the_user_database_counts_and_without_both_it_is_an_error() {
        let mut env = Env { passwd_home: Some("/home/u".into()), ..Default::default() };
        assert_eq!(found(&env, None), "/home/u/.docker");
        env.passwd_home = None;
        assert!(find(&env, None).unwrap_err().hints()[0].contains("--storage-path"));
    }

    #[test]
    fn a_home_that_the_original_used_stays_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join(".docker/machine/machines")).unwrap();
        let root = find(&env(home.path(), ""), None).unwrap();
        assert_eq!(root.path(), home.path().join(".docker/machine"));
        root.make(&Console::captured(&[])).unwrap();
        assert!(!home.path().join(".docker/machines").exists());
    }

    #[test]
    fn a_new_home_gets_the_folders_and_the_original_s_paths() {
        let home = tempfile::tempdir().unwrap();
        let root = find(&env(home.path(), ""), None).unwrap();
        for _ in 0..2 {
            root.make(&Console::captured(&[])).unwrap();
        }
        let docker = home.path().join(".docker");
        assert_eq!(fs::read_link(docker.join("machine/machines")).unwrap(), Path::new("../machines"));
        assert_eq!(fs::read_link(docker.join("machine/certs")).unwrap(), Path::new("../certs"));
        fs::create_dir(docker.join("machine/machines/web")).unwrap();
        assert!(docker.join("machines/web").is_dir());
        assert_eq!((root.older_store(), find(&env(home.path(), ""), None).unwrap()), (None, root));
    }

    #[test]
    fn two_real_stores_are_told_apart() {
        let home = tempfile::tempdir().unwrap();
        let docker = home.path().join(".docker");
        fs::create_dir_all(docker.join("machines")).unwrap();
        fs::create_dir_all(docker.join("machine/machines/old")).unwrap();
        let root = find(&env(home.path(), ""), None).unwrap();
        assert_eq!(root.path(), docker);
        let older = docker.join("machine").display().to_string();
        let line = format!("1 machine(s) of an older store are in {older}; use --storage-path {older} to reach them.");
        assert_eq!(root.older_store().unwrap(), line);
    }
}
