//! A standby of PostgreSQL: what writes refuses it, what reads the audit runs on it.

use regrant_testdb::TestDatabase;

use crate::harness::{Fleet, ServerProcess};

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_refused_by_what_writes_and_read_by_what_verifies() {
    let Some(database) = TestDatabase::create_postgres_alone().await else {
        return;
    };
    let fleet = Fleet::new(1, 4, 0);
    let mut server = ServerProcess::start(database, &fleet.world(), "warn").await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    server.stop().await;
    server.become_standby().await;
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
