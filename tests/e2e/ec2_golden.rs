//! Golden invocations of a machine that can be stopped: `tests/golden/lifecycle.txt`, in the region.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::player::{Stage, play_file, replace_all};
use crate::support::lab::PROGRAM;
use crate::support::region::Region;

/// A region; `fault: WORDS` lets something go wrong there.
struct Cloud {
    region: Region,
    programs: PathBuf,
}

impl Cloud {
    fn new() -> Self {
        let region = Region::new();
        let programs = region.home.path().join("bin");
        std::fs::create_dir(&programs).expect("a folder");
        symlink(PROGRAM, programs.join("docker-machine")).expect("a link");
        Self { region, programs }
    }
}

impl Stage for Cloud {
    fn prepare(&mut self, word: &str, rest: &str) {
        assert_eq!(word, "fault", "nothing is known of `{word}: {rest}`");
        self.region.fault(rest);
    }

    fn shell(&self, script: &str) -> Command {
        let mut command = self.region.command("/bin/bash");
        command.args(["-c", script]).stdin(Stdio::null()).current_dir(self.region.home.path());
        command.env("PATH", format!("{}:/usr/bin:/bin", self.programs.display()));
        command
    }

    fn store(&self) -> PathBuf {
        self.region.home.path().join(".docker")
    }

    fn with_placeholders(&self, text: &str) -> String {
        let patterns = [
            (r"\bi-[0-9a-f]{17}\b", "<INSTANCE>"),
            (r"\bami-[0-9a-f]{17}\b", "<AMI>"),
            (r"request id: [0-9A-Za-z-]+", "request id: <REQUEST>"),
            (r"\b54\.\d+\.\d+\.\d+\b", "<IP>"),
            (r"stays [0-9][^ ]*: ", "stays <DOCKER>: "),
        ];
        replace_all(text, &patterns)
    }
}

#[test]
fn programs_see_the_life_cycle_that_the_original_showed() {
    play_file(&mut Cloud::new(), "lifecycle.txt");
}
