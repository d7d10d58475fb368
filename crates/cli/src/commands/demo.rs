//! `regrant demo`: the whole story in this terminal, against a directory that is deleted at the end.
//!
//! The rule: nothing is told that was not checked. Every step asks the running API and the simulated Graph,
//! and the first check that does not hold ends the story with exit code 1.

mod narrator;
mod story;
mod tables;

use std::process::ExitCode;

use anyhow::Context as _;
use regrant_crypto::Keyring;

use crate::{
    output::Output,
    rehearsal::{Ports, Rehearsal},
    telemetry,
};

use narrator::Teller;

/// How it is told.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON report instead of the story.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, output: Output) -> anyhow::Result<ExitCode> {
    telemetry::start(telemetry::LogFormat::Text, "error")?;
    let form = if args.json { Output::Json } else { output };
    let home = tempfile::tempdir().context("cannot make a temporary directory")?;
    // The keys go with the process, as the directory does.
    let rehearsal = Rehearsal::start(
        &home.path().join("demo.sqlite3"),
        Keyring::ephemeral()?,
        Ports::FREE,
    )
    .await?;
    let mut teller = Teller::new(form);
    let told = story::tell(&mut teller, &rehearsal).await;
    rehearsal.stop().await;
    home.close()
        .context("cannot delete the temporary directory")?;
    let is_true = told.is_ok();
    teller.end(told.err())?;
    Ok(if is_true {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
