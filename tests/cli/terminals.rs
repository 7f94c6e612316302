//! Completion, prompt and `use`, as a person sees them: recorded in bash, zsh and fish on a terminal.

use snapbox::str;

use crate::query::Fleet;
use crate::ssh;
use crate::support::Sandbox;
use crate::support::sshd::Sshd;
use crate::support::terminal::Terminal;

/// What bash and zsh are set up with, strict mode included: an unset variable or a failure ends the shell.
const SCRIPTS: &str = "for part in SHELL prompt wrapper; do source <(docker-machine completion $part); done\n";

fn bash<'s>(sandbox: &'s Sandbox, before: &str) -> Terminal<'s> {
    let scripts = SCRIPTS.replace("SHELL", "bash");
    sandbox.write(".bashrc", format!("{before}\nset -eu\nPS1='$ '\nbind 'set enable-bracketed-paste off'\n{scripts}"));
    Terminal::open(sandbox, "bash --noprofile")
}

fn zsh(sandbox: &Sandbox) -> Terminal<'_> {
    let scripts = SCRIPTS.replace("SHELL", "zsh");
    let start = "PS1='$ '\nautoload -U compinit\ncompinit -D -u\n";
    sandbox.write(".zshrc", format!("{start}{scripts}setopt err_exit no_unset prompt_subst\n"));
    Terminal::open(sandbox, "zsh -d")
}

fn fish(sandbox: &Sandbox) -> Terminal<'_> {
    let script = sandbox.run("completion fish").output().stdout;
    sandbox.write(".config/fish/completions/docker-machine.fish", script);
    let prompt = "function fish_prompt; echo '$ '; end\nset -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n";
    sandbox.write(".config/fish/config.fish", prompt);
    Terminal::open(sandbox, "fish")
}

/// Clears line and screen.
const CLEAR: &str = "\x15\x0c";

impl Terminal<'_> {
    /// Types on an empty screen.
    fn anew(&self, keys: &str) -> &Self {
        self.types(CLEAR).types(keys)
    }
}

