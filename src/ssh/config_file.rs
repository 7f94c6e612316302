//! OpenSSH's configuration as text: a section for each machine.

use super::SshTarget;
use super::external::{host_key_options, literal, quoted};
use super::hostkeys::HostKeyPolicy;

/// A file in which each machine goes by its alias, and which then goes on to the user's own files.
pub fn text<'t>(targets: impl IntoIterator<Item = &'t SshTarget>, policy: HostKeyPolicy) -> String {
    let sections: String = targets.into_iter().map(|target| section(target, policy)).collect();
    // Inside `Host *`, so that sections of the user's files are looked at for all of them.
    format!("{sections}Host *\nInclude ~/.ssh/config\nInclude /etc/ssh/ssh_config\n")
}

fn section(target: &SshTarget, policy: HostKeyPolicy) -> String {
    let mut lines = vec![format!("Host {}", target.alias), format!("HostName {}", target.host)];
    lines.push(format!("Port {}", target.port));
    let options = host_key_options(target, policy);
    lines.extend(options.iter().map(|option| option.replacen('=', " ", 1)));
    if let Some(key) = &target.key {
        lines.push("IdentitiesOnly yes".to_owned());
        lines.push(format!("IdentityFile {}", quoted(&literal(&key.display().to_string()))));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_machine_has_a_section() {
        let target = SshTarget { key: Some("/k y".into()), ..SshTarget::for_test() };
        let expected = "Host web\nHostName 192.0.2.7\nPort 2222\nStrictHostKeyChecking accept-new\n\
            UserKnownHostsFile /m/web/known_hosts\nHostKeyAlias web\nIdentitiesOnly yes\nIdentityFile \"/k y\"\n\
            Host *\nInclude ~/.ssh/config\nInclude /etc/ssh/ssh_config\n";
        assert_eq!(text([&target], HostKeyPolicy::Pinned), expected);
    }
}
