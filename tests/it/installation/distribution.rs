//! What makes the schema and the statements fit to be distributed by tenant, checked on plain PostgreSQL.
//!
//! The rules they prove: keys name the tenant; a statement locks rows of one tenant alone; a statement that reads rows of
//! several tenants is on a list. Nothing here runs on Citus.

use std::collections::{BTreeMap, BTreeSet};

use regrant_migration::{
    layout::{COORDINATOR, DISTRIBUTED},
    open_to_migrate,
    sea_orm::{ConnectionTrait, DbBackend, Statement},
};
use regrant_testdb::{Plan, TestDatabase};
use regrant_vault::KeptCheckpoints;
use regrant_worker::{Settings, Worker};
use serde_json::json;

use crate::harness::{APP, Fleet, Harness, SECRET, Tenant, http};

/// What reads rows of several tenants, by a part of its text. None of these may lock.
const READS_OF_ALL_NODES: [&str; 17] = [
    // Who has work: the look before a claim, by due rows and by probes.
    "SELECT d.tenant_id, count(*) AS n FROM due d JOIN tenants t",
    "SELECT d.tenant_id, count(*) AS n FROM probe_due d JOIN tenants t",
    // The rows that are next, by due rows and by probes.
    "d.object_id AS object, d.due_at AS urgency, row_number() OVER",
    "d.asset_id AS object, d.harm_at AS urgency, row_number() OVER",
    // Whose leases a process holds, when it stops.
    "SELECT DISTINCT tenant_id FROM due WHERE owner =",
    "SELECT DISTINCT tenant_id FROM probe_due WHERE owner =",
    // The notices that no tenant has work on.
    "SELECT d.object_id FROM due d JOIN tenants t",
    // Whether a deletion waits for the owners of tokens.
    "SELECT 1 FROM due d JOIN person_directory p",
    // The operators' backlog.
    "FROM due d JOIN tenants t ON t.id = d.tenant_id WHERE",
    "FROM probe_due d JOIN tenants t ON t.id = d.tenant_id WHERE",
    "FROM (SELECT d.leased_until FROM due d JOIN tenants t",
    // The rotation of keys: how many data keys each version wraps, those of a version, those that are old, those that
    // leaked. One small table.
    "SELECT substr(k.wrapped, 27, 20), count(*) FROM tenant_keys k",
    "SELECT k.tenant_id, k.key_id, k.version, k.wrapped FROM tenant_keys k",
    "SELECT k.tenant_id FROM tenant_keys k WHERE k.state =",
    "SELECT k.tenant_id FROM tenant_keys k WHERE k.compromised_at IS NOT NULL",
    // What a person's deletion waits for, and the deletions that wait no more: joined within each tenant.
    "FROM deletions d LEFT JOIN key_wraps k ON k.tenant_id = d.tenant_id",
    "FROM deletions d WHERE d.effective_at IS NULL AND NOT EXISTS",
];

