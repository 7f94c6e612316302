//! The flags of `--driver amazonec2` that are refused before anything is asked of EC2.
#![cfg(feature = "amazonec2")]

use crate::support::Sandbox;

const PREFIX: &str = "Error setting machine configuration from flags provided: ";

/// Flags without `--amazonec2-`, and the whole first line after [`PREFIX`]. The messages up to the empty line are the
/// original's and its forks', which programs match.
const REFUSED: &[(&str, &str)] = &[
    ("region=us_east", "Invalid region specified"),
    ("region=US-EAST-1", "Invalid region specified"),
    ("insecure-transport", "using --amazonec2-insecure-transport also requires --amazonec2-endpoint"),
    ("keypair-name=mine", "using --amazonec2-keypair-name also requires --amazonec2-ssh-keypath"),
    ("http-endpoint=on", "httpEndpoint must be either enabled or disabled"),
    ("http-tokens=maybe", "httpToken must be either optional or required"),
    ("metadata-token=maybe", "httpToken must be either optional or required"),
    ("http-protocol-ipv6=yes", "httpProtocolIpv6 must be either enabled or disabled"),
    ("ipv6-address-only", "ipv6AddressCount must be greater than zero when Ipv6AddressOnly is true"),
    ("open-port=http", "invalid port number http: strconv.ParseInt: parsing \"http\": invalid syntax"),
    ("keypair-name=mine ssh-keypath=/nowhere", "open /nowhere: no such file or directory"),
    ("ssh-authorized-key=/nowhere", "open /nowhere: no such file or directory"),
    //
    ("ssh-port=0", "--amazonec2-ssh-port 0 is no TCP port; ports are 1 to 65535"),
    ("ssh-port=65536", "--amazonec2-ssh-port 65536 is no TCP port; ports are 1 to 65535"),
    ("open-port=22/sctp", "--amazonec2-open-port `22/sctp`: the protocol is tcp, udp, icmp or -1"),
    ("security-group-source=home", "--amazonec2-security-group-source `home` is no CIDR; `192.0.2.7/32` is"),
    ("tags=aws:x,1", "--amazonec2-tags: AWS keeps tags that begin with aws: to itself: `aws:x`"),
    ("spot-price=cheap", "--amazonec2-spot-price `cheap` is no price in USD"),
    ("instance-type=mac2.metal", "instance type mac2.metal runs macOS on a dedicated host: Docker has no use for it"),
    ("volume-type=gp2 volume-throughput=200", "volumes of type gp2 have no throughput to choose"),
    (
        "http-tokens=optional metadata-token=required",
        "--amazonec2-metadata-token and --amazonec2-http-tokens mean the same, but `required` is not `optional`",
    ),
    (
        "kms-key=a volume-kms-key=b",
        "--amazonec2-volume-kms-key and --amazonec2-kms-key mean the same, but `b` is not `a`",
    ),
];

/// Nobody listens at the endpoint: whoever asks EC2 fails with other words.
fn create(flags: &str) -> String {
    let flags = flags.split(' ').filter(|flag| !flag.is_empty()).map(|flag| format!("--amazonec2-{flag} "));
    format!("create --driver amazonec2 --amazonec2-retries 0 {}aws01", flags.collect::<String>())
}

#[test]
fn flags_that_cannot_be_are_refused_with_the_originals_words() {
    let sandbox = Sandbox::new();
    for (flags, message) in REFUSED {
        let line = create(flags);
        let output = sandbox
            .run(&line)
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
            .env("AWS_ACCESS_KEY_ID", "AKIA")
            .env("AWS_SECRET_ACCESS_KEY", "s")
            .output();
        assert_eq!(output.stderr.lines().next(), Some(format!("{PREFIX}{message}").as_str()), "{line}");
        assert_eq!((output.stdout.as_str(), output.status), ("", Some(1)), "{line}");
    }
    assert!(!sandbox.has(".docker/machines/aws01"));
}

#[test]
fn without_credentials_the_sentence_is_the_originals_and_nobody_is_asked_for_a_role_for_long() {
    let sandbox = Sandbox::new();
    for (variable, value) in [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_PROFILE", "none")] {
        let run = sandbox.run(&create("")).env("AWS_EC2_METADATA_DISABLED", "true").env(variable, value);
        let output = run.output();
        let sentence = "amazonec2 driver requires AWS credentials configured with the --amazonec2-access-key and \
                        --amazonec2-secret-key options, environment variables, ~/.aws/credentials, or an instance role";
        assert_eq!(output.stderr.lines().next(), Some(format!("{PREFIX}{sentence}").as_str()), "{variable}");
        assert_eq!(output.status, Some(1), "{variable}");
    }
}

#[test]
fn numbers_and_switches_of_the_environment_that_make_no_sense_are_ignored_and_those_of_the_line_are_not() {
    let sandbox = Sandbox::new();
    let keys = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let strange = [("AWS_ROOT_SIZE", "abc"), ("AWS_SSH_PORT", "x"), ("AWS_SECURITY_GROUP_READONLY", "maybe")];
    let mut run = sandbox.run(&create("")).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    for (variable, value) in keys.iter().chain(&strange) {
        run = run.env(variable, value);
    }
    // As far as EC2.
    assert!(run.output().stderr.contains("\nRequestError: send request failed: connection refused"));
    let output = sandbox.run(&create("root-size=abc")).output();
    assert!(
        output.stderr.ends_with("invalid value \"abc\" for flag -amazonec2-root-size: parse error\n"),
        "{output:?}"
    );
    assert_eq!(output.status, Some(1));
}
