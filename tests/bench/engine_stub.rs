//! A stand-in engine for the benchmarks: `engine-stub CERTS ADDRESS...` answers on every address with a certificate
//! of the CA in the folder `CERTS`, until its standard input ends. It prints `ready` when all listen.

#[path = "../cli/support/engine.rs"]
mod engine;

use std::error::Error;
use std::io::{Read, Write, stdin, stdout};
use std::path::Path;

use engine::{EngineStub, Pki, modern};

#[expect(clippy::disallowed_methods, reason = "a program of its own, which has no `Env`")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [certs, addresses @ ..] = arguments.as_slice() else {
        return Err("usage: engine-stub CERTS ADDRESS:PORT...".into());
    };
    let pki = Pki::of_store(Path::new(certs));
    let host = |address: &str| address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
    let stubs: Vec<EngineStub> =
        addresses.iter().map(|address| EngineStub::start(&pki, address, &[&host(address)], modern)).collect();
    writeln!(stdout(), "ready")?;
    stdin().read_to_end(&mut Vec::new())?;
    drop(stubs);
    Ok(())
}
