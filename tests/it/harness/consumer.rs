//! Programs that use the API with libraries of others.

use std::{process::Stdio, time::Duration};

/// Runs a program of `tests/api/consumers`, which must report that everything passed.
pub async fn consume(program: &str, arguments: &[&str]) {
    let run = tokio::process::Command::new("bash")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/api/consume.sh"))
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_mins(10), run)
        .await
        .expect("it ends in time")
        .expect("bash starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {printed}\n{errors}");
    eprintln!("{program}: {}", printed.lines().last().unwrap_or_default());
}
