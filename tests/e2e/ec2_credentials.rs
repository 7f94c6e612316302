//! Who the program is to AWS: every source of credentials, and that no secret is written down anywhere.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use crate::support::lab::PROGRAM;
use crate::support::region::{ACCESS_KEY, Region, SECRET_KEY};
use crate::support::run::Run;

/// A source: its name, the variables that choose it, and how the access keys begin that it gives.
type Source = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// The tokens of the region's identity provider, its sign-on portal and its container agent.
const WEB_IDENTITY: &str = "eyJhbGciOiJFUzI1NiJ9.example-of-a-web-identity-token";
const SINGLE_SIGN_ON: &str = "aoaAAAAAG-example-of-a-single-sign-on-token";
const AGENT: &str = "QmFzaWM-example-of-an-agent-token";

/// SHA-1 of `corp`: where the AWS CLI keeps the token of the `sso-session` of this name.
const SSO_CACHE: &str = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";

const CONFIG: &str = "
[profile in-config]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
[profile process]
credential_process = HOME/give-keys
[profile assumed]
role_arn = arn:aws:iam::123456789012:role/builder
source_profile = base
[profile web]
role_arn = arn:aws:iam::123456789012:role/builder
web_identity_token_file = HOME/web-identity
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = builder
[sso-session corp]
sso_region = us-east-1
sso_start_url = https://corp.awsapps.com/start
[profile no-process]
credential_process = sh -c 'echo no ticket today >&2; exit 3'
[profile replaced]
aws_access_key_id = AKIAI0000000REPLACED
aws_secret_access_key = replaced
[profile no-role]
role_arn = arn:aws:iam::123456789012:role/builder
source_profile = replaced
[profile at-home]
source_profile = base
role_arn = arn:aws:iam::123456789012:role/builder
region = eu-central-1
services = here
[services here]
sts =
  endpoint_url = ENDPOINT
ec2 =
  endpoint_url = ENDPOINT
";

const SOURCES: &[Source] = &[
    ("credentials", &[("AWS_PROFILE", "base")], "AKIA"),
    ("config", &[("AWS_PROFILE", "in-config")], "AKIA"),
    ("process", &[("AWS_PROFILE", "process")], "ASIA"),
    ("assumed", &[("AWS_PROFILE", "assumed")], "ASIA"),
    ("web", &[("AWS_PROFILE", "web")], "ASIA"),
    ("sso", &[("AWS_PROFILE", "sso")], "ASIA"),
    (
        "web-variables",
        &[
            ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/builder"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "HOME/web-identity"),
        ],
        "ASIA",
    ),
    (
        "container",
        &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1339/credentials"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", AGENT),
        ],
        "ASIA",
    ),
    (
        "temporary-variables",
        &[
            ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/temporaryEXAMPLEKEY"),
            ("AWS_SESSION_TOKEN", "AQoDYXdzEJr1K-example-session-token"),
        ],
        "ASIA",
    ),
    // The names of AWS's first tools; such keys were never flags, so they are not stored.
    ("old-variables", &[("AWS_ACCESS_KEY", ACCESS_KEY), ("AWS_SECRET_KEY", SECRET_KEY)], "AKIA"),
];

