//! From words to a command: the tree of commands, Go's flag grammar, environment, help, exit status.

pub mod targets;
