//! A standby of PostgreSQL: what writes refuses it, what reads the audit runs on it. A server without Citus.

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
