//! A row that does not parse ends no list: the pages behind it are there.

use regrant_testdb::TestDatabase;
use serde_json::Value;

use crate::harness::{Fleet, Harness, Tenant, on_both};

on_both!(pages_go_on_behind_a_row_that_does_not_parse);

/// How many reconnects there are, each of one asset.
const RECONNECTS: usize = 5;

async fn pages_go_on_behind_a_row_that_does_not_parse(database: TestDatabase) {
    let fleet = Fleet::new(1, RECONNECTS, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("Paged").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    for id in fleet.ids().iter().take(RECONNECTS) {
        tenant.reconnect(&token, std::slice::from_ref(id)).await;
    }
    let path = "/v1/reconnects?limit=2";
    let whole = list_all(&tenant, path, RECONNECTS).await;
    assert_eq!(whole.len(), RECONNECTS, "{whole:?}");
    // One in the midst of the first page, and one that shows only that more follow.
    for place in [1, 4] {
        let sql = format!(
            "UPDATE reconnects SET origin = '{{bad' WHERE id =
                 (SELECT id FROM reconnects ORDER BY id DESC LIMIT 1 OFFSET {place})"
        );
        assert!(harness.database.try_as_superuser(&sql).await, "{sql}");
    }
    let rest = list_all(&tenant, path, RECONNECTS).await;
    let ids = |list: &[Value], places: &[usize]| -> Vec<String> {
        places
            .iter()
            .map(|it| list[*it]["id"].to_string())
            .collect()
    };
    assert_eq!(ids(&rest, &[0, 1, 2]), ids(&whole, &[0, 2, 3]));
    assert_eq!(rest.len(), 3, "{rest:?}");
}

/// Every row of a list, page by page, in at most so many pages.
async fn list_all(tenant: &Tenant, path: &str, most: usize) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), path.to_owned());
    for _ in 0..=most {
        let page = tenant.get(&next).await;
        all.extend(page["data"].as_array().expect("a page").iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else {
            return all;
        };
        next = format!("{path}&cursor={cursor}");
    }
    panic!("the list does not end: {all:?}");
}
