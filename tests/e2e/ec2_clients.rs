//! Programs that make fleets of EC2 machines: their command lines, as they write them, and what reaches EC2.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use crate::support::lab::PROGRAM;
use crate::support::region::{ACCESS_KEY, Call, Region, SECRET_KEY};
use crate::support::run::Run;

/// A call's parameters: a line `KEY=VALUE` must be there, a line `no KEY` must not.
#[track_caller]
fn asks(call: &Call, lines: &str) {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match (line.strip_prefix("no "), line.split_once('=')) {
            (Some(key), _) => {
                let there = call.params.keys().find(|one| *one == key || one.starts_with(&format!("{key}.")));
                assert_eq!(there, None, "{call:#?}");
            }
            (None, Some((key, value))) => {
                assert_eq!(call.params.get(key).map(String::as_str), Some(value), "{line}: {call:#?}");
            }
            (None, None) => panic!("neither KEY=VALUE nor no KEY: {line}"),
        }
    }
}

/// The tags that a launch gives to a kind of resource; each key once.
#[track_caller]
fn tags(launch: &Call, kind: &str) -> BTreeMap<String, String> {
    let number = (1..9)
        .find(|number| launch.params.get(&format!("TagSpecification.{number}.ResourceType")) == Some(&kind.into()));
    let prefix = format!("TagSpecification.{}.Tag.", number.unwrap_or_else(|| panic!("{kind}: {launch:#?}")));
    let mut tags = BTreeMap::new();
    for number in 1..50 {
        let Some(key) = launch.params.get(&format!("{prefix}{number}.Key")) else { break };
        let twice = tags.insert(key.clone(), launch.params[&format!("{prefix}{number}.Value")].clone());
        assert_eq!(twice, None, "EC2 refuses a tag that is given twice: {key}");
    }
    tags
}

/// The launch that EC2 accepted.
#[track_caller]
fn launched(region: &Region) -> Call {
    let launch = region.calls_of("RunInstances").pop().expect("a launch");
    assert_eq!(launch.status, Some(200), "{launch:#?}");
    launch
}

/// VPC and subnet of a zone.
fn subnet(region: &Region, zone: &str) -> (String, String) {
    let filter = format!("--filters Name=availability-zone,Values={zone}");
    let found = region.aws(&format!("ec2 describe-subnets {filter} --query Subnets[0].[VpcId,SubnetId] --output text"));
    let (vpc, subnet) = found.split_once('\t').expect("a subnet");
    (vpc.to_owned(), subnet.to_owned())
}

/// The newest image of this name.
fn image(region: &Region, aws_region: &str, name: &str) -> String {
    let images = region.text(&["images", aws_region]);
    let line = images.lines().find(|line| line.contains(name)).expect("a known image");
    line.split('\t').next().expect("its id").to_owned()
}

/// What a program reads that takes every word on standard error for a failure.
#[track_caller]
fn plain(run: Run) -> String {
    let run = run.succeeds().quietly();
    assert!(!run.stdout.contains(['\u{1b}', '\r']), "{run:#?}");
    run.stdout.trim().to_owned()
}

