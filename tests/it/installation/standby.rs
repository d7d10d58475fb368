//! A standby of PostgreSQL: what writes refuses it, what reads the audit runs on it. A server that accepts no writes any
//! more under a running process. A server without Citus.

use std::time::{Duration, Instant};

use regrant_testdb::TestDatabase;

use crate::harness::{Fleet, ServerProcess, http};

/// Three times as long as an outage counts that nothing repeats.
const READ_ONLY_FOR: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_refused_by_what_writes_and_read_by_what_verifies() {
    let Some(database) = TestDatabase::create_postgres_alone().await else {
        return;
    };
    let fleet = Fleet::new(1, 4, 0);
    let mut server = ServerProcess::start(database, &fleet.world(), "warn").await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    check_status(&server).await;
    server.stop().await;
    server.become_standby().await;
    check_status(&server).await;
    for command in [&["serve"][..], &["serve", "--with-worker"], &["work"]] {
        let (code, printed) = server.run_command(command).await;
        assert_eq!(code, Some(1), "{command:?}: {printed}");
        let says = printed.contains("the database is a standby") && printed.contains("the primary");
        assert!(says, "{command:?}: {printed}");
    }
    let (code, printed) = server.run_command(&["doctor"]).await;
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains("FAIL  database    the database is a standby"),
        "{printed}"
    );
    let (code, printed) = server.run_command(&["audit", "verify"]).await;
    assert_eq!(code, Some(0), "{printed}");
    let export = ["audit", "export", "--tenant", &tenant.id];
    let (code, printed) = server.run_command(&export).await;
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("assets.registered"), "{printed}");
}

/// The application's role may look which steps are applied.
async fn check_status(server: &ServerProcess) {
    let (code, printed) = server.run_command(&["migrate", "--status"]).await;
    assert_eq!(code, Some(0), "{printed}");
    let is_newest = printed.contains(&format!("✓ {}", regrant_storage::NEWEST_MIGRATION));
    assert!(is_newest, "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_not_ready_while_the_database_accepts_no_writes_and_is_soon_after() {
    let Some(database) = TestDatabase::create_postgres_alone().await else {
        return;
    };
    let server = ServerProcess::start(database, &Fleet::new(1, 1, 0).world(), "warn").await;
    set_read_only(&server, "on").await;
    wait_for_both(&server, 503).await;
    let began = Instant::now();
    while began.elapsed() < READ_ONLY_FOR {
        assert_eq!(
            read_both(&server).await,
            [503, 503],
            "{:?}",
            began.elapsed()
        );
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    set_read_only(&server, "off").await;
    wait_for_both(&server, 200).await;
}

/// Of sessions that are open, too, as those of a process are.
async fn set_read_only(server: &ServerProcess, value: &str) {
    let set = format!("ALTER SYSTEM SET default_transaction_read_only = {value}");
    for sql in [&set, "SELECT pg_reload_conf()"] {
        server.database().run_as_superuser(sql).await;
    }
}

/// A process notices by its own next write, at the latest after ten seconds.
async fn wait_for_both(server: &ServerProcess, status: u16) {
    let began = Instant::now();
    while read_both(server).await != [status, status] {
        assert!(began.elapsed() < Duration::from_secs(20), "{status}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What `/readyz` answers on the API's listener and on the operators'.
async fn read_both(server: &ServerProcess) -> [u16; 2] {
    let mut answers = [0; 2];
    for (answer, listener) in answers.iter_mut().zip([&server.api, &server.admin]) {
        let response = http().get(format!("{listener}/readyz")).send().await;
        *answer = response.expect("it answers").status().as_u16();
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_citus_is_not_distributed() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let superuser = database.superuser_url().expect("PostgreSQL has one");
    let server = ServerProcess::start(database, &Fleet::new(1, 1, 0).world(), "warn").await;
    let apply = ["distribute", "--apply", "--database-url", &superuser];
    let (code, printed) = server.run_command(&apply).await;
    assert_eq!(code, Some(1), "{printed}");
    assert!(
        printed.contains("Citus is not installed on this server: nothing was changed"),
        "{printed}"
    );
}
