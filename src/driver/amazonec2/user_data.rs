//! What an instance is told for its first boot: the user's own data, and further keys that may log in.
//!
//! cloud-init takes several parts in a MIME message. The user's part stays as it is and comes first; of a key that
//! both have, cloud-init would drop ours, so our part says how lists are joined.

use std::io::Read as _;

use super::fields::DEFAULT_USER;
use crate::error::{Error, Result};

/// EC2's limit, before base64.
const LIMIT: usize = 16 * 1024;
/// The first two bytes of compressed data.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What is sent: nothing, the user's data as it is, or both parts.
///
/// # Errors
/// It is too long, or compressed data cannot be unpacked.
pub fn build(theirs: &[u8], keys: &[String], login: &str) -> Result<Vec<u8>> {
    let data = match (theirs.is_empty(), keys.is_empty()) {
        (_, true) => theirs.to_vec(),
        (true, false) => cloud_config(keys, login).into_bytes(),
        (false, false) => both(theirs, &cloud_config(keys, login))?,
    };
    if data.len() > LIMIT {
        Err(Error::msg(format!("the user data has {} bytes; EC2 takes {LIMIT}", data.len()))
            .hint("compress it with gzip, or let it fetch the rest"))
    } else {
        Ok(data)
    }
}

/// Keys for the image's own user; another login name is made a user with sudo.
fn cloud_config(keys: &[String], login: &str) -> String {
    let list = serde_json::json!(keys);
    let mut text = format!("#cloud-config\nssh_authorized_keys: {list}\n");
    if login != DEFAULT_USER && login != "root" {
        let user = serde_json::json!({
            "name": login,
            "sudo": "ALL=(ALL) NOPASSWD:ALL",
            "ssh_authorized_keys": keys,
        });
        text += &format!("users: [default, {user}]\n");
    }
    text + "merge_how: 'list(append)+dict(no_replace,recurse_list)+str()'\n"
}

fn both(theirs: &[u8], ours: &str) -> Result<Vec<u8>> {
    let theirs = if theirs.starts_with(&GZIP) { unpack(theirs)? } else { theirs.to_vec() };
    let boundary = boundary(&theirs);
    let mut out =
        format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n--{boundary}\n");
    if let Some(kind) = content_type(&theirs) {
        out += &format!("Content-Type: {kind}; charset=\"utf-8\"\nMIME-Version: 1.0\n\n");
    }
    let mut out = out.into_bytes();
    out.extend(&theirs);
    let end = format!(
        "\n--{boundary}\nContent-Type: text/cloud-config; charset=\"utf-8\"\nMIME-Version: 1.0\n\n{ours}\n--{boundary}--\n"
    );
    out.extend(end.bytes());
    Ok(out)
}

/// A line that the user's data does not have; the same for the same data, so that a repeated launch is the same.
fn boundary(theirs: &[u8]) -> String {
    let text = String::from_utf8_lossy(theirs);
    let mut boundary = "docker-machine-part".to_owned();
    while text.contains(&boundary) {
        boundary.push('+');
    }
    boundary
}

/// The type of a part by its first line, as cloud-init tells them apart; `None`: it has a header of its own.
fn content_type(data: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(data);
    let start = text.trim_start();
    let begins = |prefix: &str| start.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    if begins("content-type:") || begins("mime-version:") {
        return None;
    }
    // The longer of two that begin alike first.
    const TYPES: [(&str, &str); 9] = [
        ("#cloud-config-archive", "text/cloud-config-archive"),
        ("#cloud-config-jsonp", "text/cloud-config-jsonp"),
        ("#cloud-config", "text/cloud-config"),
        ("#!", "text/x-shellscript"),
        ("#include-once", "text/x-include-once-url"),
        ("#include", "text/x-include-url"),
        ("#cloud-boothook", "text/cloud-boothook"),
        ("#part-handler", "text/part-handler"),
        ("## template: jinja", "text/jinja2"),
    ];
    Some(TYPES.iter().find(|(prefix, _)| start.starts_with(prefix)).map_or("text/plain", |(_, kind)| kind))
}

