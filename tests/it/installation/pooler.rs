//! PostgreSQL behind `PgBouncer` in session mode: the same calls and the same work.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use regrant_testdb::{APP as ROLE, TestDatabase};

use super::distribution::{live_through_a_migration, work_and_verify};
use crate::harness::{Fleet, Harness, free_port};

/// A pooler that is stopped when it is dropped.
struct Pooler {
    child: Child,
    _directory: tempfile::TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // An error does not matter: the process has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Needs the package `pgbouncer`; tried with 1.18, on PostgreSQL 15:
/// `cargo test -p regrant-e2e --test e2e -- installation::pooler --ignored`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the program pgbouncer"]
async fn behind_a_pooler_in_session_mode_everything_works() {
    let mut database = TestDatabase::create_postgres_alone()
        .await
        .expect("PostgreSQL is installed");
    let server = database.port();
    let port = free_port();
    let _pooler = start_pooler(server, port).await;
    database.reach_through(port);
    let fleet = Fleet::new(1, 99, 1);
    let harness = Harness::start(database, &fleet.world()).await;
    for name in ["One", "Two", "Three"] {
        let tenant = harness.tenant(name).await;
        live_through_a_migration(&harness, &tenant, &fleet).await;
    }
    work_and_verify(&harness).await;
}

async fn start_pooler(server: u16, port: u16) -> Pooler {
    let directory = tempfile::tempdir().expect("a directory");
    let users = directory.path().join("users");
    let settings = directory.path().join("pgbouncer.ini");
    let text = format!(
        "[databases]\n* = host=127.0.0.1 port={server}\n\
         [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         pool_mode = session\ndefault_pool_size = 40\nauth_type = trust\nauth_file = {}\n\
         ignore_startup_parameters = extra_float_digits\n",
        users.display()
    );
    fs::write(&users, format!("\"{ROLE}\" \"\"\n")).expect("the users are written");
    fs::write(&settings, text).expect("the settings are written");
    // PgBouncer does not run as root, and must read these.
    open_to_all(directory.path(), 0o755);
    open_to_all(&users, 0o644);
    open_to_all(&settings, 0o644);
    let child = Command::new("setpriv")
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "pgbouncer",
        ])
        .arg(&settings)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("setpriv and pgbouncer are installed, and the user postgres exists");
    let pooler = Pooler {
        child,
        _directory: directory,
    };
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_ok()
        {
            return pooler;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the pooler does not listen");
}

fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}
