//! A database that says it is a Citus cluster: it is served only if its tables lie where they belong. The catalogue of
//! Citus is played by a table; no test runs on Citus.

use regrant_migration::layout::{COORDINATOR, DISTRIBUTED};
use regrant_storage::{AuditEvent, Error, ServedAsset, Store};
use regrant_testdb::TestDatabase;

use crate::bench::{Bench, activation, chain, day, id, on_postgres, seals, settings};

async fn fault(database: &TestDatabase) -> Option<String> {
    match Store::connect(&settings(database.url())).await {
        Ok(_) => None,
        Err(Error::Unsupported(fault)) => Some(fault),
        Err(other) => Some(format!("{other:?}")),
    }
}

const SET_FORWARDING: &str = "DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET citus.propagate_set_commands = ''local''', current_database());
END $$";

/// Lets the database say that it is a Citus cluster whose tables lie where they belong.
async fn play_cluster(database: &TestDatabase) {
    let rows = |tables: &[&str], method| {
        let rows = tables
            .iter()
            .filter(|it| **it != "seaql_migrations")
            .map(|it| format!("('{it}'::regclass, '{method}')"));
        rows.collect::<Vec<_>>().join(", ")
    };
    let play = format!(
        "SET allow_system_table_mods = on;
         INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
             SELECT 999999, 'citus', extowner, extnamespace, false, '13' FROM pg_extension LIMIT 1;
         CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, partmethod \"char\");
         GRANT SELECT ON pg_catalog.pg_dist_partition TO PUBLIC;
         INSERT INTO pg_catalog.pg_dist_partition VALUES {}, {};",
        rows(&DISTRIBUTED, 'h'),
        rows(&COORDINATOR, 'n')
    );
    database.run_as_superuser(&play).await;
}

#[tokio::test]
async fn a_cluster_is_refused_until_every_table_lies_where_it_belongs() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    play_cluster(&database).await;
    let unset = fault(&database).await.unwrap();
    assert!(
        unset.contains("propagate_set_commands is not local"),
        "{unset}"
    );
    database.run_as_superuser(SET_FORWARDING).await;
    assert_eq!(fault(&database).await, None);
    for (sql, reason) in [
        (
            "UPDATE pg_dist_partition SET partmethod = 'n' WHERE logicalrelid = 'assets'::regclass",
            "table assets is not distributed by tenant",
        ),
        (
            "DELETE FROM pg_dist_partition WHERE logicalrelid = 'inbox'::regclass",
            "table inbox is not known to the nodes",
        ),
    ] {
        database.run_as_superuser(sql).await;
        let refused = fault(&database).await.unwrap();
        assert!(refused.contains(reason), "{refused}");
        assert!(refused.contains("regrant distribute --apply"), "{refused}");
    }
}

/// The nodes of a cluster do not learn a tenant that a function names: neither function is called there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_a_cluster_are_read_and_audited_without_functions_that_name_the_tenant() {
    on_postgres(|bench| async move {
        bench.pages(&["1", "2"]).await;
        let tx = bench.acme().await;
        let activations = [activation("1", 0, 1)];
        let activated = tx.activate_credentials(&activations, 1, day(1)).await;
        activated.unwrap();
        tx.commit().await.unwrap();
        let before = describe_served(&bench.store, &bench).await;
        assert_eq!(before.len(), 2);
        let store = open_cluster(&bench).await;
        assert_eq!(describe_served(&store, &bench).await, before);
        let tx = store.begin(&bench.acme).await.unwrap();
        let written = tx.write_audit_events(&[read_event()], day(2)).await;
        written.unwrap();
        let end = tx.commit_audit().await.unwrap().unwrap();
        let next = [(read_event(), day(3))];
        let appended = store.append_audit_events(&bench.acme, &end, &next).await;
        let appended = appended.unwrap();
        assert!(appended.is_none(), "the end is locked and read instead");
    })
    .await;
}

/// The store of a database that says it is a cluster and lacks the functions.
async fn open_cluster(bench: &Bench) -> Store {
    play_cluster(&bench.database).await;
    bench.database.run_as_superuser(SET_FORWARDING).await;
    let drop = "DROP FUNCTION served_assets; DROP FUNCTION append_audit";
    bench.database.run_as_superuser(drop).await;
    let store = Store::connect(&settings(bench.database.url())).await;
    store.unwrap().with_chain(chain()).with_seals(seals())
}

async fn describe_served(store: &Store, bench: &Bench) -> Vec<String> {
    let ids = [id("1"), id("2"), id("3")];
    let served = store.read_served_assets(&bench.acme, &ids).await.unwrap();
    // Whether the seal of a slot fits is left out: each store here has a key of its own.
    let describe = |it: &ServedAsset| {
        let active = it.active.as_ref().map(|it| &it.stored);
        format!("{:?} {active:?}", it.asset)
    };
    let mut described: Vec<_> = served.iter().map(describe).collect();
    described.sort();
    described
}

fn read_event() -> AuditEvent {
    AuditEvent {
        actor: "client".to_owned(),
        action: "token.read",
        subject: "1".to_owned(),
        detail: serde_json::json!({}).into(),
    }
}
