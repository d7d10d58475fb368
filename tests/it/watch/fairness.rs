//! Fairness: the backlog of one tenant does not hold up another, counted in calls that Graph hears.

use chrono::Duration;
use regrant_domain::schedule::Lane;
use regrant_testdb::TestDatabase;
use regrant_vault::Watched;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, business, ids, on_both};

/// What one round of the worker may ask.
const ROUND: u32 = 60;
/// The business of the noisy tenant.
const NOISY: usize = 3;

on_both!(
    fifty_thousand_failing_assets_delay_other_tenants_by_at_most_one_round,
    fifty_thousand_due_assets_delay_other_tenants_by_at_most_one_round,
);

/// Two tenants of one app: one with a backlog, one with a few assets that work and a few that fail.
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
    let working = neighbours.round(Lane::Normal).await;
    assert_eq!(working.proved, neighbours.quiet.len(), "{working:?}");
    let heard = neighbours.heard().await;
    assert_eq!(
        heard,
        (0, 25, 0),
        "what works does not wait behind what fails"
    );
    neighbours.round(Lane::Failing).await;
    let (noisy, _, failing) = neighbours.heard().await;
    assert_eq!(
        failing, 10,
        "what fails elsewhere is asked in the same round"
    );
    assert!(
        (40..=50).contains(&noisy),
        "and the backlog has the rest of it: {noisy}"
    );
    assert_eq!(
        neighbours.watch(Lane::Failing, 500).await.claimed,
        500,
        "the backlog is there"
    );
}

async fn fifty_thousand_due_assets_delay_other_tenants_by_at_most_one_round(
    database: TestDatabase,
) {
    let neighbours = Neighbours::start(database).await;
    neighbours.backlog(NORMAL).await;
    let watched = neighbours.round(Lane::Normal).await;
    assert_eq!(watched.lost, 0, "{watched:?}");
    let (noisy, quiet, _) = neighbours.heard().await;
    assert_eq!(quiet, 25, "the quiet tenant is through after one round");
    assert!(
        (30..=35).contains(&noisy),
        "and the backlog has the rest of it: {noisy}"
    );
    neighbours.round(Lane::Normal).await;
    let (noisy, quiet, _) = neighbours.heard().await;
    assert_eq!(
        (noisy, quiet),
        (95, 25),
        "a round of its own goes to the backlog alone"
    );
    assert_eq!(
        neighbours.watch(Lane::Normal, 500).await.claimed,
        500,
        "the backlog is there"
    );
}

impl Neighbours {
    /// Everything connected, and the quiet tenant's second business lost.
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

    /// The person of business `n` loses the role, and the worker hears it twice.
    async fn lose(&self, n: usize) {
        let path = format!("persons/{}/leave", Fleet::person_of(n));
        self.harness
            .sandbox
            .post(&path, json!({ "business": business(n) }))
            .await;
        for pause in [Duration::hours(25), Duration::minutes(11)] {
            self.harness.clock.advance(pause);
            let watched = self.watch(Lane::Normal, 500).await;
            assert_eq!((watched.postponed, watched.lost), (0, 0), "{watched:?}");
        }
    }

    /// 49,850 more assets of the noisy tenant, less urgent than those it has; everything is due.
    async fn backlog(&self, rows: &'static str) {
        self.harness.database.intrude(ASSETS).await;
        self.harness.database.intrude(rows).await;
        self.harness.clock.advance(Duration::hours(25));
        self.harness.sandbox.forget_calls().await;
    }

    async fn round(&self, lane: Lane) -> Watched {
        let watched = self.watch(lane, ROUND).await;
        assert!(watched.claimed <= 60, "a round is a round: {watched:?}");
        watched
    }

    async fn watch(&self, lane: Lane, limit: u32) -> Watched {
        self.harness
            .vault
            .watch_due(lane, limit)
            .await
            .expect("the database answers")
    }

    /// How many assets of the noisy tenant, of the quiet one's working and of its failing Graph was asked for.
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

/// Copies of the noisy tenant's business, which is the only asset of its id.
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
