//! `regrant dev`: everything in one process, kept in one directory.
//!
//! The rule: what dev prints works as it stands, after a restart too. The sandbox alone lives in memory:
//! a restart loads its world anew, at the present time, and tokens it handed out before are dead.

mod data_dir;
mod operator;
mod summary;
mod tenants;

use std::path::PathBuf;

use crate::{
    output::{self, Output},
    rehearsal::{Ports, Rehearsal},
    signals, telemetry,
};

use data_dir::DataDir;

/// Where it keeps what, and where it listens.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Directory of the database, the keyring and the demo credentials; made with mode 0700.
    #[arg(long, default_value = "./regrant-data", value_name = "DIR")]
    data: PathBuf,
    /// Begin anew: delete what an earlier `dev` made there; refused where other files lie.
    #[arg(long)]
    fresh: bool,
    /// Port of the API on loopback; the operators' on the next one, the sandbox on the tenth after it; 0 takes free ones.
    #[arg(long, default_value_t = 8080, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=65_525))]
    port: u16,
    /// Print one line of JSON once ready, with the addresses and credentials, and nothing else.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, output: Output) -> anyhow::Result<()> {
    let form = if args.json { Output::Json } else { output };
    telemetry::start(
        telemetry::LogFormat::Text,
        if form == Output::Json { "warn" } else { "info" },
    )?;
    let stop = signals::on_stop()?;
    let data = DataDir::open(&args.data, args.fresh)?;
    let keyring = tokio::task::block_in_place(|| data.keyring())?;
    let rehearsal =
        Rehearsal::start(&data.database(), keyring, Ports::from_public(args.port)).await?;
    let started = async {
        let tenants = tenants::ready(&rehearsal, &data).await?;
        let operator = operator::ready(&rehearsal.vault, &data).await?;
        let summary = summary::Summary::new(&rehearsal, &data, tenants, operator);
        form.print(&summary, &summary)
    };
    let started = started.await;
    if started.is_ok() {
        stop.cancelled().await;
    }
    rehearsal.stop().await;
    if form == Output::Text && started.is_ok() {
        output::line("stopped")?;
    }
    started
}
