//! Prints results on standard output: text for people, JSON for machines. Errors go to standard error in the same form.
//!
//! The rule: a reader that closes standard output ends the command, without a message ([`OutputClosed`]).

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
};

use anyhow::Context as _;
use clap::ValueEnum;
use rustix::termios::tcgetwinsize;
use serde::Serialize;
use serde_json::json;

use crate::config::Faults;

/// The width of text where there is no terminal that could say its own.
const USUAL_WIDTH: u16 = 80;

/// The format of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Readable text.
    #[default]
    Text,
    /// One JSON value.
    Json,
}

/// The reader of standard output has closed it, as `head` does.
#[derive(Debug, thiserror::Error)]
#[error("standard output is closed")]
pub(crate) struct OutputClosed;

impl Output {
    /// Prints a result: `value` for machines, `text` for people.
    pub fn print_result(self, value: &impl Serialize, text: impl Display) -> anyhow::Result<()> {
        match self {
            Self::Text => print_line(text),
            Self::Json => print_line(serde_json::to_string(value)?),
        }
    }

    /// Prints an error on standard error: with its causes one a line, or as one JSON object.
    pub fn print_error(self, error: &anyhow::Error) {
        let mut texts = cause_texts(error);
        let text = match self {
            Self::Text => {
                let labels = std::iter::once("error").chain(std::iter::repeat("  because"));
                let lines = labels
                    .zip(texts)
                    .map(|(label, it)| format!("{label}: {it}"));
                lines.collect::<Vec<_>>().join("\n")
            }
            Self::Json => {
                let faults = error.downcast_ref::<Faults>().map(Faults::list);
                let mut message = texts.remove(0);
                if faults.is_some() {
                    // The lines behind the first repeat the faults.
                    message = message.lines().next().unwrap_or_default().to_owned();
                }
                json!({ "error": { "message": message, "causes": texts, "faults": faults } })
                    .to_string()
            }
        };
        // A failed write to stderr cannot be reported anywhere.
        drop(writeln!(io::stderr().lock(), "{text}"));
    }
}

/// The columns of the terminal that standard output is, or the usual ones.
pub(crate) fn text_width() -> u16 {
    let stdout = io::stdout();
    let size = stdout.is_terminal().then(|| tcgetwinsize(&stdout).ok());
    let columns = size.flatten().map_or(0, |it| it.ws_col);
    if columns == 0 { USUAL_WIDTH } else { columns }
}

/// Prints text without a line break at the end.
pub(crate) fn print_text(text: &str) -> anyhow::Result<()> {
    report_closed(io::stdout().lock().write_all(text.as_bytes()))
}

/// Prints one line and flushes it.
pub(crate) fn print_line(text: impl Display) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    report_closed(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))
}

fn report_closed(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(OutputClosed.into()),
        written => written.context("cannot write to standard output"),
    }
}

/// The text of an error and of each of its causes; leaves out a cause that the text before it already ends with. There is
/// at least one.
pub(crate) fn cause_texts(error: &anyhow::Error) -> Vec<String> {
    let mut texts = vec![error.to_string()];
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if texts.last().is_none_or(|it| !it.ends_with(&cause)) {
            texts.push(cause);
        }
    }
    texts
}
