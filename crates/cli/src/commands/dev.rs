//! `regrant dev`: runs everything in one process, with its data in one directory.
//!
//! The rule: every command that `dev` prints works when it is pasted, also after a restart. Only the sandbox is in
//! memory: a restart reloads its world at the current time, and its earlier tokens are dead.

mod data_dir;
mod operator;
mod story;
mod summary;
mod tenants;

use std::path::PathBuf;

use crate::{
    output::{self, Output},
    rehearsal::{Ports, Rehearsal, Stage},
    signals, telemetry,
};

use data_dir::DataDir;
use story::StoryDesk;

/// Options of `dev`.
#[derive(clap::Args)]
pub(crate) struct DevArgs {
    /// Directory of the database, the keyring and the demo credentials; created with mode 0700.
    #[arg(long, default_value = "./regrant-data", value_name = "DIR")]
    data: PathBuf,
    /// Delete the files of an earlier `dev` in the directory first; refused if it contains other files.
    #[arg(long)]
    fresh: bool,
    /// Port N of the API on loopback; the operators' API gets N + 1, the sandbox N + 10; 0 takes free ports.
    #[arg(long, default_value_t = 8080, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=65_525))]
    port: u16,
    /// Print only one line of JSON with addresses and credentials once ready.
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) async fn run(args: DevArgs, output: Output) -> anyhow::Result<()> {
    let form = if args.json { Output::Json } else { output };
    // What `dev` calls to set itself up is not what a reader looks for.
    let level = telemetry::start_changeable_logging("warn")?;
    let stop = signals::stop_on_signals()?;
    let stage = Stage::prepare(Ports::from_public(args.port)).await?;
    let data = DataDir::open(&args.data, args.fresh)?;
    let desk = StoryDesk::default();
    let rehearsal = match start_rehearsal(&data, stage, &desk).await {
        Ok(rehearsal) => rehearsal,
        Err(error) => {
            data.remove_if_new();
            return Err(error);
        }
    };
    let started = async {
        let tenants = tenants::ensure_tenants(&rehearsal, &data).await?;
        if let Some(tenant) = tenants.first() {
            let control = rehearsal.control.clone();
            desk.open(&rehearsal.public_url, tenant, control);
        }
        let operator = operator::ensure_operator(&rehearsal.vault, &data).await?;
        let summary = summary::Summary::new(&rehearsal, &data, tenants, operator);
        form.print_result(&summary, &summary)?;
        if form == Output::Text {
            level.set_default("info")?;
        }
        Ok(())
    };
    let started = started.await;
    if started.is_ok() {
        stop.cancelled().await;
    }
    rehearsal.stop().await;
    if form == Output::Text && started.is_ok() {
        output::print_line("stopped")?;
    }
    started
}

async fn start_rehearsal(
    data: &DataDir,
    stage: Stage,
    desk: &StoryDesk,
) -> anyhow::Result<Rehearsal> {
    let keyring = tokio::task::block_in_place(|| data.open_keyring())?;
    Rehearsal::start(&data.database_path(), keyring, stage, Some(desk.to_story())).await
}
