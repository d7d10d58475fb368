//! The command line: reads the arguments, and describes itself for help, completions and the man page.
//!
//! The rule: help is plain text. The marks of our documentation (backticks) are taken out of it here, once for all.

use std::{ffi::OsString, process::ExitCode};

use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _, builder::StyledStr};

use crate::{Cli, output::Output};

/// The command line with plain help.
pub(crate) fn build_command() -> Command {
    plain_command(Cli::command())
}

/// Reads the arguments of this process.
///
/// # Errors
/// The exit code, after help, the version or an error was printed; an error as JSON if the arguments ask for it.
pub(crate) fn read_arguments() -> Result<Cli, ExitCode> {
    let read = build_command().try_get_matches();
    let read = read.and_then(|matches| Cli::from_arg_matches(&matches));
    read.map_err(|error| {
        let is_json = error.use_stderr() && asks_for_json(std::env::args_os());
        if is_json {
            let error = anyhow::anyhow!("{}", error.render().to_string().trim_end());
            Output::Json.print_error(&error);
        } else {
            // A failed write cannot be reported anywhere.
            drop(error.print());
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// Whether the arguments, which do not parse, ask for JSON.
fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let arguments: Vec<_> = arguments.collect();
    arguments.iter().any(|it| it == "--output=json")
        || arguments
            .windows(2)
            .any(|pair| matches!(pair, [name, value] if name == "--output" && value == "json"))
}

fn plain_command(command: Command) -> Command {
    let (about, long) = (
        plain_text(command.get_about()),
        plain_text(command.get_long_about()),
    );
    let command = match about {
        Some(text) => command.about(text),
        None => command,
    };
    let command = match long {
        Some(text) => command.long_about(text),
        None => command,
    };
    command
        .mut_args(plain_argument)
        .mut_subcommands(plain_command)
}

fn plain_argument(argument: Arg) -> Arg {
    let (help, long) = (
        plain_text(argument.get_help()),
        plain_text(argument.get_long_help()),
    );
    let argument = match help {
        Some(text) => argument.help(text),
        None => argument,
    };
    match long {
        Some(text) => argument.long_help(text),
        None => argument,
    }
}

fn plain_text(text: Option<&StyledStr>) -> Option<String> {
    text.map(|it| it.to_string().replace('`', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_asked_for_in_either_spelling() {
        let asks = |text: &str| asks_for_json(text.split(' ').map(OsString::from));
        assert!(asks("regrant --output json serve --nonsense"));
        assert!(asks("regrant serve --nonsense --output=json"));
        assert!(!asks("regrant --output text serve") && !asks("regrant json --output"));
    }
}
