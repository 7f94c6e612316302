//! `ClusterODM` (`libs/classes/DockerMachine.js`): it joins both streams and parses what comes.

use crate::calls::Caller;
use crate::support::run::Run;

#[test]
fn both_streams_joined_are_the_answer() {
    let odm = Caller::new(&[]);
    let host = odm.lab.host("web").with_docker().up();
    let joined = |run: Run| run.stdout + &run.stderr;
    odm.text(&["--help"]);
    let key = odm.lab.key();
    let create = ["create", "--driver", "generic", "--generic-ip-address", &host.ip, "--generic-ssh-key", &key, "odm"];
    odm.text(&create);
    assert_eq!(odm.inspect("odm")["Driver"]["IPAddress"], host.ip.as_str());
    // One word with quotes in it; parseFloat reads the answer.
    let load = joined(odm.call(&["ssh", "odm", "cat '/proc/loadavg' | cut -d \" \" -f 1"]).succeeds());
    assert!(load.trim().parse::<f64>().is_ok(), "{load:?}");
    let failed = odm.call(&["ssh", "odm", "exit 7"]).fails(7);
    assert_eq!(joined(failed), "exit status 7\n");

    host.text("systemctl stop docker.socket docker.service 2>&1");
    assert_eq!(odm.inspect("odm")["Driver"]["MachineName"], "odm");
    assert_eq!(joined(odm.call(&["ssh", "odm", "echo 1.5"]).succeeds()), "1.5\n");

    odm.text(&["rm", "-y", "odm"]);
    odm.call(&["rm", "-y", "odm"]).fails(1).complains("does not exist");
    odm.call(&["rm", "-y", "-f", "odm"]).succeeds();
}
