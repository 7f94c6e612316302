//! One client for each identity, region and endpoint, whatever the number of machines.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use tokio::sync::OnceCell;

use super::api::{Api, Spare};
use super::batch::{Announced, Ec2};
use super::credentials::{self, Target};
use crate::context::DriverContext;
use crate::env::Env;
use crate::error::Result;

/// The clients of a command. Each costs a TLS configuration and perhaps a sign-on.
#[derive(Debug, Default)]
struct Clients {
    open: Mutex<HashMap<Target, Arc<OnceCell<Ec2>>>>,
    announced: Arc<AtomicUsize>,
}

/// EC2 as this target sees it. What it has to say while it waits, the console of `cx` says.
///
/// # Errors
/// There are no credentials.
pub async fn connect(cx: &DriverContext<'_>, target: &Target) -> Result<Ec2> {
    let clients = cx.shared.get::<Clients>();
    let cell = clients.open.lock().expect("no panic while held").entry(target.clone()).or_default().clone();
    let ec2 = cell.get_or_try_init(|| open(cx, target, &clients.announced)).await?;
    Ok(ec2.for_console(cx.console))
}

/// Announces a question about an instance.
pub fn announce(cx: &DriverContext<'_>) -> Announced {
    Announced::new(&cx.shared.get::<Clients>().announced)
}

async fn open(cx: &DriverContext<'_>, target: &Target, announced: &Arc<AtomicUsize>) -> Result<Ec2> {
    let loaded = credentials::load(cx.env, target).await;
    let (config, _) = loaded.map_err(|error| credentials::missing(cx, target, &error))?;
    let spare = target.stored.then(|| Spare::new(cx.env, target));
    let api = Api::new(cx.console, &config, target.retries, spare);
    Ok(Ec2::new(api, endpoint(cx.env, target, &config), Arc::clone(announced)))
}

/// The endpoint that the SDK takes, unless it is AWS's own: the record's, EC2's of the environment, that of all services.
fn endpoint(env: &Env, target: &Target, config: &SdkConfig) -> String {
    match target.endpoint.as_str() {
        "" => env.var("AWS_ENDPOINT_URL_EC2").or(config.endpoint_url()).unwrap_or_default().to_owned(),
        endpoint => endpoint.to_owned(),
    }
}
