//! JSON as Go prints it.
