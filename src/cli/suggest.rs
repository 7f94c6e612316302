//! What somebody meant who typed a command or a flag that does not exist.

/// Words of other programs, and what they are called here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cp", "scp"),
    ("copy", "scp"),
    ("delete", "rm"),
    ("destroy", "rm"),
    ("down", "stop"),
    ("info", "inspect"),
    ("list", "ls"),
    ("new", "create"),
    ("ps", "ls"),
    ("reboot", "restart"),
    ("remove", "rm"),
    ("shell", "ssh"),
    ("show", "inspect"),
    ("up", "start"),
    // The shell wrapper knows this one; without it, this is what to evaluate.
    ("use", "env"),
];

/// The command that was meant, if one is near.
pub(super) fn command<'c>(typed: &str, mut commands: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let elsewhere = ELSEWHERE.iter().find(|(word, _)| *word == typed).map(|(_, here)| *here);
    match elsewhere {
        Some(here) => commands.find(|command| *command == here),
        None => nearest(typed, commands),
    }
}

/// The flag that was meant, names without dashes: the only one that begins so, or one that is near.
pub(super) fn flag<'f>(typed: &str, flags: impl Iterator<Item = &'f str> + Clone) -> Option<&'f str> {
    let mut longer = flags.clone().filter(|flag| typed.len() > 1 && flag.starts_with(typed));
    match (longer.next(), longer.next()) {
        (Some(only), None) => Some(only),
        _ => nearest(typed, flags),
    }
}

fn nearest<'w>(typed: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let typed = typed.to_lowercase();
    // Letters to insert, remove, replace or swap with their neighbour.
    let (distance, nearest) =
        words.map(|word| (strsim::osa_distance(&typed, word), word)).min_by_key(|(distance, _)| *distance)?;
    // Two slips in a word of six letters, three in a longer one; in `ls` everything would be near.
    (distance <= (typed.chars().count() / 3).min(3)).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_other_programs_words_are_understood_and_nothing_is_invented() {
        let commands = ["create", "env", "inspect", "ls", "rm", "ssh", "start", "status", "regenerate-certs"];
        for (typed, meant) in [
            ("statsu", Some("status")),
            ("creat", Some("create")),
            ("SSH", Some("ssh")),
            ("regenerate-cert", Some("regenerate-certs")),
            ("list", Some("ls")),
            ("delete", Some("rm")),
            ("sl", None),
            ("bogus", None),
            ("", None),
        ] {
            assert_eq!(command(typed, commands.into_iter()), meant, "{typed}");
        }
    }

    #[test]
    fn a_flag_is_known_by_its_beginning_or_in_spite_of_a_slip() {
        let flags = ["amazonec2-region", "amazonec2-retries", "driver", "engine-label", "format", "quiet"];
        for (typed, meant) in [
            ("amazonec2-regon", Some("amazonec2-region")),
            ("amazonec2-regions", Some("amazonec2-region")),
            ("aws-region", None),
            ("amazonec2-re", None),
            ("engine", Some("engine-label")),
            ("quite", Some("quiet")),
            ("drivre", Some("driver")),
            ("rq", None),
            ("x", None),
            ("nope", None),
        ] {
            assert_eq!(flag(typed, flags.into_iter()), meant, "{typed}");
        }
    }
}
