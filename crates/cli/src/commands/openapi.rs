//! `regrant openapi`: prints the OpenAPI description, or checks a file against it.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::output;

/// Options of `openapi`.
#[derive(clap::Args)]
pub(crate) struct OpenapiArgs {
    /// Compare this file with the description instead of printing it.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Use the description of the operators' API instead of the public one.
    #[arg(long)]
    admin: bool,
}

pub(crate) fn run(args: &OpenapiArgs) -> anyhow::Result<()> {
    let yaml = if args.admin {
        regrant_api::openapi_admin_yaml()
    } else {
        regrant_api::openapi_yaml()
    };
    let option = if args.admin { " --admin" } else { "" };
    let Some(path) = &args.check else {
        return output::print_line(yaml.trim_end());
    };
    let shown = path.display();
    let stored = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    anyhow::ensure!(
        stored.trim_end() == yaml.trim_end(),
        "{shown} is out of date: run `regrant openapi{option} > {shown}`"
    );
    output::print_line(format!("{shown} is up to date"))
}
