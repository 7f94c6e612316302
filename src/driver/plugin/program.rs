//! Which program is a driver's plugin.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::env::Env;

/// What stands before a driver's name in the name of its program.
pub(super) const PREFIX: &str = "docker-machine-driver-";

/// The plugin of a driver: in a folder of `PATH` that is written out in full and is not inside the store. Neither the
/// folder one happens to be in nor a machine folder that somebody handed over can bring a program with it.
pub(super) fn find(env: &Env, store: &Path, driver: &str) -> Option<PathBuf> {
    if !is_name(driver) {
        return None;
    }
    let file = format!("{PREFIX}{driver}");
    folders(env, store).map(|folder| folder.join(&file)).find(|file| is_program(file))
}

/// The folders in which plugins are looked for.
pub(super) fn folders<'e>(env: &'e Env, store: &'e Path) -> impl Iterator<Item = PathBuf> + 'e {
    let path = env.var("PATH").unwrap_or_default();
    std::env::split_paths(path).filter(move |folder| folder.is_absolute() && !folder.starts_with(store))
}

/// Whether a driver can be called so. The name comes from command lines and records, and becomes part of a path.
pub(super) fn is_name(driver: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !driver.is_empty() && driver.len() <= 128 && driver.chars().all(is_plain)
}

/// Whether a file can be run.
pub(super) fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn install(folder: &Path, driver: &str, mode: u32) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        let file = folder.join(format!("{PREFIX}{driver}"));
        fs::write(&file, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    #[test]
    fn the_first_folder_of_path_that_has_the_program_counts() {
        let home = tempfile::tempdir().unwrap();
        let (a, b, store) = (home.path().join("a"), home.path().join("b"), home.path().join("store"));
        let path = format!("{}:{}:{}", a.display(), store.join("bin").display(), b.display());
        let env = Env { vars: [("PATH".to_owned(), path)].into(), cwd: home.path().to_owned(), ..Env::default() };
        assert_eq!(find(&env, &store, "acme"), None);
        install(&a, "acme", 0o644);
        install(&store.join("bin"), "acme", 0o755);
        let real = install(&b, "acme", 0o755);
        assert_eq!(find(&env, &store, "acme"), Some(real));
    }

    #[test]
    fn the_current_folder_is_no_place_for_plugins() {
        let home = tempfile::tempdir().unwrap();
        install(home.path(), "acme", 0o755);
        for path in ["", ".", ":", "sub/..:"] {
            let vars = [("PATH".to_owned(), path.to_owned())].into();
            let env = Env { vars, cwd: home.path().to_owned(), ..Env::default() };
            assert_eq!(find(&env, Path::new("/nowhere"), "acme"), None, "{path:?}");
        }
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for name in ["../x", "a/b", "", "a b", "a\0", "ü", "a;b"] {
            assert!(!is_name(name), "{name:?}");
        }
        for name in ["hetzner", "g5k", "ci-test", "v1.2_x"] {
            assert!(is_name(name), "{name}");
        }
    }
}
