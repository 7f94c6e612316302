//! The key that the program logs in with: made for the machine, or the user's own.

use std::path::PathBuf;

use super::api::Api;
use super::fields::Fields;
use super::model::{ApiError, KeyPair, tag};
use super::tags;
use super::work::Work;
use crate::console::Console;
use crate::context::DriverContext;
use crate::driver::base::text;
use crate::error::{Context as _, Error, Result};
use crate::files::write_private;
use crate::ssh::keys::{self, NewKey};
use crate::store::layout;

/// The kind of a new key by its name. Ed25519 unless told otherwise: RSA logins sign with code that leaks its timing.
///
/// # Errors
/// Another name.
pub fn kind(name: &str) -> Result<NewKey> {
    match name {
        "" | "ed25519" => Ok(NewKey::Ed25519),
        "rsa" => Ok(NewKey::Rsa),
        other => Err(Error::msg(format!("--amazonec2-ssh-key-type `{other}` is neither ed25519 nor rsa"))),
    }
}

/// Whether the user's own key can be used at all, before anything is made that nobody could log in to.
///
/// # Errors
/// It is no private key, or is encrypted and in no agent.
pub async fn check_own(cx: &DriverContext<'_>, fields: &Fields) -> Result<()> {
    match fields.ssh_private_key_path.as_str() {
        "" => Ok(()),
        path => keys::check_key(&cx.env.cwd.join(path), cx.env).await,
    }
}

/// The check before anything is made.
///
/// # Errors
/// The original's texts: the user's pair is missing, or another pair has the machine's name.
pub async fn check(api: &Api, fields: &Fields) -> Result<()> {
    let (existing, name) = (fields.existing_key, wanted_name(fields));
    let found = match named(api, &name).await {
        Ok(found) => found,
        // Who may launch need not be allowed to look.
        Err(error) if error.is_unclear() || error.is_bad_credentials() => return Err(error.into()),
        Err(_) => return Ok(()),
    };
    match (existing, found) {
        (true, None) => {
            Err(Error::msg(format!("There is no keypair with the name {name}. Please verify the key name provided.")))
        }
        (false, Some(_)) => Err(taken(&name)),
        _ => Ok(()),
    }
}

fn taken(name: &str) -> Error {
    Error::msg(format!(
        "There is already a keypair with the name {name}.  Please either remove that keypair or use a different machine \
         name."
    ))
}

fn wanted_name(fields: &Fields) -> String {
    if fields.existing_key { fields.key_name.clone() } else { fields.base.machine_name.clone() }
}

