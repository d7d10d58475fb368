//! The commands of `docs/operations.md`, run as written: from an empty directory to a tenant that reconnects.
//!
//! The rule: only the ports are changed, and every started process ends with the test.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::harness::{binary, free_port};

/// Stops the processes that the script leaves running.
const HARNESS: &str = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n";

#[test]
fn the_commands_of_the_operations_guide_work_as_written() {
    for tool in ["curl", "jq", "sqlite3", "bash"] {
        if Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_err()
        {
            return eprintln!("=== WALK OF docs/operations.md SKIPPED: there is no `{tool}` ===");
        }
    }
    let home = tempfile::tempdir().expect("a directory");
    let mut walk = walk();
    for port in ["8080", "8081", "8090"] {
        walk = walk.replace(
            &format!("127.0.0.1:{port}"),
            &format!("127.0.0.1:{}", free_port()),
        );
    }
    fs::write(home.path().join("walk"), format!("{HARNESS}{walk}")).expect("the script is written");
    let programs = binary();
    let programs = programs
        .parent()
        .expect("a directory")
        .display()
        .to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let done = Command::new("timeout")
        .args(["--signal=TERM", "--kill-after=20", "240", "bash", "walk"])
        .env_clear()
        .env("PATH", format!("{programs}:{path}"))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .expect("bash starts");
    let log =
        |name: &str| fs::read_to_string(home.path().join("regrant").join(name)).unwrap_or_default();
    let (out, err) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(
        done.status.success(),
        "{}\n{out}\n{err}\n{}",
        done.status,
        log("serve.log")
    );
    assert_eq!(out.matches("credential.activated").count(), 2, "{out}");
    assert!(!out.contains("NOT WHOLE"), "{out}");
}

/// The code blocks marked `walk`, joined.
fn walk() -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let text = fs::read_to_string(file).expect("the document is there");
    let blocks = text.split("```sh walk\n").skip(1);
    let walk: String = blocks
        .filter_map(|it| it.split_once("```").map(|(block, _)| block))
        .collect();
    assert!(
        walk.contains("/v1/reconnects"),
        "the walk ends with a reconnect"
    );
    walk
}
