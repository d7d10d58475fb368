//! `regrant man`: the manual pages.

use std::path::PathBuf;

use anyhow::Context as _;
use clap_mangen::{Man, generate_to};

use crate::{command_line::build_command, output};

/// Options of `man`.
#[derive(clap::Args)]
pub(crate) struct ManArgs {
    /// Write `regrant.1`, and a page for each command, into this directory.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs) -> anyhow::Result<()> {
    let command = build_command();
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        return output::print_text(&String::from_utf8(page)?);
    };
    let shown = directory.display();
    std::fs::create_dir_all(directory).with_context(|| format!("cannot create {shown}"))?;
    generate_to(command, directory).with_context(|| format!("cannot write into {shown}"))?;
    output::print_line(format_args!("wrote the manual pages into {shown}"))
}
