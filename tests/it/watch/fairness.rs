//! Fairness: the backlog of one tenant does not delay another; measured by the calls that reach Graph.

use chrono::Duration;
use regrant_domain::schedule::ProbeQueue;
use regrant_testdb::TestDatabase;
use regrant_vault::ProbePassStats;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, business, ids, on_both};

/// How many assets one round of the worker probes, at most.
const ROUND: u32 = 60;
/// The business of the noisy tenant.
const NOISY: usize = 3;

on_both!(
    fifty_thousand_failing_assets_delay_other_tenants_by_at_most_one_round,
    fifty_thousand_due_assets_delay_other_tenants_by_at_most_one_round,
);

/// Two tenants of one app: a noisy one with a backlog, and a quiet one with a few working and a few failing assets.
struct Neighbours {
    harness: Harness,
    noisy: Vec<String>,
    quiet: Vec<String>,
    failing: Vec<String>,
}

async fn fifty_thousand_failing_assets_delay_other_tenants_by_at_most_one_round(
    database: TestDatabase,
) {
    let neighbours = Neighbours::start(database).await;
    neighbours.lose(NOISY).await;
    neighbours.backlog(FAILING).await;
    let working = neighbours.round(ProbeQueue::Normal).await;
    assert_eq!(working.confirmed, neighbours.quiet.len(), "{working:?}");
    let heard = neighbours.heard().await;
    assert_eq!(
        heard,
        (0, 25, 0),
        "working assets do not wait for failing ones"
    );
    neighbours.round(ProbeQueue::Failing).await;
    let (noisy, _, failing) = neighbours.heard().await;
    assert_eq!(
        failing, 10,
        "the failing assets of the other tenant are probed in the same round"
    );
    assert!(
        (40..=50).contains(&noisy),
        "the backlog gets the rest of the round: {noisy}"
    );
    assert_eq!(
        neighbours.watch(ProbeQueue::Failing, 500).await.claimed,
        500,
        "the backlog is there"
    );
}

async fn fifty_thousand_due_assets_delay_other_tenants_by_at_most_one_round(
    database: TestDatabase,
) {
    let neighbours = Neighbours::start(database).await;
    neighbours.backlog(NORMAL).await;
    let watched = neighbours.round(ProbeQueue::Normal).await;
    assert_eq!(watched.lost, 0, "{watched:?}");
    let (noisy, quiet, _) = neighbours.heard().await;
    assert_eq!(quiet, 25, "the quiet tenant is done after one round");
    assert!(
        (30..=35).contains(&noisy),
        "the backlog gets the rest of the round: {noisy}"
    );
    neighbours.round(ProbeQueue::Normal).await;
    let (noisy, quiet, _) = neighbours.heard().await;
    assert_eq!(
        (noisy, quiet),
        (95, 25),
        "the next round goes to the backlog alone"
    );
    assert_eq!(
        neighbours.watch(ProbeQueue::Normal, 500).await.claimed,
        500,
        "the backlog is there"
    );
}

impl Neighbours {
    /// Connects everything; then the quiet tenant loses access to its second business.
    async fn start(database: TestDatabase) -> Self {
        let fleet = Fleet::new(3, 149, 0);
        let harness = Harness::start(database, &fleet.world_of_many()).await;
        let (noisy, quiet) = (harness.tenant("Noisy").await, harness.tenant("Quiet").await);
        let connect = async |tenant: &Tenant, n: usize, count: usize| {
            let assets: Vec<Value> = fleet.assets_of(n).into_iter().take(count).collect();
            tenant.register(&assets).await;
            let ended = tenant
                .reconnect(
                    &harness.sandbox.token(&Fleet::person_of(n)).await,
                    &ids(&assets),
                )
                .await;
            assert_eq!(ended["counts"], json!({ "replaced": count }));
            ids(&assets)
        };
        let noisy = connect(&noisy, NOISY, 150).await;
        let (first, failing) = (connect(&quiet, 1, 25).await, connect(&quiet, 2, 10).await);
        let neighbours = Self {
            harness,
            noisy,
            quiet: first,
            failing,
        };
        neighbours.lose(2).await;
        neighbours
    }

    /// Takes the role from the person of business `n`, and probes twice.
    async fn lose(&self, n: usize) {
        let path = format!("persons/{}/leave", Fleet::person_of(n));
        self.harness
            .sandbox
            .post(&path, json!({ "business": business(n) }))
            .await;
        for pause in [Duration::hours(25), Duration::minutes(11)] {
            self.harness.clock.advance_by(pause);
            let watched = self.watch(ProbeQueue::Normal, 500).await;
            assert_eq!((watched.postponed, watched.lost), (0, 0), "{watched:?}");
        }
    }

    /// Adds 49,850 less urgent assets to the noisy tenant and makes everything due.
    async fn backlog(&self, rows: &'static str) {
        self.harness.database.run_as_superuser(ASSETS).await;
        self.harness.database.run_as_superuser(rows).await;
        self.harness.clock.advance_by(Duration::hours(25));
        self.harness.sandbox.forget_calls().await;
    }

    async fn round(&self, lane: ProbeQueue) -> ProbePassStats {
        let watched = self.watch(lane, ROUND).await;
        assert!(
            watched.claimed <= 60,
            "a round claims at most 60 assets: {watched:?}"
        );
        watched
    }

    async fn watch(&self, lane: ProbeQueue, limit: u32) -> ProbePassStats {
        self.harness
            .vault
            .probe_due_assets(lane, limit)
            .await
            .expect("the database answers")
    }

    /// How many assets Graph was asked for: the noisy tenant's, the quiet tenant's working and its failing ones.
    async fn heard(&self) -> (usize, usize, usize) {
        let calls = self.harness.sandbox.calls().await;
        let asked = |ids: &[String]| {
            ids.iter()
                .filter(|id| calls["probes_by_asset"][id.as_str()].as_u64().is_some())
                .count()
        };
        (asked(&self.noisy), asked(&self.quiet), asked(&self.failing))
    }
}

/// Copies of the noisy tenant's business; no other asset has the id of that business.
const ASSETS: &str = "
    INSERT INTO assets (tenant_id, id, kind, generation, intent_seq, proved_at, checked_at, failing_since,
        failing_reason, failures, definitive, created_at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 49850)
    SELECT a.tenant_id, CAST(900000000000000 + n.i AS TEXT), a.kind, 0, 0, a.proved_at, a.checked_at,
        a.failing_since, a.failing_reason, a.failures, a.definitive, a.created_at
    FROM assets a CROSS JOIN n WHERE a.id = '200000000000003'";
const FAILING: &str = "
    INSERT INTO probe_due (tenant_id, asset_id, lane, due_at, harm_at)
    SELECT tenant_id, id, 'failing', created_at, 9000000000000000 FROM assets WHERE id LIKE '900000000%'";
const NORMAL: &str = "
    INSERT INTO probe_due (tenant_id, asset_id, lane, due_at, harm_at)
    SELECT tenant_id, id, 'normal', created_at, 9000000000000000 FROM assets WHERE id LIKE '900000000%'";
