//! The container images of the test, built without pulling any.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use super::{POSTGRES, REGRANT, root};
use crate::harness::binary;

/// Builds the images and returns the compose command of this machine.
pub(super) fn prepare() -> Result<Vec<&'static str>, String> {
    answers(&["docker", "version"])?;
    let compose = [vec!["docker", "compose"], vec!["docker-compose"]];
    let compose = compose
        .into_iter()
        .find(|it| answers(&[&it[..], &["version"]].concat()).is_ok());
    let compose = compose.ok_or("there is neither `docker compose` nor `docker-compose`")?;
    let base = base_image()?;
    pack_postgres(&base)?;
    pack_regrant(&base)?;
    Ok(compose)
}

/// The tag of a Debian image with PostgreSQL, of this machine's release, so that the binary built here runs in it. Built
/// once.
fn base_image() -> Result<String, String> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let named = release
        .lines()
        .find_map(|it| it.strip_prefix("VERSION_CODENAME="));
    let name = named
        .filter(|_| release.contains("ID=debian"))
        .ok_or("images are made on Debian alone")?;
    let tag = format!("regrant-test-debian:{name}");
    if answers(&["docker", "image", "inspect", &tag]).is_ok() {
        return Ok(tag);
    }
    answers(&["mmdebstrap", "--version"])?;
    let directory = tempfile::tempdir().map_err(|it| it.to_string())?;
    let root = directory.path().join("root.tar");
    let root = root.to_str().ok_or("a path that is no text")?;
    let include = "--include=postgresql,ca-certificates";
    answers(&[
        "mmdebstrap",
        "--quiet",
        "--variant=apt",
        include,
        name,
        root,
    ])?;
    answers(&["docker", "import", root, &tag])?;
    Ok(tag)
}

fn pack_postgres(base: &str) -> Result<(), String> {
    let from = root().join("tests/compose");
    let base = format!("BASE={base}");
    let file = from.join("postgres.Dockerfile");
    build(
        &from,
        &[
            "--build-arg",
            &base,
            "-f",
            &file.display().to_string(),
            "-t",
            POSTGRES,
        ],
    )
}

/// Packs the binary beside this test through the Dockerfile's target for prebuilt binaries.
fn pack_regrant(base: &str) -> Result<(), String> {
    let context = tempfile::tempdir().map_err(|it| it.to_string())?;
    fs::copy(binary(), context.path().join("regrant")).map_err(|it| it.to_string())?;
    let base = format!("RUNTIME_IMAGE={base}");
    let file = root().join("deploy/Dockerfile").display().to_string();
    build(
        context.path(),
        &[
            "--target",
            "prebuilt",
            "--build-arg",
            &base,
            "-f",
            &file,
            "-t",
            REGRANT,
        ],
    )
}

fn build(context: &Path, arguments: &[&str]) -> Result<(), String> {
    let context = context.display().to_string();
    answers(&[&["docker", "build", "--quiet"], arguments, &[&context]].concat())
}

/// Runs a command; the error is its standard error.
fn answers(command: &[&str]) -> Result<(), String> {
    let output = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|it| format!("`{}`: {it}", command[0]))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output
        .status
        .success()
        .then_some(())
        .ok_or_else(|| format!("`{}`: {}", command.join(" "), said.trim()))
}
