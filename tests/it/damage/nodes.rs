//! A node of a distributed database is lost: its tenants are refused for the time being, all others are served.
//!
//! The node is played by a policy that fails with the code that Citus returns; no test runs on Citus.

use regrant_testdb::TestDatabase;

use crate::harness::{Fleet, Harness, header_number, http};

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_node_is_unavailable_for_its_tenants_alone() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (acme, bolt) = (harness.tenant("Acme").await, harness.tenant("Bolt").await);
    let owner = harness.owner().await;
    for tenant in [&acme, &bolt] {
        tenant.register(&fleet.assets()).await;
    }
    let tenants = harness.vault.list_all_tenants().await.expect("a list");
    let unlucky = tenants.iter().find(|it| it.name == "Bolt").expect("it");
    // Without a tenant a statement needs every node.
    let lose = format!(
        "CREATE FUNCTION node_answers() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
             IF coalesce(current_setting('app.tenant_id', true), '') IN ('', '{}') THEN
                 RAISE EXCEPTION 'connection to the remote node failed' USING ERRCODE = '08006';
             END IF;
             RETURN TRUE;
         END $$;
         INSERT INTO due (tenant_id, kind, object_id, due_at, owner, leased_until)
             SELECT id, 'refresh', id, 9e18::bigint, 'another process', 9e18::bigint FROM tenants;
         CREATE POLICY node ON due AS RESTRICTIVE FOR SELECT USING (node_answers());
         CREATE POLICY node ON assets AS RESTRICTIVE FOR SELECT USING (node_answers());",
        unlucky.id.uuid()
    );
    harness.database.run_as_superuser(&lose).await;
    let refused = bolt
        .call(reqwest::Method::GET, "/v1/assets")
        .send()
        .await
        .expect("an answer");
    assert_eq!(refused.status(), 503);
    assert!(header_number(&refused, "Retry-After") <= 60);
    assert_eq!(acme.status("/v1/assets").await, 200);
    let ready = http().get(format!("{}/readyz", harness.api)).send().await;
    assert_eq!(ready.expect("an answer").status(), 200);
    let (status, jobs) = owner.get("/jobs").await;
    assert_eq!(status, 200, "{jobs}");
    assert_eq!(jobs["incomplete"], true, "{jobs}");
    assert_eq!(jobs["tenants"]["active"], 2, "{jobs}");
}
