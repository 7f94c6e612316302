//! Which shell, and how it sets and unsets variables.

/// A shell's syntax. Values stand between the parts of `set`; every special character of a value is replaced.
#[derive(Debug, PartialEq, Eq)]
pub struct Shell {
    names: &'static [&'static str],
    /// Before the variable, between variable and value, after the value.
    set: [&'static str; 3],
    /// Before and after the variable.
    unset: [&'static str; 2],
    /// What makes a line a remark.
    remark: &'static str,
    /// Around the command that puts the lines into effect.
    apply: [&'static str; 2],
    /// What stands for a character that would mean something between the shell's quotes.
    escapes: &'static [(char, &'static str)],
    /// The same for what is not typed but printed by a command, for `eval` to see: such text is split into words at its
    /// blanks, and their patterns become names of files, before `eval` joins them and knows of any quotes. A blank is
    /// meant that comes behind a blank.
    printed: &'static [(char, &'static str)],
    /// Before and after a line whose value has an opening brace in it.
    brace: [&'static str; 2],
}

const POSIX: &Shell = &Shell {
    names: &["sh", "bash", "zsh", "dash", "ksh"],
    set: ["export ", "=\"", "\""],
    unset: ["unset ", ""],
    remark: "#",
    apply: ["eval $(", ")"],
    escapes: &[('"', "\\\""), ('\\', "\\\\"), ('$', "\\$"), ('`', "\\`")],
    // The parenthesis makes `!(a)` a pattern where `extglob` is set.
    printed: &[(' ', "\"\" "), ('*', "\"\\*\""), ('?', "\"\\?\""), ('[', "\"\\[\""), ('(', "\"\\(\"")],
    brace: ["", ""],
};

const OTHERS: &[&Shell] = &[
    &Shell {
        names: &["fish"],
        set: ["set -gx ", " \"", "\";"],
        unset: ["set -e ", ";"],
        remark: "#",
        apply: ["eval (", ")"],
        escapes: &[('"', "\\\""), ('\\', "\\\\"), ('$', "\\$")],
        printed: &[],
        brace: ["", ""],
    },
    &Shell {
        names: &["powershell", "pwsh"],
        set: ["$Env:", " = \"", "\""],
        unset: ["Remove-Item Env:\\\\", ""],
        remark: "#",
        apply: ["& ", " | Invoke-Expression"],
        // It takes typographic quotes for plain ones.
        escapes: &[('"', "`\""), ('“', "`“"), ('”', "`”"), ('„', "`„"), ('`', "``"), ('$', "`$")],
        printed: &[],
        brace: ["", ""],
    },
    &Shell {
        names: &["cmd"],
        set: ["SET ", "=", ""],
        unset: ["SET ", "="],
        remark: "REM",
        apply: ["\t@FOR /f \"tokens=*\" %i IN ('", "') DO @%i"],
        // The line is what `%i` stands for: cmd does not look at its characters again.
        escapes: &[],
        printed: &[],
        brace: ["", ""],
    },
    &Shell {
        names: &["tcsh", "csh"],
        set: ["setenv ", " \"", "\";"],
        unset: ["unsetenv ", ";"],
        remark: ":",
        apply: ["eval `", "`"],
        escapes: &[('"', "\"'\"'\""), ('$', "\"'$'\""), ('`', "\"'`'\""), ('!', "\\!")],
        // A tilde is a home folder at the beginning of a word. Braces are expanded in every word but in `{`.
        printed: &[(' ', "\"\" "), ('~', "\"\"~"), ('{', "\"$dm_brace:q\"")],
        brace: ["set dm_brace = { ; ", " unset dm_brace;"],
    },
    &Shell {
        names: &["emacs"],
        set: ["(setenv \"", "\" \"", "\")"],
        unset: ["(setenv \"", "\" nil)"],
        remark: ";;",
        apply: ["(with-temp-buffer (shell-command \"", "\" (current-buffer)) (eval-buffer))"],
        escapes: &[('"', "\\\""), ('\\', "\\\\")],
        printed: &[],
        brace: ["", ""],
    },
];

/// The shell of a name; every other name means the POSIX form, as in the original.
pub fn named(name: &str) -> &'static Shell {
    OTHERS.iter().find(|shell| shell.names.contains(&name)).copied().unwrap_or(POSIX)
}

