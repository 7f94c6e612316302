//! Which program is a driver's plugin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::env::{Env, is_executable};
use crate::plugin_protocol::PREFIX;

/// The program that serves a driver: its plugin, or for one of the original's own a provider.
pub fn find(env: &Env, store: &Path, driver: &str) -> Option<PathBuf> {
    let provided = || CORE.contains(&driver).then(|| provider(env, store)).flatten();
    plugin(env, store, driver).or_else(provided)
}

/// The plugin of a driver: in a folder of `PATH` that is written out in full and is not inside the store. Neither the
/// folder one happens to be in nor a machine folder that somebody handed over can bring a program with it.
fn plugin(env: &Env, store: &Path, driver: &str) -> Option<PathBuf> {
    if !is_name(driver) {
        return None;
    }
    let file = format!("{PREFIX}{driver}");
    folders(env, store).map(|folder| folder.join(&file)).find(|file| is_executable(file))
}

/// The drivers that the original has built in. A program of its family serves those that it has, one process for each.
pub const CORE: &[&str] = &[
    "amazonec2",
    "azure",
    "digitalocean",
    "exoscale",
    "generic",
    "google",
    "hyperv",
    "none",
    "openstack",
    "rackspace",
    "softlayer",
    "virtualbox",
    "vmwarefusion",
    "vmwarevcloudair",
    "vmwarevsphere",
];
/// The variable that names such a program.
const PROVIDER: &str = "MACHINE_DRIVER_PROVIDER";
/// The one that is looked for if it does not.
const USUAL_PROVIDER: &str = "rancher-machine";

/// The program that serves the original's own drivers: the one that the user names, else a usual one on `PATH`.
pub fn provider(env: &Env, store: &Path) -> Option<PathBuf> {
    match env.var(PROVIDER) {
        Some(named) => Some(PathBuf::from(named)).filter(|file| file.is_absolute() && is_executable(file)),
        None => folders(env, store).map(|folder| folder.join(USUAL_PROVIDER)).find(|file| is_executable(file)),
    }
}

/// The plugins of `PATH` by driver name, the first of each name.
pub fn installed(env: &Env, store: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for folder in folders(env, store) {
        let Ok(entries) = folder.read_dir() else { continue };
        for file in entries.flatten().map(|entry| entry.path()) {
            let name = file.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(PREFIX));
            if let Some(name) = name.filter(|name| is_name(name) && is_executable(&file)) {
                found.entry(name.to_owned()).or_insert_with(|| file.clone());
            }
        }
    }
    found
}

/// The folders in which plugins are looked for.
fn folders<'e>(env: &'e Env, store: &'e Path) -> impl Iterator<Item = PathBuf> + 'e {
    let path = env.var("PATH").unwrap_or_default();
    std::env::split_paths(path).filter(move |folder| folder.is_absolute() && !folder.starts_with(store))
}

/// Whether a driver can be called so. The name comes from command lines and records, and becomes part of a path.
pub(super) fn is_name(driver: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !driver.is_empty() && driver.len() <= 128 && driver.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

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
    fn a_provider_serves_the_original_s_drivers_for_which_there_is_no_plugin() {
        let home = tempfile::tempdir().unwrap();
        let bin = home.path().join("bin");
        let google = install(&bin, "google", 0o755);
        let rancher = bin.join("rancher-machine");
        fs::copy(&google, &rancher).unwrap();
        let mut env = Env { vars: [("PATH".to_owned(), bin.display().to_string())].into(), ..Env::default() };
        let found = |env: &Env, driver: &str| find(env, Path::new("/nowhere"), driver);
        assert_eq!(found(&env, "google"), Some(google.clone()));
        assert_eq!(found(&env, "azure"), Some(rancher));
        assert_eq!(found(&env, "hetzner"), None);
        env.vars.insert(PROVIDER.to_owned(), google.display().to_string());
        assert_eq!(found(&env, "azure"), Some(google));
        for elsewhere in ["rancher-machine", "/nowhere/docker-machine"] {
            env.vars.insert(PROVIDER.to_owned(), elsewhere.to_owned());
            assert_eq!(found(&env, "azure"), None, "{elsewhere}");
        }
    }

    #[test]
    fn what_is_installed_is_listed_once() {
        let home = tempfile::tempdir().unwrap();
        let (a, b) = (home.path().join("a"), home.path().join("b"));
        let first = install(&a, "acme", 0o755);
        install(&b, "acme", 0o755);
        install(&b, "plain", 0o644);
        let second = install(&b, "beta", 0o755);
        let path = format!("{}:{}:/nowhere", a.display(), b.display());
        let env = Env { vars: [("PATH".to_owned(), path)].into(), ..Env::default() };
        let expected = [("acme".to_owned(), first), ("beta".to_owned(), second)];
        assert_eq!(installed(&env, Path::new("/store")), expected.into());
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