async fn named(api: &Api, name: &str) -> Result<Option<KeyPair>, ApiError> {
    match api.key_pairs(&[("key-name", &[name.to_owned()])]).await {
        Ok(found) => Ok(found.into_iter().next()),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts the key into the machine's folder, and its public half to EC2 unless the user's pair is there.
///
/// # Errors
/// A file cannot be read or written, or EC2 refuses.
pub async fn ensure(cx: &DriverContext<'_>, work: &mut Work<'_>, kind: NewKey) -> Result<()> {
    let public = files(cx, work, kind).context("unable to create key pair")?;
    if work.fields.existing_key || is_there(work).await {
        return work.save().await;
    }
    // Before the call, so that it is known what to look for if nobody hears the answer.
    work.fields.key_name = wanted_name(work.fields);
    work.save().await?;
    let (api, name, tags) = (work.api().clone(), work.fields.key_name.clone(), work.tags()?);
    let line = public.clone();
    match work.finish(async move { api.import_key_pair(&name, &line, &tags).await }).await {
        Ok(id) => work.fields.key_pair_id = id,
        Err(error) if error.is("InvalidKeyPair.Duplicate") => adopt(work, &public).await?,
        Err(error) if error.is_denied() => in_user_data(work, &public),
        Err(error) => return Err(Error::from(error).context("unable to create key pair")),
    }
    work.save().await
}

/// Whether an earlier `create` has made the pair, and nobody has removed it: that `create` itself may have, and could
/// not write it down.
async fn is_there(work: &Work<'_>) -> bool {
    let fields = &work.fields;
    if fields.key_pair_id.is_empty() {
        return false;
    }
    // Of an instance that is there the key is in it. Who may not look goes by the record.
    let is_needed = fields.instance_id.is_empty();
    !is_needed || !matches!(named(work.api(), &fields.key_name).await, Ok(None))
}

/// The pair is there already: ours, or of an earlier try.
async fn adopt(work: &mut Work<'_>, public: &str) -> Result<()> {
    let name = work.fields.key_name.clone();
    let found = named(work.api(), &name).await?;
    let same = |pair: &KeyPair| {
        tag(&pair.tags, tags::MACHINE) == Some(work.fields.id.as_str()) || bare(&pair.public) == bare(public)
    };
    match found.filter(same) {
        Some(pair) => {
            work.fields.key_pair_id = pair.id;
            Ok(())
        }
        None => {
            work.fields.key_name.clear();
            Err(taken(&name))
        }
    }
}

/// Without the permission to import a key, the machine gets it at its first boot.
fn in_user_data(work: &mut Work<'_>, public: &str) {
    work.console.debug("importing key pairs is not allowed: the key goes into the user data");
    work.fields.key_name.clear();
    let keys = work.fields.authorized_keys.get_or_insert_default();
    let line = public.trim_end().to_owned();
    if !keys.contains(&line) {
        keys.push(line);
    }
}

/// Kind and key without the comment.
fn bare(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?))
}

/// The two files in the machine's folder; the public line.
fn files(cx: &DriverContext<'_>, work: &mut Work<'_>, kind: NewKey) -> Result<String> {
    let path = work.place.folder.join(layout::SSH_KEY);
    let public_path = keys::beside(&path, ".pub");
    work.fields.base.ssh_key_path = text(&path);
    if path.exists() && public_path.exists() {
        return read(&public_path);
    }
    let source = &work.fields.ssh_private_key_path;
    if source.is_empty() {
        work.console.debug("Creating New SSH Key");
        return keys::generate(&path, kind);
    }
    let source = cx.env.cwd.join(source);
    let private = std::fs::read(&source).map_err(|error| Error::file("open", &source, &error))?;
    let theirs = keys::beside(&source, ".pub");
    let public = if theirs.exists() { read(&theirs)? } else { keys::public_line(&source)? };
    write_private(&path, &private)?;
    write_private(&public_path, public.as_bytes())?;
    Ok(public)
}

fn read(path: &PathBuf) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Error::file("open", path, &error))
}

/// Removes the key pairs that were made for a machine, never the user's.
///
/// # Errors
/// One is left, by name.
pub async fn remove(api: &Api, console: &Console, fields: &Fields) -> Result<()> {
    let mut names = Vec::new();
    if fields.is_tagged() {
        match api.key_pairs(&[(tags::BY_MACHINE, std::slice::from_ref(&fields.id))]).await {
            Ok(pairs) => names.extend(pairs.into_iter().map(|pair| pair.name)),
            // Not allowed to look: what is known to be made goes by its name.
            Err(error) if error.is_denied() => {
                names.extend((!fields.key_pair_id.is_empty()).then(|| fields.key_name.clone()));
            }
            Err(error) => return Err(Error::from(error)),
        }
    } else if !fields.existing_key {
        if fields.key_name.is_empty() {
            console.say("Missing key pair name, this is likely due to a failure during machine creation");
        } else {
            names.push(fields.key_name.clone());
        }
    }
    for name in names {
        console.debug(format!("deleting key pair: {name}"));
        match api.delete_key_pair(&name).await {
            Err(error) if !error.is_not_found() => {
                return Err(Error::from(error).context(format!("key pair {name} is left")));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_keys_are_compared_without_their_comments() {
        assert_eq!(bare("ssh-rsa AAAA me@home\n"), bare("ssh-rsa AAAA"));
        assert_ne!(bare("ssh-rsa AAAB"), bare("ssh-rsa AAAA"));
    }
}
