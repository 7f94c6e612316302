//! What a command line asks for, decided without touching anything.

use super::argv::{self, Flags, asks_for_help};
use super::failure::{Failure, from_clap};
use super::flag;
use super::help::{self, Called, Order};
use super::{globals, suggest, tree};
use crate::commands::{Command, completion, man};
use crate::context::Globals;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::store::root::Root;

/// What a command line asks for.
#[derive(Debug)]
pub(crate) enum Plan {
    /// A text: help, version, a completion script.
    Print(String),
    /// What could stand at the cursor of another command line.
    Complete(Vec<String>),
    /// A command that works on machines.
    Run(Setup, Job),
}

/// What a [`crate::context::Context`] is made of.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) globals: Globals,
    pub(crate) root: Root,
}

/// What to run.
#[derive(Debug)]
pub(crate) enum Job {
    /// A command, and its name.
    Command(Box<Command>, String),
    /// `create` with its words: they can only be read once its driver has told its flags.
    Create(Vec<String>),
    /// The manual pages, which are made from the tree.
    Manual(man::Args),
}

impl Job {
    fn of(command: Command, name: String) -> Self {
        match command {
            Command::Man(args) => Self::Manual(args),
            command => Self::Command(Box::new(command), name),
        }
    }
}

/// Reads the process's command line.
///
/// # Errors
/// It breaks the grammar, names no command, or a value in it cannot be.
pub(crate) fn plan(env: &Env) -> Result<Plan, Failure> {
    globals::check_debug_variable(env)?;
    Reader { env, called: Called::by(env), tree: tree::program(&[]) }.read()
}

/// A command line being read.
struct Reader<'e> {
    env: &'e Env,
    called: Called,
    tree: clap::Command,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Plan, Failure> {
        let flags = flag::of(&self.tree);
        let words = self.env.args.get(1..).unwrap_or_default();
        let mut parsed = argv::parse(words, &flags, Flags::Leading)
            .map_err(|misuse| Failure::misuse(misuse, &self.called, "", || help::app(&self.tree, &self.called)))?;
        let mut rest = std::mem::take(&mut parsed.positionals).into_iter();
        let word = rest.next().unwrap_or_default();
        if parsed.is_on(&flags, "help") {
            return Ok(self.app_help());
        }
        if parsed.is_on(&flags, "version") {
            return Ok(Plan::Print(help::version(&self.called)));
        }
        if word.is_empty() {
            return Ok(self.app_help());
        }
        let name = self.find(&word)?.get_name().to_owned();
        let setup = self.setup(parsed.for_clap(&flags, self.env))?;
        let rest: Vec<String> = rest.collect();
        match name.as_str() {
            "__complete" => Ok(Plan::Complete(rest)),
            "create" => Ok(Plan::Run(setup?, Job::Create(rest))),
            // Everything after the machine's name belongs to the remote command.
            "ssh" if rest.first().is_some_and(|word| asks_for_help(word)) => Ok(self.command_help(&name)),
            "ssh" => {
                let words = std::iter::once("--".to_owned()).chain(rest).collect();
                let command = self.typed(&name, words)?;
                Ok(Plan::Run(setup?, Job::Command(Box::new(command), name)))
            }
            _ => self.command(name, &rest, setup),
        }
    }

    fn command(&mut self, name: String, words: &[String], setup: Result<Setup>) -> Result<Plan, Failure> {
        let flags = flag::of(self.find(&name)?);
        let parsed = argv::parse(words, &flags, Flags::Anywhere).map_err(|misuse| {
            Failure::misuse(misuse, &self.called, &name, || command_help(&self.tree, &name, &self.called))
        })?;
        if parsed.is_on(&flags, "help") {
            return Ok(self.command_help(&name));
        }
        let command = self.typed(&name, parsed.for_clap(&flags, self.env))?;
        match self.text(&command) {
            Some(text) => text.map(Plan::Print).map_err(|error| self.with_help(error, &name)),
            None => Ok(Plan::Run(setup?, Job::of(command, name))),
        }
    }

    /// The text of a command that works on no machine.
    fn text(&self, command: &Command) -> Option<Result<String>> {
        match command {
            Command::Version(args) if args.names.is_empty() => Some(Ok(help::version(&self.called))),
            Command::Completion(args) => Some(completion::script(args)),
            Command::Help(args) => Some(match args.topics.first() {
                None => Ok(help::app(&self.tree, &self.called)),
                Some(topic) => self.find(topic).map(|sub| help::command(sub, Order::Declared, &self.called)),
            }),
            _ => None,
        }
    }

    /// What commands are handed. Help and version need none of it, so its failure is kept until it is asked for.
    fn setup(&mut self, words: Vec<String>) -> Result<Result<Setup>, Failure> {
        let program = tree::parse(&mut self.tree, words).map_err(|error| from_clap(&error))?;
        let root = globals::storage_root(&program.globals, self.env);
        Ok(root.map(|root| Setup { globals: program.globals.resolve(self.env), root }))
    }

    fn typed(&mut self, name: &str, words: Vec<String>) -> Result<Command, Failure> {
        let line = std::iter::once(name.to_owned()).chain(words).collect();
        let program = tree::parse(&mut self.tree, line).map_err(|error| self.with_help(from_clap(&error), name))?;
        Ok(program.command.expect("the line begins with a command"))
    }

    fn find(&self, word: &str) -> Result<&clap::Command> {
        self.tree.find_subcommand(word).ok_or_else(|| {
            let (program, argv0) = (self.called.program(), &self.called.argv0);
            let error = Error::msg(format!("{program}: '{word}' is not a {program} command. See '{argv0} --help'."));
            let visible = self.tree.get_subcommands().filter(|command| !command.is_hide_set());
            match suggest::command(word, visible.map(clap::Command::get_name)) {
                Some(meant) => error.hint(format!("did you mean `{program} {meant}`?")),
                None => error,
            }
        })
    }

    fn app_help(&self) -> Plan {
        Plan::Print(help::app(&self.tree, &self.called))
    }

    fn command_help(&self, name: &str) -> Plan {
        Plan::Print(command_help(&self.tree, name, &self.called))
    }

    fn with_help(&self, error: Error, name: &str) -> Failure {
        Failure::of_command(error, &self.called, name, || command_help(&self.tree, name, &self.called))
    }
}

