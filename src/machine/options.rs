//! The shared flags of `create` as the options of the record, exactly as the original writes them.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::driver::{FlagValues, HostKind};
use crate::error::{Error, Result};
use crate::store::{AuthOptions, EngineOptions, HostOptions, Name, SwarmOptions, layout};

/// The record's `HostOptions` for a new machine.
///
/// # Errors
/// A value that Docker would refuse later, named with its flag.
pub fn from_flags(cx: &Context, name: &Name, kind: HostKind, values: &FlagValues) -> Result<HostOptions> {
    Ok(HostOptions {
        engine_options: Some(engine(kind, values)?),
        swarm_options: Some(swarm(values)),
        auth_options: Some(auth(cx, name, values)),
        ..HostOptions::default()
    })
}

/// Lists whose values the engine takes in one form only.
const FORMS: &[(&str, &str, &str)] =
    &[("engine-env", "=", "NAME=VALUE"), ("engine-label", "=", "KEY=VALUE"), ("engine-registry-mirror", "://", "URL")];

fn engine(kind: HostKind, values: &FlagValues) -> Result<EngineOptions> {
    // Where somebody else sets the engine up, the values are only kept.
    let forms = if kind == HostKind::EngineOnly { &[] } else { FORMS };
    for (flag, separator, form) in forms {
        for value in values.list(flag) {
            if value.split_once(separator).is_none_or(|(before, _)| before.is_empty()) {
                return Err(Error::msg(format!("--{flag} `{value}` is not of the form {form}")));
            }
        }
    }
    for option in values.list("engine-opt") {
        if shlex::split(&option).is_none() {
            return Err(Error::msg(format!("--engine-opt `{option}` has a quote that is not closed")));
        }
    }
    Ok(EngineOptions {
        arbitrary_flags: Some(values.list("engine-opt")),
        env: Some(values.list("engine-env")),
        insecure_registry: Some(values.list("engine-insecure-registry")),
        labels: Some(values.list("engine-label")),
        storage_driver: values.string("engine-storage-driver"),
        tls_verify: true,
        registry_mirror: Some(values.list("engine-registry-mirror")),
        install_url: values.string("engine-install-url"),
        ..EngineOptions::default()
    })
}

fn swarm(values: &FlagValues) -> SwarmOptions {
    let (agent, master) = (values.bool("swarm"), values.bool("swarm-master"));
    SwarmOptions {
        is_swarm: agent || master,
        address: values.string("swarm-addr"),
        discovery: values.string("swarm-discovery"),
        agent,
        master,
        host: values.string("swarm-host"),
        image: values.string("swarm-image"),
        strategy: values.string("swarm-strategy"),
        arbitrary_flags: Some(values.list("swarm-opt")),
        arbitrary_join_flags: Some(values.list("swarm-join-opt")),
        is_experimental: values.bool("swarm-experimental"),
        ..SwarmOptions::default()
    }
}

fn auth(cx: &Context, name: &Name, values: &FlagValues) -> AuthOptions {
    let (certs, machine) = (cx.store.certs(), cx.store.folder(name));
    let path = |given: &Option<PathBuf>, file: &str| text(&given.clone().unwrap_or_else(|| certs.join(file)));
    AuthOptions {
        cert_dir: text(&certs),
        ca_cert_path: path(&cx.globals.tls_ca_cert, "ca.pem"),
        ca_private_key_path: path(&cx.globals.tls_ca_key, "ca-key.pem"),
        server_cert_path: text(&machine.join(layout::SERVER_CERT)),
        server_key_path: text(&machine.join(layout::SERVER_KEY)),
        client_key_path: path(&cx.globals.tls_client_key, "key.pem"),
        client_cert_path: path(&cx.globals.tls_client_cert, "cert.pem"),
        server_cert_sans: Some(values.list("tls-san")),
        store_path: text(&machine),
        ..AuthOptions::default()
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