/// GitLab Runner's autoscaling with the options of its documentation: spot instances in a subnet, private addresses.
#[test]
fn gitlab_runner_makes_uses_and_removes_a_spot_machine() {
    let region = Region::new();
    region.configure("");
    region.aws("iam create-instance-profile --instance-profile-name runner");
    let (vpc, subnet) = subnet(&region, "us-east-1c");
    let name = "runner-mxzzj3pn-docker-1700000000-0a1b2c3d";
    let call = |words: &[&str]| region.run(&[&["--bugsnag-api-token=no-report"], words, &[name]].concat());
    let options = [
        &format!("--amazonec2-access-key={ACCESS_KEY}"),
        &format!("--amazonec2-secret-key={SECRET_KEY}"),
        "--amazonec2-region=us-east-1",
        &format!("--amazonec2-vpc-id={vpc}"),
        &format!("--amazonec2-subnet-id={subnet}"),
        "--amazonec2-zone=c",
        "--amazonec2-use-private-address=true",
        "--amazonec2-tags=runner-manager-name,gitlab-aws-autoscaler,gitlab,true,gitlab-runner-autoscale,true",
        "--amazonec2-security-group=docker-machine-scaler",
        "--amazonec2-instance-type=m4.2xlarge",
        "--amazonec2-iam-instance-profile=runner",
        "--amazonec2-request-spot-instance=true",
        "--amazonec2-spot-price=",
        "--engine-registry-mirror=http://10.11.12.13:12345",
    ];
    plain(call(&[&["create", "--driver", "amazonec2"], &options[..]].concat()));
    let launch = launched(&region);
    asks(&launch, &format!("NetworkInterface.1.SubnetId={subnet}"));
    asks(
        &launch,
        "InstanceType=m4.2xlarge
        KeyName=runner-mxzzj3pn-docker-1700000000-0a1b2c3d
        InstanceMarketOptions.MarketType=spot
        no InstanceMarketOptions.SpotOptions.MaxPrice
        IamInstanceProfile.Name=runner
        NetworkInterface.1.AssociatePublicIpAddress=true
        no UserData
        no Placement
        no Monitoring
        no EbsOptimized",
    );
    for kind in ["instance", "volume", "network-interface", "spot-instances-request"] {
        let tags = tags(&launch, kind);
        assert_eq!((tags["Name"].as_str(), tags["gitlab-runner-autoscale"].as_str()), (name, "true"), "{kind}");
    }
    let group = &region.calls_of("CreateSecurityGroup")[0];
    asks(group, &format!("GroupName=docker-machine-scaler\nVpcId={vpc}"));

    let record = region.home.path().join(".docker/machines").join(name).join("config.json");
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(record).expect("it exists")).expect("JSON");
    assert_eq!(record["DriverName"], "amazonec2");
    plain(call(&["inspect"]));
    plain(call(&["config"]));
    let private = region.live_instances()[0].private.clone().expect("a private address");
    assert_eq!(plain(call(&["ip"])), private);
    assert_eq!(plain(call(&["url"])), format!("tcp://{private}:2376"));
    assert_eq!(plain(call(&["status"])), "Running");
    plain(call(&["provision"]));
    // It stops a machine before it removes it, and goes on whatever comes of that.
    call(&["stop"]).fails(1);
    plain(call(&["rm", "-y"]));
    call(&["rm", "-f"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
    region.sent_nothing_empty();
}

/// The terraform module cattle-ops/terraform-aws-gitlab-runner: its boot script, and the options that it writes.
#[test]
fn cattle_ops_gets_another_subnet_and_type_where_there_is_no_capacity() {
    let region = Region::new();
    let link = region.home.path().join("docker-machine");
    symlink(PROGRAM, &link).expect("it is linked into another folder");
    let boot = "docker-machine --version && docker-machine create --driver none --url localhost dummy-machine && \
                docker-machine rm -y dummy-machine";
    let mut shell = region.command("sh");
    shell.args(["-ec", boot]).env("PATH", format!("{}:/usr/bin:/bin", region.home.path().display()));
    plain(Run::of(shell.stdin(Stdio::null())));

    let ((vpc, first), (_, second)) = (subnet(&region, "us-east-1a"), subnet(&region, "us-east-1b"));
    let image = image(&region, "us-east-1", "noble-24.04-amd64-server-2026");
    region.aws("iam create-instance-profile --instance-profile-name runner-docker-machine");
    region.fault("capacity us-east-1a");
    let options = format!(
        "instance-type=m5.large instance-type=m5a.large region=us-east-1 zone=a vpc-id={vpc} subnet-id={first} \
         subnet-id={second} private-address-only=true use-private-address=true request-spot-instance=false \
         spot-price=0.06 security-group=runner-docker-machine tags=Name,the-runner,Environment,ci,,ParentId,i-1, \
         use-ebs-optimized-instance=true monitoring=true iam-instance-profile=runner-docker-machine root-size=20 \
         volume-type=gp3 userdata= ami={image} volume-encrypted=true volume-kms-key=alias/runner use-fleet=true \
         launch-template= metadata-token=required metadata-token-response-hop-limit=3"
    );
    let options: Vec<String> = options.split(' ').map(|option| format!("--amazonec2-{option}")).collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    plain(region.create("runner-1", &options));
    let launch = launched(&region);
    asks(&launch, &format!("ImageId={image}\nNetworkInterface.1.SubnetId={second}"));
    assert_eq!(region.calls_of("RunInstances").len(), 2);
    asks(
        &launch,
        "InstanceType=m5.large
        NetworkInterface.1.AssociatePublicIpAddress=false
        BlockDeviceMapping.1.Ebs.VolumeSize=20
        BlockDeviceMapping.1.Ebs.VolumeType=gp3
        BlockDeviceMapping.1.Ebs.Encrypted=true
        BlockDeviceMapping.1.Ebs.KmsKeyId=alias/runner
        EbsOptimized=true
        Monitoring.Enabled=true
        IamInstanceProfile.Name=runner-docker-machine
        MetadataOptions.HttpTokens=required
        MetadataOptions.HttpPutResponseHopLimit=3
        no InstanceMarketOptions
        no LaunchTemplate
        no UserData",
    );
    let tags = tags(&launch, "instance");
    assert_eq!((tags["Name"].as_str(), tags["Environment"].as_str()), ("the-runner", "ci"), "{tags:?}");
    assert_eq!(tags["ParentId"], "i-1", "{tags:?}");
    plain(region.run(&["rm", "-y", "runner-1"]));
    assert_eq!(region.left(), [""; 0]);
    region.sent_nothing_empty();
}

/// `ClusterODM` joins both streams and parses what comes; every option is two words.
#[test]
fn cluster_odm_reads_both_streams() {
    let region = Region::new();
    region.configure("");
    let image = image(&region, "us-west-2", "noble-24.04-amd64-server-2026");
    let joined = |run: Run| run.succeeds().quietly().stdout;
    let options = format!(
        "access-key {ACCESS_KEY} secret-key {SECRET_KEY} region us-west-2 ami {image} instance-type m5.large \
         root-size 60 security-group ClusterODM"
    );
    let words: Vec<String> = options
        .split(' ')
        .enumerate()
        .map(|(at, word)| if at % 2 == 0 { format!("--amazonec2-{word}") } else { word.to_owned() })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    plain(region.run(&["--help"]));
    plain(region.create("odm-1", &words));
    asks(&launched(&region), "InstanceType=m5.large\nBlockDeviceMapping.1.Ebs.VolumeSize=60\nno InstanceMarketOptions");
    asks(&region.calls_of("CreateSecurityGroup")[0], "GroupName=ClusterODM");
    let record: serde_json::Value = serde_json::from_str(&joined(region.run(&["inspect", "odm-1"]))).expect("JSON");
    let instance = region.live_instances().pop().expect("the instance");
    assert_eq!(
        (record["Driver"]["IPAddress"].as_str(), instance.region.as_str()),
        (instance.public.as_deref(), "us-west-2")
    );
    let number = joined(region.run(&["ssh", "odm-1", "cat '/proc/loadavg' | cut -d \" \" -f 1"]));
    assert!(number.trim().parse::<f64>().is_ok(), "{number:?}");
    plain(region.run(&["rm", "-y", "odm-1"]));
    region.run(&["rm", "-y", "-f", "odm-1"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
    region.sent_nothing_empty();
}

/// The flags of Rancher's fork, all of them written, as its server does; the credentials are in the environment.
#[test]
fn rancher_s_flags_mean_what_they_mean_there() {
    let region = Region::new();
    region.configure("");
    region.set("AWS_ACCESS_KEY_ID", ACCESS_KEY);
    region.set("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    let (vpc, subnet) = subnet(&region, "us-east-1b");
    let options = format!(
        "block-duration-minutes=0 device-name= encrypt-ebs-volume=true http-endpoint=enabled http-tokens=optional \
         http-protocol-ipv6=disabled insecure-transport=false instance-type=t3a.medium ipv6-address-count=0 \
         ipv6-address-only=false enable-primary-ipv6=false kms-key=alias/rancher monitoring=false open-port=6443 \
         open-port=9345/tcp private-address-only=false region=us-east-1 request-spot-instance=false retries=5 \
         root-size=16 security-group=rancher-nodes security-group-readonly=false spot-price=0.50 ssh-user=ubuntu \
         subnet-id={subnet} tags=pool,one use-ebs-optimized-instance=false use-private-address=false \
         volume-type=gp2 vpc-id={vpc} zone=b"
    );
    let options: Vec<String> = options.split(' ').map(|option| format!("--amazonec2-{option}")).collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    plain(region.run(&[&["create", "--driver=amazonec2"], &options[..], &["pool-one-1"]].concat()));
    let launch = launched(&region);
    asks(
        &launch,
        "InstanceType=t3a.medium
        BlockDeviceMapping.1.DeviceName=/dev/sda1
        BlockDeviceMapping.1.Ebs.VolumeType=gp2
        BlockDeviceMapping.1.Ebs.Encrypted=true
        BlockDeviceMapping.1.Ebs.KmsKeyId=alias/rancher
        MetadataOptions.HttpTokens=optional
        MetadataOptions.HttpEndpoint=enabled
        no NetworkInterface.1.Ipv6AddressCount
        no InstanceMarketOptions",
    );
    assert_eq!(tags(&launch, "volume")["pool"], "one");
    let opened = region.calls_of("AuthorizeSecurityGroupIngress");
    let ports: Vec<&str> = opened
        .iter()
        .flat_map(|call| &call.params)
        .filter(|(key, _)| key.ends_with(".FromPort"))
        .map(|(_, port)| port.as_str())
        .collect();
    assert!(["22", "2376", "6443", "9345"].iter().all(|port| ports.contains(port)), "{opened:#?}");
    plain(region.run(&["rm", "-y", "pool-one-1"]));
    assert_eq!(region.left(), [""; 0]);
    region.sent_nothing_empty();
}