#[tokio::test(flavor = "multi_thread")]
async fn on_hash_partitions_everything_works_and_no_statement_locks_rows_of_several() {
    let Some(database) = TestDatabase::create_postgres_partitioned().await else {
        return;
    };
    let fleet = Fleet::new(1, 99, 1);
    let harness = Harness::start(database, &fleet.world()).await;
    for name in ["One", "Two", "Three"] {
        let tenant = harness.tenant(name).await;
        live_through_a_migration(&harness, &tenant, &fleet).await;
    }
    send_notice(&harness).await;
    request_deletion(&harness).await;
    work_and_verify(&harness).await;
    let plans = harness.database.read_plans().await;
    assert!(plans.len() > 1_000, "plans are logged: {}", plans.len());
    let spread: BTreeMap<_, _> = plans
        .iter()
        .filter(|it| !it.spread.is_empty())
        .map(|it| (it.statement.as_str(), it))
        .collect();
    let is_allowed = |it: &Plan| {
        let is_listed = READS_OF_ALL_NODES
            .iter()
            .any(|part| it.statement.contains(part));
        is_listed && !it.locks && !it.writes
    };
    let refused: Vec<_> = spread.values().filter(|it| !is_allowed(it)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let seen = spread.values().filter(|it| is_allowed(it)).count();
    assert!(seen >= 4, "the partitions are seen: {:#?}", spread.keys());
}

/// Registers, connects, reads and connects again, by two accounts.
pub(super) async fn live_through_a_migration(harness: &Harness, tenant: &Tenant, fleet: &Fleet) {
    tenant.register(&fleet.assets()).await;
    for person in [Fleet::PERSON, Fleet::MANAGED] {
        let token = harness.sandbox.token(person).await;
        let preview = json!({ "access_token": token, "asset_ids": fleet.ids() });
        let (status, answer) = tenant.post("/v1/reconnect-previews", &preview).await;
        assert_eq!(status, 200, "{answer}");
        let ended = tenant.reconnect(&token, &fleet.ids()).await;
        assert_eq!(ended["status"], "completed", "{ended}");
    }
    let session = json!({ "asset_ids": fleet.ids() });
    let (status, answer) = tenant.post("/v1/reconnect-sessions", &session).await;
    assert_eq!(status, 201, "{answer}");
    let endpoint = json!({ "url": "https://example.com/hook" });
    let (status, answer) = tenant.post("/v1/webhook-endpoints", &endpoint).await;
    assert!(status < 500, "{status} {answer}");
    let (status, answer) = tenant
        .post("/v1/tokens/lookup", &json!({ "asset_ids": fleet.ids() }))
        .await;
    assert_eq!(status, 200, "{answer}");
    let one = &fleet.ids()[0];
    for path in [
        "/v1/assets?limit=50",
        &format!("/v1/assets/{one}"),
        &format!("/v1/assets/{one}/token"),
        "/v1/reconnects",
        "/v1/reconnect-sessions",
        "/v1/forecast",
        "/v1/persons",
        "/v1/webhook-endpoints",
        "/v1/audit-events",
    ] {
        assert_eq!(tenant.status(path).await, 200, "{path}");
    }
    let impact = format!("/v1/persons/{}/impact", Fleet::PERSON);
    assert!(tenant.status(&impact).await < 500, "{impact}");
    let (status, answer) = tenant
        .post("/v1/assets/check", &json!({ "asset_ids": [one] }))
        .await;
    assert!(status < 300, "{status} {answer}");
}

/// Sends a signed notice that a person has left the app.
async fn send_notice(harness: &Harness) {
    let time = harness.clock.now().timestamp();
    let value =
        json!({ "user_id": Fleet::PERSON, "migration_expire_time": "2030-01-01T00:00:00Z" });
    let change = json!({ "field": "migration_expire_time", "value": value });
    let entry = json!({ "id": Fleet::PERSON, "time": time, "changes": [change] });
    let raw = json!({ "object": "managed_meta_account", "entry": [entry] }).to_string();
    let call = http()
        .post(format!("{}/meta/webhooks/{APP}", harness.api))
        .header("Content-Type", "application/json")
        .header(
            "X-Hub-Signature-256",
            crate::inbound::signature(SECRET, &raw),
        )
        .body(raw);
    assert_eq!(call.send().await.expect("an answer").status(), 200);
}

/// Sends a person's request to delete their data, and reads its state.
async fn request_deletion(harness: &Harness) {
    let said = json!({
        "algorithm": "HMAC-SHA256",
        "issued_at": harness.clock.now().timestamp(),
        "user_id": Fleet::PERSON,
    });
    let request = crate::inbound::signed_request(SECRET, &said);
    let call = http()
        .post(format!("{}/meta/data-deletion/{APP}", harness.api))
        .form(&[("signed_request", request)]);
    let answer = call.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let receipt: serde_json::Value = answer.json().await.expect("a receipt");
    let url = receipt["url"].as_str().expect("the address of the state");
    let state = http().get(url).send().await.expect("an answer");
    assert_eq!(state.status(), 200);
}

/// Runs every lane until nothing is due, long after the last call, and verifies every chain.
pub(super) async fn work_and_verify(harness: &Harness) {
    harness.clock.advance_by(chrono::Duration::hours(36));
    let worker = Worker::new(&harness.vault, Settings::default());
    for (task, done) in worker.run_pass().await.by_task {
        assert!(done.is_ok(), "{task:?}: {done:?}");
    }
    worker.run_until_idle().await.expect("no lane fails");
    let store = harness.store().await;
    let now = harness.clock.now();
    store.read_backlog(now, now).await.expect("it is read");
    harness.vault.shut_down().await;
    for tenant in harness.vault.list_all_tenants().await.expect("a list") {
        let verdict = harness
            .vault
            .verify_audit(tenant.id, &KeptCheckpoints::default())
            .await;
        assert!(verdict.expect("it is read").is_whole(), "{}", tenant.name);
    }
}

#[tokio::test]
async fn keys_and_references_of_tenants_tables_name_the_tenant() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    for (rule, sql) in [
        ("a unique index holds tenant_id", UNIQUE_WITHOUT_TENANT),
        ("a primary key begins with tenant_id", KEY_WITHOUT_TENANT),
        (
            "a reference pairs tenant_id with tenant_id",
            REFERENCE_WITHOUT_TENANT,
        ),
        (
            "there is no trigger, sequence, identity or generated column",
            MACHINERY,
        ),
    ] {
        assert_eq!(list_names(&database, sql).await, BTreeSet::new(), "{rule}");
    }
}

