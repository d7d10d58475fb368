//! `regrant openapi`: the API's description.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::output;

/// What to do with the description.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Compare this file with the description instead of printing it.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// The description of the operators' API instead of the public one's.
    #[arg(long)]
    admin: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let yaml = if args.admin {
        regrant_api::openapi_admin_yaml()
    } else {
        regrant_api::openapi_yaml()
    };
    let option = if args.admin { " --admin" } else { "" };
    let Some(path) = &args.check else {
        return output::line(yaml.trim_end());
    };
    let shown = path.display();
    let kept = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    anyhow::ensure!(
        kept.trim_end() == yaml.trim_end(),
        "{shown} is out of date: run `regrant openapi{option} > {shown}`"
    );
    output::line(format!("{shown} is up to date"))
}
