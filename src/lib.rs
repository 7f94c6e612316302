//! docker-machine: from nothing to a secured Docker host in one command.
//!
//! A *driver* makes and controls a computer. *Provisioning* knows Docker and Linux families and works on a
//! [`ssh::Remote`]. A *machine* joins the two and owns the order of things. The *store* knows files and JSON.
//! *Commands* know flags and wording.

pub mod certs;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod console;
pub mod context;
pub mod docker;
pub mod driver;
pub mod env;
pub mod error;
pub mod files;
#[doc(hidden)]
pub mod fuzzing;
pub mod gob;
pub mod interrupt;
pub mod json;
pub mod loopback;
pub mod machine;
pub mod names;
pub mod plugin_protocol;
pub mod provision;
pub mod random;
pub mod rpc;
pub mod serve;
pub mod shared;
pub mod shell;
pub mod ssh;
pub mod store;
pub mod table;
pub mod template;
pub mod version;
pub mod wait;