/// The user's home with all sources in it; none is the default one.
fn configured() -> Region {
    let region = Region::new();
    region.configure(&format!("[base]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"));
    let home = region.home.path();
    let write = |path: &str, text: &str| {
        let path = home.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let config = CONFIG.replace("HOME", home.to_str().expect("UTF-8")).replace("ENDPOINT", &region.text(&["endpoint"]));
    write(".aws/config", &config);
    write("web-identity", WEB_IDENTITY);
    write(
        SSO_CACHE,
        &serde_json::json!({
            "startUrl": "https://corp.awsapps.com/start", "region": "us-east-1", "accessToken": SINGLE_SIGN_ON,
            "expiresAt": "2099-01-01T00:00:00Z",
        })
        .to_string(),
    );
    write(
        "give-keys",
        "#!/bin/sh\ncat <<END\n{\"Version\": 1, \"AccessKeyId\": \"ASIAIOSFODNN7EXAMPLE\", \
        \"SecretAccessKey\": \"wJalrXUtnFEMI/K7MDENG/temporaryEXAMPLEKEY\", \"SessionToken\": \
        \"AQoDYXdzEJr1K-example-session-token\", \"Expiration\": \"2099-01-01T00:00:00Z\"}\nEND\n",
    );
    fs::set_permissions(home.join("give-keys"), fs::Permissions::from_mode(0o755)).expect("a program");
    region
}

/// Any command with these variables.
fn run_with(region: &Region, variables: &[(&str, &str)], args: &[&str]) -> Run {
    let home = region.home.path().to_str().expect("UTF-8");
    let variables = variables.iter().map(|(name, value)| (name, value.replace("HOME", home)));
    Run::of(region.command(PROGRAM).envs(variables).args(args).stdin(Stdio::null()))
}

/// No secret is in what was printed; all secrets.
fn says_nothing(region: &Region, source: &str, run: &Run) -> Vec<String> {
    let secrets: Vec<String> = region.text(&["secrets"]).lines().map(str::to_owned).collect();
    for secret in &secrets {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{source}: {secret} in {run:#?}");
    }
    secrets
}

/// No secret is in a file of the store or in what was printed.
fn tells_nobody(region: &Region, source: &str, run: &Run) {
    let secrets = says_nothing(region, source, run);
    let files = files_below(&region.home.path().join(".docker"));
    assert!(files.iter().any(|(path, _)| path.ends_with("config.json")), "{source}: {files:?}");
    for (path, text) in &files {
        for secret in &secrets {
            assert!(!text.contains(secret), "{source}: {secret} is in {path}");
        }
    }
}

fn files_below(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => {
                let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
                files.push((path.display().to_string(), text));
            }
        }
    }
    files
}

/// `AccessKey` and `Profile` of a machine's record.
fn kept(region: &Region, machine: &str) -> (String, String) {
    let text = fs::read(region.machine_folder(machine).join("config.json")).expect("a record");
    let record: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let text = |key: &str| record["Driver"][key].as_str().unwrap_or_default().to_owned();
    (text("AccessKey"), text("Profile"))
}

/// `create`s come as far as the launch, which is refused; as nobody may look for instances then, the record stays.
fn without_launches(region: &Region) {
    region.fault("error RunInstances InvalidParameterValue no launch");
    region.fault("deny DescribeInstances");
}

/// A `create` without a launch; the access key that it used.
fn key_of(region: &Region, machine: &str, variables: &[(&str, &str)], flags: &[&str]) -> (Run, String) {
    let args = [&["--debug", "create", "--driver", "amazonec2", machine], flags].concat();
    let run = run_with(region, variables, &args).fails(1).complains("InvalidParameterValue: no launch");
    (run, region.calls_of("RunInstances").pop().expect("the launch").key)
}

#[test]
fn every_source_gives_its_keys_and_no_secret_is_written_down() {
    let region = configured();
    without_launches(&region);
    for (source, variables, begin) in SOURCES {
        let (run, key) = key_of(&region, source, variables, &[]);
        assert!(key.starts_with(begin), "{source}: {key}");
        let profile = variables.iter().find(|(name, _)| *name == "AWS_PROFILE").map_or("", |(_, value)| value);
        assert_eq!(kept(&region, source), (String::new(), profile.to_owned()), "{source}");
        tells_nobody(&region, source, &run);
    }
    assert_eq!(region.text(&["probes"]), "0", "the metadata service was asked");
}