/// The shell to write for: the one asked for; else the calling process, if it is a shell with a syntax of its own;
/// else `$SHELL`; else the POSIX form.
pub fn detect(asked: Option<&str>, parent: Option<&str>, variable: Option<&str>) -> &'static Shell {
    if let Some(name) = asked.filter(|name| !name.is_empty()) {
        return named(name);
    }
    if let Some(shell) = parent.map(named).filter(|shell| *shell != POSIX) {
        return shell;
    }
    variable.map_or(POSIX, |path| named(path.rsplit('/').next().unwrap_or_default()))
}

/// The name of the process that called us, where the system tells it (Linux).
pub fn calling_process() -> Option<String> {
    let parent = rustix::process::getppid()?;
    let name = std::fs::read_to_string(format!("/proc/{}/comm", parent.as_raw_nonzero())).ok()?;
    Some(name.trim_end().to_owned())
}

impl Shell {
    /// The line that sets a variable.
    pub fn set(&self, variable: &str, value: &str) -> String {
        let [before, between, after] = self.set;
        let line = format!("{before}{variable}{between}{}{after}", self.escape(value, self.printed));
        match (value.contains('{'), self.brace) {
            (true, [first, last]) => format!("{first}{line}{last}"),
            (false, _) => line,
        }
    }

    /// The line that unsets a variable.
    pub fn unset(&self, variable: &str) -> String {
        let [before, after] = self.unset;
        format!("{before}{variable}{after}")
    }

    /// The two remarks at the end: how to put the lines into effect. `args`: our own command line.
    pub fn hint(&self, args: &[String]) -> String {
        let [before, after] = self.apply;
        let command = self.command_line(args);
        let remark = self.remark;
        format!("{remark} Run this command to configure your shell: \n{remark} {before}{command}{after}\n")
    }

    /// The command line as it can be typed again; plain arguments stay as they are. It is a remark of one line: what
    /// would end that is only shown.
    fn command_line(&self, args: &[String]) -> String {
        // Emacs hands the command to sh, inside a string of its own.
        let typed_in = if self.names.contains(&"emacs") { POSIX } else { self };
        let quoted: Vec<String> = args.iter().map(|arg| typed_in.quote(&visible(arg))).collect();
        let line = quoted.join(" ");
        if typed_in == self { line } else { self.escape(&line, &[]) }
    }

    fn quote(&self, arg: &str) -> String {
        let plain = |c: char| c.is_alphanumeric() || "_-+=:,./@%^~".contains(c);
        if !arg.is_empty() && arg.chars().all(plain) {
            arg.to_owned()
        } else {
            format!("\"{}\"", self.escape(arg, &[]))
        }
    }

    fn escape(&self, value: &str, printed: &[(char, &str)]) -> String {
        let mut escaped = String::with_capacity(value.len());
        let mut before = None;
        for c in value.chars() {
            let is_first_blank = c == ' ' && before != Some(' ');
            match self.escapes.iter().chain(printed).find(|(special, _)| *special == c) {
                Some((_, instead)) if !is_first_blank => escaped.push_str(instead),
                _ => escaped.push(c),
            }
            before = Some(c);
        }
        escaped
    }
}

