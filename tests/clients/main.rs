//! Programs that call docker-machine: the packages that can be installed, and the exact calls of those that cannot.
//!
//! Needs root on Linux, npm and Python; `tests/setup` installs them.

#[expect(dead_code, reason = "the tests on real hosts use the rest")]
#[path = "../e2e/support"]
mod support {
    pub mod lab;
    pub mod midway;
    pub mod run;
}

mod calls;
mod cluster_odm;
mod gitlab_runner;
mod java;
mod orchestrators;
mod packages;
