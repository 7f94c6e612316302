//! Ourselves as a driver plugin: our drivers for other programs of the docker-machine family.
//!
//! A Go program that embeds docker-machine starts `docker-machine` for a driver of the original; and linked as
//! `docker-machine-driver-amazonec2-NAME`, we serve `amazonec2` under a name that the host has not built in.

mod driver;
mod methods;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::driver::registry;
use crate::env::Env;
use crate::loopback;
use crate::plugin_protocol::{DRIVER_NAME, PREFIX, TOKEN};
use crate::rpc::server;
use driver::Served;
use methods::{Event, Methods};

/// How long a host may say nothing.
const SILENCE: Duration = Duration::from_secs(10);

/// Serves the driver that the environment names, if we were started by a host. Gives the exit status.
pub fn run(env: &Env) -> Option<u8> {
    if env.var(TOKEN.0) != Some(TOKEN.1) {
        return None;
    }
    let name = asked_for(env);
    let console = crate::console::Console::for_host();
    let Some(built_in) = built_in(&name) else {
        console.debug(format!("Unsupported driver: {name}"));
        return Some(1);
    };
    let served = Served::new(env, console.clone(), &name, built_in);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            console.debug(error.to_string());
            return Some(1);
        }
    };
    let status = runtime.block_on(serve(served)).unwrap_or_else(|error| {
        console.debug(error.to_string());
        1
    });
    // A host that closes does not wait for what it has left undone.
    runtime.shutdown_background();
    Some(status)
}

/// The driver's name, as the host calls it.
fn asked_for(env: &Env) -> String {
    let program = env.program().rsplit('/').next().unwrap_or_default();
    let linked = program.strip_prefix(PREFIX).unwrap_or_default();
    env.var(DRIVER_NAME).unwrap_or(linked).to_owned()
}

/// Our driver for a name: its own, or its own with something behind a dash.
fn built_in(name: &str) -> Option<&'static str> {
    registry::known()
        .find(|known| name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

/// Until the host closes (0), or is silent for too long (1).
async fn serve(served: Served) -> std::io::Result<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut stdout = tokio::io::stdout();
    stdout.write_all(format!("{}\n", listener.local_addr()?).as_bytes()).await?;
    stdout.flush().await?;
    let (tell, mut events) = mpsc::unbounded_channel();
    let methods = Arc::new(Methods::new(served, tell));
    let mut deadline = Instant::now() + SILENCE;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, peer) = accepted?;
                // The port is everybody's; the driver's credentials are only the host's.
                if loopback::is_from_us(peer, listener.local_addr()?) {
                    tokio::spawn(server::serve(stream, reply::schema(), methods.clone()));
                }
            }
            Some(event) = events.recv() => match event {
                Event::Close => return Ok(0),
                Event::Heartbeat => deadline = Instant::now() + SILENCE,
            },
            () = sleep_until(deadline) => return Ok(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_is_what_the_host_asks_for_or_what_we_are_called() {
        let env = |driver: &str, program: &str| Env {
            vars: [(DRIVER_NAME.to_owned(), driver.to_owned())].into(),
            args: vec![program.to_owned()],
            ..Env::default()
        };
        assert_eq!(asked_for(&env("generic", "docker-machine")), "generic");
        assert_eq!(asked_for(&env("", "/usr/bin/docker-machine-driver-generic-x")), "generic-x");
        assert_eq!(asked_for(&env("", "docker-machine")), "");
    }

    #[test]
    fn a_driver_may_be_served_under_a_longer_name() {
        assert_eq!(built_in("generic"), Some("generic"));
        assert_eq!(built_in("generic-next"), Some("generic"));
        for name in ["", "generics", "virtualbox", "-generic"] {
            assert_eq!(built_in(name), None, "{name}");
        }
    }
}
