//! Tags: the user's, and ours, by which everything made for a machine is found again.

use super::model::Tags;
use crate::error::{Error, Result};

/// The machine's `Driver.Id`.
pub const MACHINE: &str = "docker-machine:id";
/// The filter for [`MACHINE`].
pub const BY_MACHINE: &str = "tag:docker-machine:id";
/// The store that the machine is in.
pub const STORE: &str = "docker-machine:store";
/// The filter for [`STORE`].
pub const BY_STORE: &str = "tag:docker-machine:store";

/// The user's tags from `key,value,key,value`, and a warning if they are not in pairs.
///
/// # Errors
/// A key that AWS keeps for itself.
pub fn parse(text: &str) -> Result<(Tags, Option<String>)> {
    let mut parts = text.split(',');
    let (mut tags, mut count, mut warning) = (Tags::new(), 0, None);
    while let Some(key) = parts.next() {
        // Modules that join lists leave empty parts between and around them; AWS has no empty keys.
        if key.is_empty() {
            continue;
        }
        let Some(value) = parts.next() else {
            warning = Some(format!("Tags are not key value in pairs. {} elements found", count + 1));
            break;
        };
        count += 2;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::msg(format!(
                "--amazonec2-tags: AWS keeps tags that begin with aws: to itself: `{key}`"
            )));
        }
        tags.retain(|(known, _)| *known != key);
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok((tags, warning))
}

/// Everything that is sent: a name, the user's (which may change the name), ours. EC2 refuses a key that comes twice.
pub fn all(machine: &str, user: &Tags, ours: Tags) -> Tags {
    let mut tags = vec![("Name".to_owned(), machine.to_owned())];
    for (key, value) in user.iter().cloned().chain(ours) {
        tags.retain(|(known, _)| *known != key);
        tags.push((key, value));
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().0
    }

    fn pairs(list: &[(&str, &str)]) -> Tags {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn tags_come_in_pairs() {
        assert_eq!(parsed("a,1,b,2"), pairs(&[("a", "1"), ("b", "2")]));
        assert_eq!(parsed(""), pairs(&[]));
        assert_eq!(parsed(",a,1,"), pairs(&[("a", "1")]), "modules leave empty ends");
        assert_eq!(parsed("a,1,,b,2"), pairs(&[("a", "1"), ("b", "2")]), "and doubled commas");
        assert_eq!(parsed("a,,b,2"), pairs(&[("a", ""), ("b", "2")]));
        assert_eq!(parsed("a,"), pairs(&[("a", "")]), "a value may be empty");
        let (tags, warning) = parse("a,1,b,2,c").unwrap();
        assert_eq!(tags.len(), 2);
        assert_eq!(warning.unwrap(), "Tags are not key value in pairs. 5 elements found");
        assert!(parse("aws:x,1").is_err());
    }

    #[test]
    fn no_key_is_sent_twice_and_the_users_name_wins() {
        let user = parsed("Name,web,a,1,a,2");
        let all = all("aws01", &user, pairs(&[(MACHINE, "id")]));
        assert_eq!(all, pairs(&[("Name", "web"), ("a", "2"), (MACHINE, "id")]));
    }
}
