//! A machine: a record and a driver, and the order in which things are done to it.
