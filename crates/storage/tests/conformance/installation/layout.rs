//! A database that says it is a Citus cluster: it is served only if its tables lie where they belong. The catalogue of
//! Citus is played by a table; no test runs on Citus.

use regrant_migration::layout::{COORDINATOR, DISTRIBUTED};
use regrant_storage::{Error, Store};
use regrant_testdb::TestDatabase;

use crate::bench::settings;

async fn fault(database: &TestDatabase) -> Option<String> {
    match Store::connect(&settings(database.url())).await {
        Ok(_) => None,
        Err(Error::Unsupported(fault)) => Some(fault),
        Err(other) => Some(format!("{other:?}")),
    }
}

#[tokio::test]
async fn a_cluster_is_refused_until_every_table_lies_where_it_belongs() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
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
    let unset = fault(&database).await.unwrap();
    assert!(
        unset.contains("propagate_set_commands is not local"),
        "{unset}"
    );
    let set = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET citus.propagate_set_commands = ''local''', \
               current_database()); END $$";
    database.run_as_superuser(set).await;
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
