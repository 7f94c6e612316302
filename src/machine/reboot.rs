//! Hosts that only SSH leads to: how they are restarted, and why they are not switched on and off.

use crate::context::Context;
use crate::driver::HostKind;
use crate::error::{Error, Kind, Result};
use crate::ssh::{self, Exec, Remote, SshTarget};
use crate::store::Name;

/// Restarts the operating system, as root or with sudo.
const REBOOT: &str = r#"if [ "$(id -u)" = 0 ]; then shutdown -r now; else sudo -n shutdown -r now; fi"#;

/// Logs in to a host and restarts its operating system.
///
/// # Errors
/// It cannot be logged in to, or refuses.
pub async fn log_in_and_restart(cx: &Context, name: &Name, target: &SshTarget) -> Result<()> {
    over(&ssh::connect(cx, target).await?, name).await
}

/// Restarts the operating system of a host.
///
/// # Errors
/// It refuses.
pub async fn over(connection: &dyn Remote, name: &Name) -> Result<()> {
    match connection.exec(&Exec::new(REBOOT)).await {
        Ok(output) if !output.ok() => Err(Error::msg(format!("\"{name}\" refused to restart: {}", output.tail(3)))),
        // The connection may break before the answer: that is success too.
        _ => Ok(()),
    }
}

/// The error of a driver without a switch, in the original's sentences; `operation`: start, stop, kill, restart.
pub fn no_switch(driver: &str, kind: HostKind, operation: &str) -> Error {
    match kind {
        HostKind::EngineOnly => {
            let done = if operation == "stop" { "stopped".to_owned() } else { format!("{operation}ed") };
            Error::new(Kind::Unsupported, format!("hosts without a driver cannot be {done}"))
        }
        HostKind::Created | HostKind::Existing => {
            Error::new(Kind::Unsupported, format!("{driver} driver does not support {operation}"))
                .hint("this driver only reaches the host over SSH: power it on or off at the host itself")
        }
    }
}