/// Control characters as Rust writes them.
fn visible(arg: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() };
    arg.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &[&str]) -> Vec<String> {
        line.iter().map(|arg| (*arg).to_owned()).collect()
    }

    #[test]
    fn each_shell_sets_and_unsets_in_its_own_way() {
        for (name, set, unset) in [
            ("bash", r#"export K="v 1""#, "unset K"),
            ("typo", r#"export K="v 1""#, "unset K"),
            ("fish", r#"set -gx K "v 1";"#, "set -e K;"),
            ("powershell", r#"$Env:K = "v 1""#, r"Remove-Item Env:\\K"),
            ("cmd", "SET K=v 1", "SET K="),
            ("tcsh", r#"setenv K "v 1";"#, "unsetenv K;"),
            ("emacs", r#"(setenv "K" "v 1")"#, r#"(setenv "K" nil)"#),
        ] {
            assert_eq!((named(name).set("K", "v 1"), named(name).unset("K")), (set.into(), unset.into()), "{name}");
        }
    }

    #[test]
    fn values_cannot_leave_their_quotes() {
        for (name, escaped) in [
            ("sh", r#"export K="a\"b\$c\`d\\e""#),
            ("fish", r#"set -gx K "a\"b\$c`d\\e";"#),
            ("powershell", r#"$Env:K = "a`"b`$c``d\e""#),
            ("tcsh", r#"setenv K "a"'"'"b"'$'"c"'`'"d\e";"#),
            ("emacs", r#"(setenv "K" "a\"b$c`d\\e")"#),
        ] {
            assert_eq!(named(name).set("K", r#"a"b$c`d\e"#), escaped, "{name}");
        }
    }

    #[test]
    fn what_is_split_where_it_was_printed_becomes_the_value_again() {
        for (name, set) in [
            ("sh", r#"export K=" "" "\*" "\?"~"\["a]!"\("b){c,d}""#),
            ("fish", r#"set -gx K "  * ?~[a]!(b){c,d}";"#),
            ("tcsh", r#"set dm_brace = { ; setenv K " "" * ?""~[a]\!(b)"$dm_brace:q"c,d}"; unset dm_brace;"#),
        ] {
            assert_eq!(named(name).set("K", "  * ?~[a]!(b){c,d}"), set, "{name}");
        }
        // What is typed is not split.
        let hint = named("sh").hint(&args(&["docker-machine", "-s", "/a  *", "env"]));
        assert!(hint.ends_with("# eval $(docker-machine -s \"/a  *\" env)\n"), "{hint}");
    }

    #[test]
    fn the_hint_repeats_the_command_line() {
        for (name, line) in [
            ("sh", "# eval $(docker-machine env --shell=x a)"),
            ("fish", "# eval (docker-machine env --shell=x a)"),
            ("powershell", "# & docker-machine env --shell=x a | Invoke-Expression"),
            ("cmd", "REM \t@FOR /f \"tokens=*\" %i IN ('docker-machine env --shell=x a') DO @%i"),
            ("tcsh", ": eval `docker-machine env --shell=x a`"),
            (
                "emacs",
                ";; (with-temp-buffer (shell-command \"docker-machine env --shell=x a\" (current-buffer)) (eval-buffer))",
            ),
        ] {
            let hint = named(name).hint(&args(&["docker-machine", "env", "--shell=x", "a"]));
            let (first, second) = hint.trim_end_matches('\n').split_once('\n').unwrap();
            assert!(first.ends_with(" Run this command to configure your shell: "), "{first:?}");
            assert_eq!(second, line);
        }
    }

    #[test]
    fn arguments_with_blanks_are_quoted_in_the_hint() {
        let line = args(&["/my programs/dm", "-s", "/a $b", "env", "web"]);
        assert!(named("sh").hint(&line).ends_with("# eval $(\"/my programs/dm\" -s \"/a \\$b\" env web)\n"));
        let emacs = named("emacs").hint(&line);
        assert!(
            emacs.contains(r#"(shell-command "\"/my programs/dm\" -s \"/a \\$b\" env web" (current-buffer))"#),
            "{emacs}"
        );
    }

    #[test]
    fn typographic_quotes_do_not_end_powershells_strings() {
        let shell = named("pwsh");
        assert_eq!(shell.set("K", "a”; calc; “„‘’b"), "$Env:K = \"a`”; calc; `“`„‘’b\"");
    }

    #[test]
    fn the_hint_stays_a_remark_of_one_line() {
        for name in ["sh", "fish", "powershell", "cmd", "tcsh", "emacs"] {
            let hint = named(name).hint(&args(&["docker-machine", "-s", "a\ntouch x", "env"]));
            assert_eq!(hint.lines().count(), 2, "{name}: {hint}");
        }
    }

    #[test]
    fn the_flag_wins_then_a_foreign_parent_then_the_variable() {
        assert_eq!(detect(Some("bash"), Some("fish"), Some("/bin/tcsh")), named("sh"));
        assert_eq!(detect(None, Some("fish"), Some("/bin/bash")), named("fish"));
        assert_eq!(detect(Some(""), Some("bash"), Some("/usr/bin/fish")), named("fish"));
        assert_eq!(detect(None, Some("make"), Some("/bin/zsh")), POSIX);
        assert_eq!(detect(None, None, None), POSIX);
    }
}
