//! The docker-machine program: argv → context → command → exit status; everything else is the library.

fn main() {}