#[test]
fn lasting_keys_are_kept_only_where_nothing_else_gives_them() {
    let region = configured();
    without_launches(&region);
    let (id, secret) = (("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY));
    let flags = ["--amazonec2-access-key", ACCESS_KEY, "--amazonec2-secret-key", SECRET_KEY];
    let alone = (ACCESS_KEY.to_owned(), String::new());

    // The token belongs to other keys of the environment.
    let (run, _) = key_of(&region, "flags", &[("AWS_SESSION_TOKEN", "of-other-keys")], &flags);
    says_nothing(&region, "flags", &run);
    assert_eq!(kept(&region, "flags"), alone);
    let (run, _) = key_of(&region, "variables", &[id, secret], &[]);
    says_nothing(&region, "variables", &run);
    assert_eq!(kept(&region, "variables"), alone);

    key_of(&region, "in-profile", &[id, secret, ("AWS_PROFILE", "in-config")], &[]);
    assert_eq!(kept(&region, "in-profile"), (String::new(), "in-config".to_owned()));
    // A profile that is named beats keys that only stand in the environment.
    let (_, key) = key_of(&region, "named", &[id, secret], &["--amazonec2-profile", "process"]);
    assert!(key.starts_with("ASIA"), "{key}");
    assert_eq!(kept(&region, "named"), (String::new(), "process".to_owned()));
    sources_that_fail(&region);
    assert_eq!(region.text(&["probes"]), "0", "the metadata service was asked");
}

/// The sentence is the original's; the reason is a hint.
fn sources_that_fail(region: &Region) {
    let home = region.home.path();
    fs::write(home.join("web-identity"), "another").expect("a token");
    let cached = fs::read_to_string(home.join(SSO_CACHE)).expect("a cached token");
    fs::write(home.join(SSO_CACHE), cached.replace("2099", "2020")).expect("a cached token");
    let failing = [
        ("nowhere", "was not defined"),
        ("no-process", "no ticket today"),
        ("no-role", "InvalidClientTokenId: The security token included in the request is invalid."),
        ("web", "The web identity token provided could not be validated"),
        ("sso", "the SSO token has expired"),
    ];
    for (profile, reason) in failing {
        let run = run_with(region, &[("AWS_PROFILE", profile)], &["create", "--driver", "amazonec2", "failing"]);
        let run = run.fails(1).complains("amazonec2 driver requires AWS credentials configured with the ");
        let hint = run.stderr.lines().find(|line| line.starts_with("hint: the profile")).expect("a hint").to_owned();
        assert!(hint.contains(&format!("`{profile}` gave none: ")) && hint.contains(reason), "{hint}");
    }
}

#[test]
fn a_machine_outlives_the_credentials_that_made_it() {
    let region = configured();
    // Region and endpoints are the profile's; its role is asked for at STS.
    let mut create = region.command(PROGRAM);
    create.env_remove("AWS_ENDPOINT_URL").args(["--debug", "create", "--driver", "amazonec2"]);
    let run = Run::of(create.args(["--amazonec2-profile", "at-home", "aws01"]).stdin(Stdio::null())).succeeds();
    tells_nobody(&region, "at-home", &run);
    assert_eq!(region.live_instances()[0].region, "eu-central-1");
    let mut later = region.command(PROGRAM);
    Run::of(later.env_remove("AWS_ENDPOINT_URL").args(["status", "aws01"])).succeeds().quietly().says("Running");

    // As if made by keys that have been replaced since.
    let set = |key: &str, value: &str| {
        let path = region.machine_folder("aws01").join("config.json");
        let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).expect("it")).expect("JSON");
        let before = record["Driver"][key].as_str().unwrap_or_default().to_owned();
        record["Driver"][key] = value.into();
        fs::write(path, record.to_string()).expect("a record");
        before
    };
    set("Profile", "");
    set("AccessKey", "AKIAI0000000REPLACED");
    set("SecretKey", "replaced");
    let base = [("AWS_PROFILE", "base")];
    region.run(&["status", "aws01"]).fails(1).complains(": AuthFailure: AWS was not able");
    run_with(&region, &base, &["status", "aws01"]).succeeds().quietly().says("Running");
    region.text(&["role", "builder"]);
    region.run(&["status", "aws01"]).succeeds().quietly().says("Running");
    let probes = region.text(&["probes"]);
    let elsewhere = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338");
    run_with(&region, &[elsewhere], &["status", "aws01"]).succeeds().quietly().says("Running");
    let disabled = ("AWS_EC2_METADATA_DISABLED", "true");
    run_with(&region, &[disabled], &["status", "aws01"]).fails(1).complains("AuthFailure");
    assert_eq!(region.text(&["probes"]), probes, "the usual address was asked");

    // What those other keys do not see may be in another account.
    let id = set("InstanceId", "i-0123456789abcdef0");
    set("ClientToken", "");
    let machine = set("Id", "0123456789abcdef0123456789abcdef");
    let owner = set("OwnerId", "111122223333");
    let run =
        run_with(&region, &base, &["rm", "-y", "aws01"]).fails(1).complains("made in AWS account 111122223333, but");
    assert!(run.stderr.contains("stored with the machine are refused (AuthFailure)"), "{run:#?}");
    assert!(region.machine_folder("aws01").exists());
    set("InstanceId", &id);
    set("Id", &machine);
    set("OwnerId", &owner);
    run_with(&region, &base, &["rm", "-y", "aws01"]).succeeds().complains("stored with the machine are refused");
    assert_eq!(region.left(), [""; 0]);
}
