//! What a command prints: text for people, JSON for machines.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

use anyhow::Context as _;
use clap::ValueEnum;
use serde::Serialize;

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON value.
    Json,
}

impl Output {
    /// Prints a result: `value` for machines, `text` for people.
    pub fn print(self, value: &impl Serialize, text: impl Display) -> anyhow::Result<()> {
        match self {
            Self::Text => line(text),
            Self::Json => line(serde_json::to_string(value)?),
        }
    }
}

/// Text on standard output as it is.
pub(crate) fn text(text: &str) -> anyhow::Result<()> {
    io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .context("cannot write to standard output")
}

/// One line on standard output, out at once.
pub(crate) fn line(text: impl Display) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")
        .and_then(|()| stdout.flush())
        .context("cannot write to standard output")
}