fn unpack(data: &[u8]) -> Result<Vec<u8>> {
    // Never more than what could be sent, and a byte to see that it is more.
    let mut out = Vec::new();
    flate2::read::GzDecoder::new(data)
        .take(LIMIT as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|error| Error::msg(format!("the user data looks compressed but cannot be unpacked: {error}")))?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(theirs: &str, keys: &[&str], login: &str) -> String {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        String::from_utf8(build(theirs.as_bytes(), &keys, login).unwrap()).unwrap()
    }

    #[test]
    fn without_further_keys_the_users_data_is_sent_as_it_is() {
        assert_eq!(built("", &[], "ubuntu"), "");
        assert_eq!(built("#!/bin/sh\necho \u{fc}\n", &[], "ubuntu"), "#!/bin/sh\necho \u{fc}\n");
    }

    #[test]
    fn keys_alone_are_a_cloud_config() {
        let text = built("", &["ssh-rsa AAAA \"me\""], "ubuntu");
        assert!(text.starts_with("#cloud-config\nssh_authorized_keys: [\"ssh-rsa AAAA \\\"me\\\"\"]\n"), "{text}");
        assert!(!text.contains("users:"));
        let text = built("", &["ssh-rsa AAAA"], "admin");
        assert!(text.contains("users: [default, {\"name\":\"admin\",\"sudo\":\"ALL=(ALL) NOPASSWD:ALL\""), "{text}");
    }

    #[test]
    fn the_users_part_comes_first_and_unchanged() {
        let text = built("#!/bin/sh\necho hi", &["ssh-rsa AAAA"], "ubuntu");
        let script = text
            .find("Content-Type: text/x-shellscript; charset=\"utf-8\"\nMIME-Version: 1.0\n\n#!/bin/sh\necho hi\n--");
        let ours = text.find("#cloud-config\nssh_authorized_keys");
        assert!(script.unwrap() < ours.unwrap(), "{text}");
        assert!(text.ends_with("--docker-machine-part--\n"));
    }

    #[test]
    fn a_part_has_the_type_that_cloud_init_takes_it_for() {
        let kinds = [
            ("#!/bin/sh", "text/x-shellscript"),
            ("#cloud-config\n", "text/cloud-config"),
            ("#cloud-config-archive\n", "text/cloud-config-archive"),
            ("#include-once\nhttps://x", "text/x-include-once-url"),
            ("#include\nhttps://x", "text/x-include-url"),
            ("## template: jinja\n#cloud-config\n", "text/jinja2"),
            ("hello", "text/plain"),
        ];
        for (data, kind) in kinds {
            assert_eq!(content_type(data.as_bytes()), Some(kind), "{data:?}");
        }
        assert_eq!(content_type(b"MIME-Version: 1.0\n"), None);
    }

    #[test]
    fn a_message_is_kept_as_a_part_with_its_own_header() {
        let theirs = "Content-Type: multipart/mixed; boundary=\"docker-machine-part\"\n\n--docker-machine-part--\n";
        let text = built(theirs, &["ssh-rsa AAAA"], "ubuntu");
        assert!(text.contains(&format!("--docker-machine-part+\n{theirs}")), "{text}");
    }

    #[test]
    fn compressed_data_is_unpacked_before_a_part_is_added() {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(b"#cloud-config\npackages: [jq]\n").unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(build(&packed, &[], "ubuntu").unwrap(), packed);
        let text = String::from_utf8(build(&packed, &["ssh-rsa AAAA".into()], "ubuntu").unwrap()).unwrap();
        assert!(text.contains("packages: [jq]"), "{text}");
    }

    #[test]
    fn too_much_is_refused_here() {
        assert!(build(&vec![b'x'; LIMIT + 1], &[], "ubuntu").is_err());
    }
}
