//! The record of a machine on EC2: what the original would read in it.

use serde_json::{Map, Value};

use crate::support::region::Region;

/// A record that the original wrote.
const ORIGINAL: &str = include_str!("../stores/ec2/machines/web/config.json");

/// Our own fields, which the original skips: name and JSON type. Some are only there when there is something to say.
const OURS: &str = include_str!("../stores/ec2/fields-of-ours.txt");

/// JSON's name for the type of a value; lists and `null` are one in Go.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Array(_) => "list",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Object(_) => "object",
    }
}

/// `PATH TYPE` for each field, in the order of the text; objects and what is in them.
fn fields(record: &Map<String, Value>, path: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (name, value) in record {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        all.push(format!("{path} {}", kind(value)));
        all.extend(value.as_object().map(|inner| fields(inner, &path)).unwrap_or_default());
    }
    all
}

fn parsed(text: &str) -> Vec<String> {
    fields(&serde_json::from_str(text).expect("JSON"), "")
}

/// The text's fields, without those that stand in a list of `NAME TYPE`.
#[track_caller]
fn without_ours(text: &str) -> Vec<String> {
    let ours: Vec<String> =
        OURS.lines().filter(|line| !line.starts_with('#')).map(|line| format!("Driver.{line}")).collect();
    let all = parsed(text);
    // Go takes a field of ours that has the name of one of its own, whatever its case, for its own.
    let theirs: Vec<String> = parsed(ORIGINAL).iter().map(|field| field.to_lowercase()).collect();
    assert!(!ours.iter().any(|field| theirs.contains(&field.to_lowercase())));
    all.into_iter().filter(|field| !ours.contains(field)).collect()
}

#[test]
fn records_have_the_original_s_fields_in_its_order_and_ours_beside_them() {
    let region = Region::new();
    let record =
        |name: &str| std::fs::read_to_string(region.machine_folder(name).join("config.json")).expect("a record");
    region.create("plain", &[]).succeeds();
    assert_eq!(without_ours(&record("plain")), parsed(ORIGINAL));

    // Everything that makes a field of ours appear, and lists that are not empty.
    let data = region.home.path().join("data");
    std::fs::write(&data, "#!/bin/sh\n").expect("user data");
    let key = region.home.path().join("key.pub");
    std::fs::write(&key, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me\n")
        .expect("a key");
    let (data, key) = (data.display().to_string(), key.display().to_string());
    let more = [
        "--amazonec2-open-port=8080",
        "--amazonec2-tags=a,1",
        "--amazonec2-request-spot-instance",
        "--amazonec2-spot-price=0.1",
        "--amazonec2-spot-fallback",
        "--amazonec2-use-private-address",
        "--amazonec2-userdata",
        &data,
        "--amazonec2-ssh-authorized-key",
        &key,
        "--amazonec2-instance-type=t3.small",
        "--amazonec2-instance-type=t3a.small",
        "--amazonec2-security-group-source=172.31.0.0/16",
        "--amazonec2-security-group-source=10.0.0.0/8",
        "--amazonec2-volume-kms-key=alias/x",
        "--amazonec2-volume-iops=3000",
        "--amazonec2-volume-throughput=125",
        "--amazonec2-metadata-token-response-hop-limit=3",
        "--amazonec2-profile=default",
    ];
    region.create("rich", &more).succeeds();
    assert_eq!(without_ours(&record("rich")), parsed(ORIGINAL));
    region.run(&["rm", "-y", "plain", "rich"]).succeeds();
    assert_eq!(region.left(), [""; 0]);
}