#[tokio::test]
async fn every_table_has_one_place_when_the_database_is_distributed() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let sql = "SELECT c.relname AS name FROM pg_class c
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace";
    let planned: Vec<_> = COORDINATOR.iter().chain(&DISTRIBUTED).copied().collect();
    let once: BTreeSet<_> = planned.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(once.len(), planned.len(), "no table is in both lists");
    assert_eq!(list_names(&database, sql).await, once);
}

/// The tables that are distributed, for the rules below.
fn with_distributed(sql: &str) -> String {
    let names = DISTRIBUTED.map(|it| format!("'{it}'")).join(", ");
    sql.replace("{distributed}", &names)
}

async fn list_names(database: &TestDatabase, sql: &str) -> BTreeSet<String> {
    let superuser = open_to_migrate(&database.superuser_url().expect("PostgreSQL"))
        .await
        .expect("it opens");
    let statement = Statement::from_string(DbBackend::Postgres, with_distributed(sql));
    let rows = superuser
        .query_all_raw(statement)
        .await
        .expect("the catalogue is read");
    let names = rows
        .iter()
        .map(|it| it.try_get("", "name").expect("a name"));
    let names = names.collect();
    superuser.close().await.expect("it closes");
    names
}

const UNIQUE_WITHOUT_TENANT: &str = "
    SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relname IN ({distributed}) AND i.indisunique AND NOT EXISTS (
        SELECT 1 FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnum = ANY (i.indkey))";

const KEY_WITHOUT_TENANT: &str = "
    SELECT c.relname::text AS name FROM pg_class c
    WHERE c.relname IN ({distributed}) AND NOT EXISTS (
        SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = c.oid AND i.indisprimary AND a.attname = 'tenant_id')";

const REFERENCE_WITHOUT_TENANT: &str = "
    SELECT k.conname::text AS name FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
    WHERE k.contype = 'f' AND (c.relname IN ({distributed}) OR r.relname IN ({distributed}))
        AND NOT (c.relname IN ({distributed}) AND r.relname IN ({distributed}) AND EXISTS (
            SELECT 1 FROM unnest(k.conkey, k.confkey) AS pair (own, other)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.own
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.other
            WHERE a.attname = 'tenant_id' AND b.attname = 'tenant_id'))";

const MACHINERY: &str = "
    SELECT t.tgname::text AS name FROM pg_trigger t WHERE NOT t.tgisinternal
    UNION ALL SELECT c.relname::text FROM pg_class c
        WHERE c.relkind = 'S' AND c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND (a.attidentity <> '' OR a.attgenerated <> '')";
