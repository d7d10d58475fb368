//! The prototypes: the same work without the product, on the same machine in the same run.
//!
//! `tests/benches/run` builds them and names their program in `REGRANT_BENCH_PROTOTYPE`, and the directory of PostgreSQL's
//! server in `REGRANT_TEST_POSTGRES_URL`.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A prototype that serves tokens; it ends when it is dropped.
pub struct Prototype {
    child: Child,
    pub address: String,
    /// A token for each of the tenants.
    pub bearers: Vec<String>,
    _directory: tempfile::TempDir,
}

impl Prototype {
    /// The id of the process.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Prototype {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    let path = std::env::var("REGRANT_BENCH_PROTOTYPE");
    path.expect("tests/benches/run sets REGRANT_BENCH_PROTOTYPE")
        .into()
}

/// The addresses of a database for prototypes: as its superuser, and as a role that row-level security confines.
pub fn create_database() -> (String, String) {
    let server =
        std::env::var("REGRANT_TEST_POSTGRES_URL").expect("tests/benches/run starts PostgreSQL");
    let sql = "DROP DATABASE IF EXISTS prototype; CREATE DATABASE prototype";
    for sql in sql.split("; ") {
        psql(&server, sql);
    }
    psql(
        &server,
        "DO $$ BEGIN CREATE ROLE proto_app LOGIN; EXCEPTION WHEN duplicate_object THEN END $$",
    );
    let superuser = server
        .replace("/postgres", "/prototype")
        .replace("//prototype", "//postgres");
    let app = superuser.replace("postgres@", "proto_app@");
    (superuser, app)
}

fn psql(server: &str, sql: &str) {
    let done = Command::new("psql")
        .args([server, "-qXc", sql])
        .stderr(Stdio::null())
        .status();
    assert!(done.unwrap().success(), "{sql}");
}

/// Runs a command of the prototypes to its end and returns what it printed.
pub fn run(arguments: &[&str]) -> String {
    let done = Command::new(program()).args(arguments).output().unwrap();
    assert!(
        done.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

/// Starts a prototype that serves tokens.
pub fn serve(mode: &str, place: &str) -> Prototype {
    let directory = tempfile::tempdir().unwrap();
    let (port, tokens) = (
        super::it::harness::free_port(),
        directory.path().join("tokens"),
    );
    let mut command = Command::new(program());
    command
        .args([mode, &port.to_string(), place])
        .env("PROTO_TOKENS", &tokens);
    let child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut bearers = Vec::new();
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(50));
        bearers = std::fs::read_to_string(&tokens)
            .unwrap_or_default()
            .lines()
            .map(ToOwned::to_owned)
            .collect();
        if bearers.len() == 100 && std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
    }
    Prototype {
        child,
        address: format!("127.0.0.1:{port}"),
        bearers,
        _directory: directory,
    }
}
