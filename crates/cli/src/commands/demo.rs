//! `regrant demo`: runs the demo story in this terminal, on a temporary database.
//!
//! The rule: the story prints only what it has checked. Every step asks the running API and the simulated Graph,
//! and the first failed check ends the story with exit code 1.
//! Start at `demo/story.rs`, which has one function a step.

mod narrator;
mod story;
mod tables;

use std::process::ExitCode;

use anyhow::Context as _;
use regrant_crypto::Keyring;

use crate::{
    output::Output,
    rehearsal::{Ports, Rehearsal, Stage},
    telemetry,
};

use narrator::Narrator;

/// Options of `demo`.
#[derive(clap::Args)]
pub(crate) struct DemoArgs {
    /// Print one JSON report instead of the story.
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) async fn run(args: DemoArgs, output: Output) -> anyhow::Result<ExitCode> {
    telemetry::start_logging(telemetry::LogFormat::Text, "error")?;
    let form = if args.json { Output::Json } else { output };
    let home = tempfile::tempdir().context("cannot make a temporary directory")?;
    // The keys live in memory only: the database is deleted at the end.
    let stage = Stage::prepare(Ports::FREE).await?;
    let database = home.path().join("demo.sqlite3");
    let rehearsal = Rehearsal::start(&database, Keyring::in_memory()?.into(), stage, None).await?;
    let mut narrator = Narrator::new(form);
    let result = story::run_story(&mut narrator, &rehearsal).await;
    rehearsal.stop().await;
    home.close()
        .context("cannot delete the temporary directory")?;
    let succeeded = result.is_ok();
    narrator.finish_story(result.err())?;
    Ok(if succeeded {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
