//! Prints results on standard output: text for people, JSON for machines.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use anyhow::Context as _;
use clap::ValueEnum;
use serde::Serialize;

/// The format of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Readable text.
    #[default]
    Text,
    /// One JSON value.
    Json,
}

impl Output {
    /// Prints a result: `value` for machines, `text` for people.
    pub fn print_result(self, value: &impl Serialize, text: impl Display) -> anyhow::Result<()> {
        match self {
            Self::Text => print_line(text),
            Self::Json => print_line(serde_json::to_string(value)?),
        }
    }
}

/// Prints text without a line break at the end.
pub(crate) fn print_text(text: &str) -> anyhow::Result<()> {
    io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .context("cannot write to standard output")
}

/// Prints one line and flushes it.
pub(crate) fn print_line(text: impl Display) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .context("cannot write to standard output")
}

/// The text of an error and of each of its causes; leaves out a cause that the text before it already ends with.
pub(crate) fn cause_texts(error: &anyhow::Error) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if texts.last().is_none_or(|it| !it.ends_with(&cause)) {
            texts.push(cause);
        }
    }
    texts
}
