//! The program on real hosts: systemd, sshd, dockerd and the real docker CLI, in network namespaces of their own.
//!
//! Needs root on Linux; `tests/setup` installs the rest. Nothing is skipped: where the lab cannot run, tests fail.

mod support {
    pub mod lab;
    pub mod run;
}

mod bad_input;
mod create;
mod existing_docker;
mod interrupted;
mod keys;
mod lifecycle;
mod options;
mod provisioning;
mod races;
mod ssh;