/// The help of a command of the tree.
pub(super) fn command_help(tree: &clap::Command, name: &str, called: &Called) -> String {
    tree.find_subcommand(name).map(|sub| help::command(sub, Order::Declared, called)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::error::Kind;
    use crate::version::{BUILD, VERSION};

    fn env(line: &str, vars: &[(&str, &str)]) -> Env {
        let mut env = Env { cwd: "/work".into(), ..Env::default() };
        env.args = std::iter::once("/usr/bin/dm").chain(line.split_whitespace()).map(str::to_owned).collect();
        env.vars = vars.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        env.vars.entry("HOME".into()).or_insert_with(|| "/nonexistent/home".into());
        env
    }

    fn text(line: &str) -> String {
        match plan(&env(line, &[])) {
            Ok(Plan::Print(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn failure(line: &str, vars: &[(&str, &str)]) -> (String, Error) {
        let Failure { help, error } = plan(&env(line, vars)).expect_err(line);
        (help.lines().take(3).collect::<Vec<_>>().join("|"), error)
    }

    fn setup(line: &str, vars: &[(&str, &str)]) -> (Setup, Job) {
        match plan(&env(line, vars)) {
            Ok(Plan::Run(setup, job)) => (setup, job),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn command(line: &str) -> Command {
        match setup(line, &[]).1 {
            Job::Command(command, _) => *command,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn help_is_given_wherever_it_is_asked_for() {
        for line in ["", "help", "h", "-h", "--help", "-help", "-D", "--version -h", "-h ls", "-h=false"] {
            assert!(text(line).starts_with("Usage: dm [OPTIONS] COMMAND [arg...]\n"), "{line}");
        }
        for line in ["help ls", "h ls", "ls -h", "ls a --help", "ls -help -q"] {
            assert!(text(line).starts_with("Usage: docker-machine ls [OPTIONS] [arg...]\n"), "{line}");
        }
        for line in ["ssh -h", "ssh --help", "help ssh"] {
            assert!(text(line).starts_with("Usage: docker-machine ssh [arg...]\n"), "{line}");
        }
        assert!(text("help h").starts_with("Usage: docker-machine help [arg...]\n"));
    }

    #[test]
    fn the_version_is_one_line() {
        for line in ["version", "-v", "--version", "--version ls"] {
            assert_eq!(text(line), format!("dm version {VERSION}, build {BUILD}\n"));
        }
    }

    #[test]
    fn an_unknown_command_is_named_and_ends_with_1() {
        for line in ["bogus", "help bogus", "bogus -h", "bogus --nope"] {
            let (help, error) = failure(line, &[]);
            assert_eq!(error.message(), "dm: 'bogus' is not a dm command. See '/usr/bin/dm --help'.");
            assert_eq!((help.as_str(), error.exit_status()), ("", 1));
        }
    }

    #[test]
    fn misuse_prints_the_help_of_what_was_misused() {
        let (help, error) = failure("ls --nope", &[]);
        assert_eq!(help, "Incorrect Usage.||Usage: docker-machine ls [OPTIONS] [arg...]");
        assert_eq!(error.message(), "flag provided but not defined: -nope");
        assert_eq!(failure("ls --quite", &[]).1.hints(), ["did you mean `--quiet`?"]);
        let (help, _) = failure("--nope ls", &[]);
        assert_eq!(help, "Incorrect Usage.||Usage: dm [OPTIONS] COMMAND [arg...]");
        let (help, error) = failure("ls -q --quiet", &[]);
        let text = "Cannot use two forms of the same flag: q quiet";
        assert_eq!(help, format!("{text}||Usage: docker-machine ls [OPTIONS] [arg...]"));
        assert_eq!((error.message(), error.exit_status()), (text, 1));
    }

    #[test]
    fn debug_is_a_global_flag_and_beats_its_variable() {
        assert!(setup("-D ls", &[("MACHINE_DEBUG", "0")]).0.globals.debug);
        assert!(setup("ls", &[("MACHINE_DEBUG", "T")]).0.globals.debug);
        assert!(!setup("--debug=false ls", &[("MACHINE_DEBUG", "1")]).0.globals.debug);
        assert!(!setup("ssh web -D 1080", &[]).0.globals.debug);
        assert_eq!(failure("ls --debug", &[]).1.message(), "flag provided but not defined: -debug");
    }

    #[test]
    fn a_debug_variable_that_is_no_switch_ends_everything() {
        let (_, error) = failure("--version", &[("MACHINE_DEBUG", "yes")]);
        let text =
            r#"Error parsing boolean value from MACHINE_DEBUG: strconv.ParseBool: parsing "yes": invalid syntax"#;
        assert_eq!(error.message(), text);
    }

    #[test]
    fn global_paths_are_absolute_and_flags_beat_variables() {
        let vars = [("MACHINE_STORAGE_PATH", "/other"), ("MACHINE_TLS_CA_CERT", "ca.pem"), ("MACHINE_NATIVE_SSH", "x")];
        let (setup_, _) = setup("-s store --tls-client-key= ls", &vars);
        assert_eq!(setup_.root.path(), Path::new("/work/store"));
        assert_eq!(setup_.globals.tls_ca_cert, Some("/work/ca.pem".into()));
        assert_eq!(setup_.globals.tls_client_key, None);
        assert!(!setup_.globals.native_ssh);
        assert_eq!(setup("ls", &vars).0.root.path(), Path::new("/other"));
    }

    #[test]
    fn a_process_without_a_home_needs_a_storage_path() {
        let mut homeless = env("ls", &[]);
        homeless.vars.clear();
        let error = plan(&homeless).unwrap_err().error;
        assert!(error.hints()[0].contains("--storage-path"), "{error:?}");
        homeless.args = ["dm", "version"].map(str::to_owned).into();
        assert!(matches!(plan(&homeless), Ok(Plan::Print(_))));
    }

    #[test]
    fn ssh_leaves_everything_after_the_name_alone() {
        let words = |line: &str| match command(line) {
            Command::Ssh(args) => args.words.join(" "),
            other => panic!("{other:?}"),
        };
        assert_eq!(words("ssh web -- ls -la --help -h"), "web -- ls -la --help -h");
        assert_eq!(words("ssh web -L 1:b:2 -N"), "web -L 1:b:2 -N");
        assert_eq!(words("ssh -- web"), "-- web");
        assert_eq!(words("ssh -t web"), "-t web");
        assert_eq!(words("ssh"), "");
    }

    #[test]
    fn flags_and_names_reach_the_command() {
        let Command::Scp(scp) = command("scp m:/a -r /b --quiet") else { panic!("scp") };
        assert_eq!((scp.recursive, scp.delta, scp.quiet), (true, false, true));
        assert_eq!(scp.paths, ["m:/a", "/b"]);
        let Command::Ls(ls) = command("ls -t 0x10 --filter a=b,c -filter d=") else { panic!("ls") };
        assert_eq!((ls.timeout, ls.format.as_str(), ls.filter), (16, "", vec!["a=b,c".to_owned(), "d=".to_owned()]));
        let Command::Rm(rm) = command("rm a -y -- -f") else { panic!("rm") };
        assert_eq!((rm.yes, rm.force, rm.names), (true, false, vec!["a".to_owned(), "-f".to_owned()]));
        let Command::Env(env) = command("env -u --no-proxy --shell= web") else { panic!("env") };
        assert_eq!((env.unset, env.no_proxy, env.shell.as_str()), (true, true, ""));
    }

    #[test]
    fn create_waits_for_its_driver() {
        let (_, job) = setup("create -d x --x-flag n", &[]);
        assert!(matches!(job, Job::Create(words) if words == ["-d", "x", "--x-flag", "n"]));
    }

    #[test]
    fn a_completion_script_is_for_one_known_shell() {
        assert!(text("completion bash").contains("docker-machine"));
        for (line, message) in [
            ("completion", "Error: Expected the name of a shell as an argument"),
            ("completion bash zsh", "Error: Too many arguments given"),
            (
                "completion tcsh",
                "Error: Invalid argument \"tcsh\": expected one of bash, fish, powershell, prompt, wrapper, zsh",
            ),
        ] {
            let (help, error) = failure(line, &[]);
            assert_eq!((error.message(), error.kind()), (message, Kind::Usage));
            assert!(help.starts_with("Usage: docker-machine completion [arg...]"), "{help}");
        }
    }
}
