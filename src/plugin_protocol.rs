//! What both sides of a driver plugin agree on: how it is started, and the names of its service.

/// What stands before a driver's name in the name of its program.
pub const PREFIX: &str = "docker-machine-driver-";

/// Says to a plugin that it is started by a host: a variable and its value, which is the same for everybody.
pub const TOKEN: (&str, &str) = ("MACHINE_PLUGIN_TOKEN", "42");

/// The variable that tells a program which serves several drivers which one is wanted.
pub const DRIVER_NAME: &str = "MACHINE_PLUGIN_DRIVER_NAME";

/// Both names of the service: since 2015, and before.
pub const SERVICES: [&str; 2] = ["RPCServerDriver", "RpcServerDriver"];

/// What every plugin answers to `GetVersion`.
pub const API_VERSION: i64 = 1;
