//! The host keys that an instance shows on its console, and what it means when there are none.

use std::time::Duration;

use regex_lite::Regex;

use super::model::{ApiResult, ConsoleOutput};
use crate::driver::HostKeys;
use crate::ssh::Vouching;
use crate::ssh::vouching::HostKey;

/// Who vouches, for people.
const CONSOLE: &str = "the EC2 console";
/// How long after its start an instance may still be in its first boot.
const FIRST_BOOT: Duration = Duration::from_secs(600);

/// What a console is worth waiting for, once sshd answers, where cloud-init has said that it is at work: it shows the
/// keys in its last stage.
const AT_WORK: Duration = Duration::from_secs(30);
/// Where the boot has come to logins, and no cloud-init has been heard of.
const BOOTED: Duration = Duration::from_secs(10);
/// Where there is nothing to judge by: the console is behind, or the image writes to another one.
const SILENT: Duration = Duration::from_secs(15);

/// What EC2's answer says. `up`: how long the instance has been on.
pub fn read(answer: ApiResult<ConsoleOutput>, up: Duration) -> HostKeys {
    let output = match answer {
        Ok(output) => output,
        Err(error) if error.is_denied() => return HostKeys::Never("ec2:GetConsoleOutput is not allowed".to_owned()),
        Err(error) if error.is_bad_credentials() => return HostKeys::Never(format!("EC2 says {}", error.code)),
        Err(error) => return silent(format!("the console cannot be read: EC2 says {}", error.code)),
    };
    let keys = shown(&output.text);
    if !keys.is_empty() {
        return HostKeys::Known(Vouching::Known { by: CONSOLE.to_owned(), keys });
    }
    let why = "the console shows no host keys".to_owned();
    if is_finished(&output.text) {
        return HostKeys::Never(why);
    }
    let is_hopeful = output.is_latest && up < FIRST_BOOT;
    HostKeys::NotYet { why, worth: if is_hopeful { worth(&output.text) } else { Duration::ZERO } }
}

/// Nothing is known about the console at the moment.
pub fn silent(why: String) -> HostKeys {
    HostKeys::NotYet { why, worth: SILENT }
}

/// How long the keys may still take after such a text.
fn worth(text: &str) -> Duration {
    let text = plain(text);
    let logins =
        Regex::new("(?im)^[^ \r\n]+ login:|start(ed|ing) .*(sshd|ssh\\.service|openssh|secure shell)|multi-user");
    if text.contains("Cloud-init v. ") || text.contains("cloud-init[") {
        AT_WORK
    } else if logins.expect("the pattern is right").is_match(&text) {
        BOOTED
    } else {
        SILENT
    }
}

/// The host keys in a console's text, as cloud-init shows them: fingerprints behind `ec2: `, perhaps with a time
/// before, then the keys themselves. Lines of others come between; colours and carriage returns are no obstacle. A list
/// counts when its end is there: half of one would speak against the keys of the other half.
pub fn shown(text: &str) -> Vec<HostKey> {
    let mut keys: Vec<HostKey> = Vec::new();
    let mut list: Option<Vec<HostKey>> = None;
    for line in plain(text).split(['\r', '\n']) {
        if line.contains("-----BEGIN SSH HOST KEY ") {
            list = Some(Vec::new());
        } else if line.contains("-----END SSH HOST KEY ") {
            keys.extend(list.take().unwrap_or_default());
        } else if let Some(list) = &mut list {
            list.extend(HostKey::find(line));
        }
    }
    keys
}

/// cloud-init's last words; the keys come before them.
fn is_finished(text: &str) -> bool {
    text.lines().any(|line| line.contains("Cloud-init v. ") && line.contains(" finished at "))
}

/// Without the terminal's escape sequences.
fn plain(text: &str) -> String {
    let escapes = Regex::new("\x1b(\\[[0-9;?]*[ -/]*[@-~]|[@-Z\\\\^_])").expect("the pattern is right");
    escapes.replace_all(text, "").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::amazonec2::model::ApiError;

    const ED25519: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const PRINT: &str = "SHA256:51Uc0w7SF+qBu0LzYEVOV531b9sV9VYj9uv/oclxFxg";

    fn output(text: &str, is_latest: bool) -> ApiResult<ConsoleOutput> {
        Ok(ConsoleOutput { text: text.to_owned(), is_latest })
    }

    fn error(code: &str) -> ApiResult<ConsoleOutput> {
        Err(ApiError { code: code.to_owned(), ..ApiError::default() })
    }

    #[test]
    fn keys_are_found_between_the_words_of_others() {
        let text = format!(
            "[   12.1] cloud-init[900]: AAAA\r\n256 {PRINT} outside (ED25519)\r\n\
             <14>Nov 24 19:10:12 ip-10-0-0-1 ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----\r\n\
             [  OK  ] Started \x1b[0;1;39mlogin\x1b[0m.\r\r\n\
             <14>Nov 24 19:10:12 ip-10-0-0-1 ec2: 256 \x1b[1m{PRINT}\x1b[0m root@vm (ECDSA)\r\n\
             <14>Nov 24 19:10:12 ip-10-0-0-1 ec2: -----END SSH HOST KEY FINGERPRINTS-----\r\n\
             -----BEGIN SSH HOST KEY KEYS-----\r\nssh-ed25519 {ED25519} root@vm\r\n"
        );
        let kinds = |text: &str| shown(text).into_iter().map(|key| key.kind.unwrap()).collect::<Vec<_>>();
        assert_eq!(kinds(&text), ["ECDSA"], "a list without its end");
        assert_eq!(kinds(&format!("{text}-----END SSH HOST KEY KEYS-----\r\n")), ["ECDSA", "ED25519"]);
    }

    #[test]
    fn a_console_without_keys_is_asked_again_while_there_is_hope() {
        let (young, old) = (Duration::from_secs(60), Duration::from_secs(6000));
        let worth = |answer: ApiResult<ConsoleOutput>, up| match read(answer, up) {
            HostKeys::NotYet { worth, .. } => worth,
            other => panic!("{other:?}"),
        };
        assert_eq!(worth(output("", true), young), SILENT);
        assert_eq!(worth(output("[    0.0] Linux version 6.12", true), young), SILENT);
        for booted in [
            "\r\n\r\nDebian GNU/Linux 13 ip-10-0-0-1 ttyS0\r\n\r\nip-10-0-0-1 login: ",
            "[\x1b[0;32m  OK  \x1b[0m] Started \x1b[0;1;39mssh.service\x1b[0m - OpenBSD Secure Shell server.\r\n",
            "[  OK  ] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\n",
            " * Starting sshd ... [ ok ]\r\n",
        ] {
            assert_eq!(worth(output(booted, true), young), BOOTED, "{booted:?}");
            let at_work = format!("[   9.1] cloud-init[612]: Cloud-init v. 25.1.4 running 'init'\r\n{booted}");
            assert_eq!(worth(output(&at_work, true), young), AT_WORK);
        }
        // A boot long ago, and output that is minutes old.
        assert_eq!(worth(output("", true), old), Duration::ZERO);
        assert_eq!(worth(output("booting", false), young), Duration::ZERO);
        let finished = "Cloud-init v. 25.1.4-0ubuntu0~24.04.1 finished at Tue, 24 Nov 2026 19:10:12 +0000. Up 9 s";
        assert!(matches!(read(output(finished, true), young), HostKeys::Never(_)));
        assert_eq!(worth(error("RequestLimitExceeded"), young), SILENT);
        assert_eq!(
            read(error("UnauthorizedOperation"), young),
            HostKeys::Never("ec2:GetConsoleOutput is not allowed".into())
        );
    }
}
