//! Saying in time that certificates end. Nothing is renewed silently: that restarts engines.

use std::time::SystemTime;

use super::inspect::inspect;
use crate::store::{AuthOptions, Name};

/// A sentence for every certificate of a machine that ends within 30 days or has ended. Files that are missing or
/// unreadable are somebody else's matter.
pub fn expiry_warnings(machine: &Name, auth: &AuthOptions, now: SystemTime) -> Vec<String> {
    let certificates = [
        ("CA certificate", &auth.ca_cert_path, "regenerate-certs --client-certs"),
        ("client certificate", &auth.client_cert_path, "regenerate-certs --client-certs"),
        ("server certificate", &auth.server_cert_path, "regenerate-certs"),
    ];
    let warning = |(what, path, command): (&str, &String, &str)| {
        let days = inspect(&std::fs::read(path).ok()?).ok()?.expires_soon(now)?;
        let end = match days {
            0 => "has ended or ends today".to_owned(),
            1 => "ends tomorrow".to_owned(),
            days => format!("ends in {days} days"),
        };
        Some(format!("The {what} {path} {end}; it is renewed by: docker-machine {command} {machine}"))
    };
    certificates.into_iter().filter_map(warning).collect()
}
