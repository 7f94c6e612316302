//! The command line: global flags, commands, Go-style parsing and help.
