//! `/etc/conf.d/docker`: the engine's options under `OpenRC`.

use super::script::quote;

/// Where it is.
pub(super) const PATH: &str = "/etc/conf.d/docker";

const BEGIN: &str = "# docker-machine: begin";
const END: &str = "# docker-machine: end";

/// The file with our block at its end; what others wrote stays.
///
/// `OpenRC` evaluates the options once more when it starts the daemon, so each word is quoted twice.
pub(crate) fn render(existing: &str, arguments: &[String], env: &[String]) -> String {
    let mut text = without_block(existing);
    let words: Vec<String> = arguments.iter().map(|word| word_for_eval(word)).collect();
    text.push_str(&format!("{BEGIN}\nDOCKER_OPTS={}\n", value(&words.join(" "))));
    for assignment in env {
        // What is no name would be a command. systemd passes over it, too.
        if let Some((name, said)) = assignment.split_once('=').filter(|(name, _)| is_name(name)) {
            text.push_str(&format!("export {name}={}\n", value(said)));
        }
    }
    text.push_str(&format!("{END}\n"));
    text
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A quoted value, none of whose further lines can be taken for the end of our block.
fn value(text: &str) -> String {
    quote(text).replace('\n', "\n''")
}

fn word_for_eval(word: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_@+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(is_safe) { word.to_owned() } else { quote(word) }
}

fn without_block(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    // As they are, with whatever they end with.
    for line in text.split_terminator('\n') {
        inside |= line == BEGIN;
        if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
        inside &= line != END;
    }
    kept
}

/// The `--storage-driver` of an earlier block.
pub(crate) fn storage_driver(text: &str) -> Option<String> {
    let options = text.split_once(BEGIN)?.1.split_once("--storage-driver ")?.1;
    options.split_whitespace().next().map(|word| word.trim_matches('\'').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_lines_stay_and_our_block_is_replaced() {
        let first = render("# see docs\nDOCKER_OPTS=\"\"\n", &["--debug".into()], &["A=b c".into()]);
        let second = render(&first, &["--debug".into()], &["A=b c".into()]);
        assert_eq!(first, second);
        assert!(first.starts_with("# see docs\nDOCKER_OPTS=\"\"\n# docker-machine: begin\nDOCKER_OPTS='--debug'\n"));
        assert!(first.ends_with("export A='b c'\n# docker-machine: end\n"));
    }

    #[test]
    fn line_ends_of_others_stay() {
        let text = "A=1\r\n\rB=2\r";
        assert!(render(text, &[], &[]).starts_with("A=1\r\n\rB=2\r\n# docker-machine: begin\n"));
        let once = render(text, &[], &[]);
        assert_eq!(render(&once, &[], &[]), once);
    }

    #[test]
    fn no_value_and_no_name_leaves_the_block() {
        let value = "1\n# docker-machine: end\ntouch /x";
        let env = [format!("A={value}"), "B;touch /x=1".into(), "C\ntouch /x=1".into(), "$(id)=1".into()];
        let label = format!("--label=a\n# docker-machine: begin\n{value}");
        let conf = render("# see docs\n", &[label], &env);
        assert_eq!(render(&conf, &[], &[]), render("# see docs\n", &[], &[]), "{conf}");
        assert_eq!(conf.matches("touch /x").count(), 2, "{conf}");
        let script = format!("{conf}printf %s \"$A\"");
        let ran = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&ran.stdout), value);
    }

    #[test]
    fn a_shell_reads_awkward_words_back() {
        let words = ["--label", "a=it's $HOME", "%", "two  blanks"].map(str::to_owned);
        let conf = render("", &words, &[]);
        let script = format!("{conf}eval printf '%s\\\\n' $DOCKER_OPTS");
        let ran = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
        // As in OpenRC's own `eval start-stop-daemon ... -- $command_args`; unquoted, so blanks may fold.
        assert_eq!(String::from_utf8_lossy(&ran.stdout), "--label\na=it's $HOME\n%\ntwo blanks\n");
    }
}
