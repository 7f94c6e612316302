//! The program on real hosts: systemd, sshd, dockerd and the real docker CLI, in network namespaces of their own.
//!
//! Needs root on Linux; `tests/setup` installs the rest. Nothing is skipped: where the lab cannot run, tests fail.

mod support {
    pub mod lab;
    pub mod midway;
    pub mod region;
    pub mod run;
}

#[path = "../failing/mod.rs"]
mod failing;
#[path = "../golden/player.rs"]
mod player;
#[path = "../plugins/mod.rs"]
mod plugin_programs;
#[path = "../words/mod.rs"]
mod words;

mod bad_input;
mod create;
mod demo;
mod ec2_accounts;
mod ec2_clients;
mod ec2_credentials;
mod ec2_faults;
mod ec2_fleet;
mod ec2_gc;
mod ec2_golden;
mod ec2_killed;
mod ec2_life;
mod ec2_resume;
mod ec2_resume_matrix;
mod ec2_stores;
mod ec2_variants;
mod ec2_walk;
mod engines;
mod existing_docker;
mod failing_files;
mod host_keys;
mod interrupted;
mod keys;
mod lifecycle;
mod options;
mod plugins;
mod power_cut;
mod provisioning;
mod races;
mod ssh;
mod systemd;
mod together;