#[test]
fn tab_in_bash() {
    let fleet = Fleet::new();
    fleet.sandbox.write("my key.pem", "");
    let terminal = bash(&fleet.sandbox, "");
    terminal.shows(str![[r#"
$

"#]]);
    terminal.types("docker-machine reg\t\t\t").shows(str![[r#"
$ docker-machine regenerate-certs
alpha    beta10   beta9
$ docker-machine regenerate-certs

"#]]);
    terminal.types("be\t1\t--f\t").shows(str![[r#"
$ docker-machine regenerate-certs
alpha    beta10   beta9
$ docker-machine regenerate-certs beta10 --force

"#]]);
    terminal.anew("docker-machine create -d generic --generic-\t\t").shows(str![[r#"
$ docker-machine create -d generic --generic-
--generic-engine-port    --generic-ssh-host-key   --generic-ssh-port
--generic-ip-address     --generic-ssh-key        --generic-ssh-user
$ docker-machine create -d generic --generic-

"#]]);
    terminal.anew("docker-machine create -d amazonec2 --amazonec2-region us-w\t\t\t").shows(str![[r#"
$ docker-machine create -d amazonec2 --amazonec2-region us-west-
us-west-1   us-west-2
$ docker-machine create -d amazonec2 --amazonec2-region us-west-

"#]]);
    terminal.anew("docker-machine ls --filter=dr\tn\t--qu\t\r").shows(str![[r#"
$ docker-machine ls --filter=driver=none --quiet
alpha
beta10
beta9
$

"#]]);
    terminal.anew("docker-machine --tls-ca-cert my\t").shows(str![[r#"
$ docker-machine --tls-ca-cert my\ key.pem

"#]]);
    terminal.anew("docker-machine u\t\t").shows(str![[r#"
$ docker-machine u
upgrade   url       use
$ docker-machine u

"#]]);
}

#[test]
fn a_wrong_flag_at_a_terminal_leaves_its_error_in_sight() {
    let fleet = Fleet::new();
    let terminal = bash(&fleet.sandbox, "");
    terminal.shows(str![[r#"
$

"#]]);
    terminal.types("docker-machine ls --quite || :\r").shows(str![[r#"
$ docker-machine ls --quite || :
flag provided but not defined: -quite
hint: did you mean `--quiet`?
hint: `docker-machine ls --help` shows how to call it
$

"#]]);
    terminal.anew("docker-machine inspect --help\r").shows(str![[r#"
$ docker-machine inspect --help
Show everything that is recorded about a machine

Usage: docker-machine inspect [OPTIONS] [NAME]...

Arguments:
  [NAME]...  The machine; without one `default`

Options:
  -f, --format <FORMAT>  Fill in this Go template instead of printing JSON
  -h, --help             Show this help
$

"#]]);
}

#[test]
fn tab_in_bash_beside_the_completions_of_a_distribution() {
    let fleet = Fleet::new();
    let terminal = bash(&fleet.sandbox, "source /usr/share/bash-completion/bash_completion");
    terminal.shows(str![[r#"
$

"#]]);
    terminal.types("docker-machine scp al\t/tmp alpha\\:\t").shows(str![[r#"
$ docker-machine scp alpha:/tmp alpha\:

"#]]);
    terminal.anew("docker-machine env --sh\tf\tb\t\t").shows(str![[r#"
$ docker-machine env --shell fish beta

"#]]);
}

#[test]
fn tab_in_zsh() {
    let fleet = Fleet::new();
    fleet.sandbox.write("my key.pem", "");
    let terminal = zsh(&fleet.sandbox);
    terminal.shows(str![[r#"
$

"#]]);
    terminal.types("docker-machine reg\t\t").shows(str![[r#"
$ docker-machine regenerate-certs
alpha          -- none 127.AA.B.CC:2376
beta10  beta9  -- none 127.AA.B.CC:9

"#]]);
    terminal.types("be\t1\t--f\t").shows(str![[r#"
$ docker-machine regenerate-certs beta10 --force

"#]]);
    terminal.anew("docker-machine create -d generic --generic-\t").shows(str![[r#"
$ docker-machine create -d generic --generic-
--generic-engine-port   -- Port of the Docker engine
--generic-ip-address    -- Address or name of the host
--generic-ssh-host-key  -- The host's key: SHA256:... or a file with it (def
--generic-ssh-key       -- Private key of the SSH user; without it the agent
--generic-ssh-port      -- Port of the SSH server
--generic-ssh-user      -- User to log in as: root, or one with sudo

"#]]);
    terminal.anew("docker-machine create -d amazonec2 --amazonec2-region us-w\t\t").shows(str![[r#"
$ docker-machine create -d amazonec2 --amazonec2-region us-west-
us-west-1  -- N. California
us-west-2  -- Oregon

"#]]);
    terminal.anew("docker-machine ls --filter=dr\tn\t--qu\t\r").shows(str![[r#"
$ docker-machine ls --filter=driver=none --quiet
alpha
beta10
beta9
$

"#]]);
    terminal.anew("docker-machine --tls-ca-cert my\t").shows(str![[r#"
$ docker-machine --tls-ca-cert my\ key.pem

"#]]);
    terminal.anew("docker-machine u\t").shows(str![[r#"
$ docker-machine u
upgrade  -- Bring machines to the newest Docker
url      -- Print the address of a machine's Docker Engine
use      -- Point this shell's Docker client at a machine

"#]]);
}

#[test]
fn tab_in_fish() {
    let fleet = Fleet::new();
    fleet.sandbox.write("my key.pem", "");
    let terminal = fish(&fleet.sandbox);
    terminal.shows(str![[r#"
$

"#]]);
    terminal.types("docker-machine reg\t\t").shows(str![[r#"
$ docker-machine regenerate-certs
alpha  (none 127.AA.B.CC:2376)  beta10  (none 127.AA.B.CC:9)
beta9     (none 127.AA.B.CC:9)

"#]]);
    terminal.anew("docker-machine create -d generic --generic-\t").shows(str![[r#"
$ docker-machine create -d generic --generic-
…-generic-engine-port                                (Port of the Docker engine)
…-generic-ip-address                               (Address or name of the host)
…-generic-ssh-host-key  (The host's key: SHA256:... or a file with it (default…)
…-generic-ssh-key  (Private key of the SSH user; without it the agent and the …)
…-generic-ssh-port                                      (Port of the SSH server)
…-generic-ssh-user                   (User to log in as: root, or one with sudo)

"#]]);
    terminal.anew("docker-machine create -d amazonec2 --amazonec2-region us-w\t\t").shows(str![[r#"
$ docker-machine create -d amazonec2 --amazonec2-region us-west-1
us-west-1  (N. California)  us-west-2  (Oregon)

"#]]);
    terminal.anew("docker-machine ls --filter=dr\tn\t--qu\t\r").shows(str![[r#"
$ docker-machine ls --filter=driver=none --quiet
alpha
beta10
beta9
$

"#]]);
    terminal.anew("docker-machine --tls-ca-cert my\t").shows(str![[r#"
$ docker-machine --tls-ca-cert my\ key.pem

"#]]);
}

type Open = fn(&Sandbox) -> Terminal<'_>;

#[test]
fn tab_finds_paths_on_a_machine() {
    let server = Sshd::start();
    for open in [|sandbox| bash(sandbox, ""), zsh, fish] as [Open; 3] {
        let sandbox = Sandbox::new();
        ssh::machine(&sandbox, "web", &server);
        // The record is made below `store`.
        std::os::unix::fs::symlink("store", sandbox.path(".docker")).unwrap();
        let terminal = open(&sandbox);
        terminal.awaits("$ ").types("docker-machine scp we\t/usr/lib/os-rel\t.");
        terminal.shows("$ docker-machine scp web:/usr/lib/os-release .");
    }
}

/// The lines of the README, as somebody types them who has nothing in the home folder.
#[test]
fn completion_is_installed_as_the_readme_says() {
    let readme = include_str!("../../README.md");
    for shell in ["bash", "zsh", "fish"] {
        let row = readme.lines().find_map(|line| line.strip_prefix(&format!("| {shell} | `"))).expect("its line");
        let line = row.split('`').next().expect("a line to type");
        let sandbox = Sandbox::new();
        let mut typed = std::process::Command::new(shell);
        typed.args(["-c", line]).env_clear().env("HOME", sandbox.home()).env("PATH", sandbox.program_path());
        assert!(typed.status().expect("it is installed: see tests/setup").success(), "{line}");
        let terminal = Terminal::open(&sandbox, shell);
        terminal.awaits_end("").types("docker-machine regen\t").awaits_end("docker-machine regenerate-certs");
    }
}

/// Points the shell at a machine and back, with the prompt telling which.
fn use_and_prompt(terminal: &Terminal<'_>) {
    terminal.awaits("$ ");
    for (line, prompt) in [
        ("PS1='$(__docker_machine_ps1)$ '; clear", "$ "),
        ("docker-machine use al\t", " [alpha]$ "),
        ("echo $DOCKER_HOST", " [alpha]$ "),
        ("DOCKER_MACHINE_PS1_SHOWSTATUS=true", " [alpha R]$ "),
        ("__docker_machine_ps1 '<%s>\\n'", " [alpha R]$ "),
        ("docker-machine use no-such || echo still here", " [alpha R]$ "),
        ("docker-machine use --unset", "$ "),
        ("docker-machine use | head -3", "$ "),
    ] {
        terminal.enters(line).awaits(prompt);
    }
}

#[test]
fn use_and_prompt_in_bash_and_zsh() {
    let fleet = Fleet::new();
    for open in [|sandbox| bash(sandbox, ""), zsh] as [Open; 2] {
        let terminal = open(&fleet.sandbox);
        use_and_prompt(&terminal);
        terminal.shows(str![[r#"
$ docker-machine use alpha
Active machine: alpha
 [alpha]$ echo $DOCKER_HOST
tcp://127.AA.B.CC:2376
 [alpha]$ DOCKER_MACHINE_PS1_SHOWSTATUS=true
 [alpha R]$ __docker_machine_ps1 '<%s>\n'
<alpha R>
 [alpha R]$ docker-machine use no-such || echo still here
Docker machine "no-such" does not exist. Use "docker-machine ls" to list machine
s. Use "docker-machine create" to add a new one.
still here
 [alpha R]$ docker-machine use --unset
Active machine:
$ docker-machine use | head -3
Usage: docker-machine use [OPTIONS] [arg...]

Point this shell's Docker client at a machine
$

"#]]);
    }
}
