//! The prompt and the wrapper as functions, in bash and zsh in strict mode.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::Sandbox;

const SHELLS: [&[&str]; 2] = [&["bash", "--norc", "-euc"], &["zsh", "-f", "-euc"]];

/// What a script prints after a file of `completions/` was read. `docker-machine` is a stand-in that prints `$STATE`,
/// and fails if that is empty.
#[track_caller]
fn prints(shell: &[&str], file: &str, script: &str) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("bin/docker-machine", "#!/bin/sh\n[ -n \"$STATE\" ] && echo \"$STATE\"\n");
    std::fs::set_permissions(sandbox.path("bin/docker-machine"), PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(format!("source {}\n{script}", path(file))).env_clear();
    command.env("PATH", format!("{}:/usr/bin:/bin", sandbox.path("bin").display()));
    let output = command.output().expect("the shell is installed: see tests/setup");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((error.as_str(), output.status.code()), ("", Some(0)), "{shell:?}: {script}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_prompt_names_the_machine_and_marks_its_state() {
    let ask = "export DOCKER_MACHINE_NAME=web STATE; DOCKER_MACHINE_PS1_SHOWSTATUS=true";
    for shell in SHELLS {
        let prompt =
            |script: &str| prints(shell, "docker-machine-prompt.bash", &format!("{script}; __docker_machine_ps1"));
        assert_eq!(prompt("true"), "");
        assert_eq!(prompt("DOCKER_MACHINE_NAME="), "");
        assert_eq!(prompt("DOCKER_MACHINE_NAME=web"), " [web]");
        assert_eq!(prompt("DOCKER_MACHINE_NAME=web; __docker_machine_ps1 '-%s-'"), "-web- [web]");
        for (state, mark) in [
            ("Running", "R"),
            ("Stopping", "R->S"),
            ("Starting", "S->R"),
            ("Error", "E"),
            ("Timeout", "E"),
            ("Stopped", "S"),
            ("Saved", "S"),
            // The program failed.
            ("", "S"),
        ] {
            assert_eq!(prompt(&format!("{ask}; STATE={state}")), format!(" [web {mark}]"), "{state}");
        }
    }
}

#[test]
fn the_wrapper_can_be_left_out() {
    let file = "docker-machine-wrapper.bash";
    for shell in SHELLS {
        assert_eq!(prints(shell, file, "alias | grep -c __docker_machine_wrapper"), "1\n");
        let again = format!("unalias docker-machine; DOCKER_MACHINE_WRAPPED=false; source {}", path(file));
        assert_eq!(prints(shell, file, &format!("{again}; alias | grep -c __docker_machine_wrapper || :")), "0\n");
        let state = "export STATE='export DOCKER_MACHINE_NAME=\"web\"'; __docker_machine_wrapper";
        assert_eq!(prints(shell, file, &format!("{state} use web")), "Active machine: web\n");
        assert_eq!(prints(shell, file, &format!("{state} status web")), "export DOCKER_MACHINE_NAME=\"web\"\n");
        let fails = "__docker_machine_wrapper use web || echo \"failed: ${DOCKER_MACHINE_NAME-unchanged}\"";
        assert_eq!(prints(shell, file, &format!("export STATE=; {fails}")), "failed: unchanged\n");
    }
}

fn path(file: &str) -> String {
    format!("'{}/completions/{file}'", env!("CARGO_MANIFEST_DIR"))
}
