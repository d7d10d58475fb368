//! An hour of every kind of Graph failure: it disconnects no asset, except those whose token really died.

use chrono::Duration;
use regrant_domain::schedule::ProbeQueue;
use regrant_graph::TripCause;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, Tenant, ids, on_both};

/// Businesses, each of one person; the first half belongs to the first tenant.
const BUSINESSES: usize = 8;
/// Assets of each business, in addition to the business itself.
const EACH: usize = 24;

on_both!(
    an_hour_of_any_fault_disconnects_nothing,
    a_token_death_during_an_outage_disconnects_only_the_assets_of_its_person,
);

/// Two tenants with 200 assets of eight persons; every asset was probed and works.
struct Provider {
    harness: Harness,
    tenants: Vec<Tenant>,
}

/// The sums of one hour of probing.
#[derive(Debug, Default)]
struct Hour {
    claimed: usize,
    doubted: usize,
    disconnected: usize,
    unserved: usize,
    alarms: Vec<TripCause>,
}

/// A failure of Graph, and the cause with which the calls of the app must pause, if any.
struct Fault {
    name: &'static str,
    rule: Value,
    alarm: Option<TripCause>,
}

fn faults() -> Vec<Fault> {
    let error = |code: u32, subcode: Option<u32>, message: &str| json!({ "error": { "code": code, "subcode": subcode, "message": message } });
    let throttle = |code: u32| json!({ "throttle": { "code": code } });
    let all = |effect: Value| json!({ "effect": effect });
    let items = |effect: Value| json!({ "match": { "batch_item": true }, "effect": effect });
    let persons = |effect: Value| json!({ "match": { "person": "*" }, "effect": effect });
    let fault = |name, rule| Fault {
        name,
        rule,
        alarm: None,
    };
    let refused = |name, rule| Fault {
        name,
        rule,
        alarm: Some(TripCause::Refused),
    };
    let html = "<html><body>Sorry, something went wrong.</body></html>";
    vec![
        fault("empty 500", all(json!({ "status": 500, "body": "" }))),
        fault(
            "code 2",
            all(error(2, None, "Service temporarily unavailable")),
        ),
        fault("hangs", all(json!({ "latency_ms": 60_000 }))),
        fault("throttled app", all(throttle(4))),
        fault("throttled persons", items(throttle(17))),
        fault("throttled pages", items(throttle(32))),
        fault(
            "throttled businesses",
            items(json!({ "throttle": { "code": 80_004, "minutes": 9, "business": true } })),
        ),
        fault("blocked persons", items(throttle(368))),
        fault("html 200", all(json!({ "status": 200, "body": html }))),
        fault("html 502", all(json!({ "status": 502, "body": html }))),
        fault("dropped connections", all(json!("drop"))),
        fault("items not completed", items(json!("null_item"))),
        refused(
            "deleted app",
            all(error(
                190,
                None,
                "Error validating application. Application has been deleted",
            )),
        ),
        refused(
            "reset secret",
            all(error(
                100,
                None,
                "Invalid appsecret_proof provided in the API argument",
            )),
        ),
        Fault {
            name: "every token refused, and called valid by debug_token",
            rule: persons(error(190, Some(460), "The session has been invalidated")),
            alarm: Some(TripCause::Deaths),
        },
    ]
}

async fn an_hour_of_any_fault_disconnects_nothing(database: TestDatabase) {
    let mut provider = Provider::connected(database).await;
    for fault in faults() {
        provider.leap(Duration::hours(25)).await;
        provider.harness.sandbox.fault(fault.rule).await;
        let hour = provider.hour().await;
        let name = fault.name;
        assert!(hour.claimed >= 200, "{name}: every asset was due: {hour:?}");
        assert_eq!(
            (hour.disconnected, hour.unserved),
            (0, 0),
            "{name}: {hour:?}"
        );
        // A contradiction is counted as a refusal, unless the calls of the app are suspended before `debug_token` is asked
        // about it: how many are counted depends on which of the probes under way is answered first.
        let is_contradiction = fault.alarm == Some(TripCause::Deaths);
        assert!(
            is_contradiction || hour.doubted == 0,
            "{name}: nothing is counted: {hour:?}"
        );
        let alarmed = fault.alarm.is_none_or(|it| hour.alarms.contains(&it));
        assert!(
            alarmed && (fault.alarm.is_some() || hour.alarms.is_empty()),
            "{name}: {hour:?}"
        );
        provider.harness.sandbox.clear_faults().await;
        provider.recover().await;
        assert_eq!(
            provider.count("healthy").await,
            200,
            "{name}: healthy again after one interval"
        );
        assert_eq!(provider.harness.graph.suspected_apps(), [], "{name}");
    }
}

async fn a_token_death_during_an_outage_disconnects_only_the_assets_of_its_person(
    database: TestDatabase,
) {
    let mut provider = Provider::connected(database).await;
    provider.leap(Duration::hours(25)).await;
    provider
        .harness
        .sandbox
        .fault(json!({ "effect": { "status": 503, "body": "" } }))
        .await;
    provider
        .harness
        .sandbox
        .post(
            &format!("persons/{}/password-change", Fleet::person_of(3)),
            json!({}),
        )
        .await;
    assert_eq!(
        provider.hour().await.disconnected,
        0,
        "nothing is disconnected during the outage"
    );
    provider.harness.sandbox.clear_faults().await;
    provider.recover().await;
    let mut gone: Vec<_> = Vec::new();
    for asset in provider
        .assets()
        .await
        .iter()
        .filter(|it| it["state"] == "disconnected")
    {
        assert_eq!(asset["reason"]["code"], "token_dead", "{asset}");
        gone.push(asset["id"].as_str().unwrap_or_default().to_owned());
    }
    let mut theirs = ids_of(3);
    gone.sort();
    theirs.sort();
    assert_eq!(gone, theirs);
    assert_eq!(provider.count("healthy").await, 175);
}

impl Provider {
    async fn connected(database: TestDatabase) -> Self {
        let graph = regrant_graph::Settings {
            timeout: std::time::Duration::from_millis(400),
            backoff: std::time::Duration::from_millis(1),
            max_wait: std::time::Duration::ZERO,
            max_attempts: 2,
            ..regrant_graph::Settings::default()
        };
        let harness = Harness::with(
            database,
            &fleet().world_of_many(),
            Options {
                graph,
                ..Options::default()
            },
        )
        .await;
        let mut tenants = Vec::new();
        for half in 0..2 {
            let tenant = harness.tenant(&format!("Tenant {half}")).await;
            for n in businesses_of(half) {
                tenant.register(&fleet().assets_of(n)).await;
                let token = harness.sandbox.token(&Fleet::person_of(n)).await;
                let ended = tenant.reconnect(&token, &ids_of(n)).await;
                assert_eq!(ended["counts"], json!({ "replaced": EACH + 1 }));
            }
            tenants.push(tenant);
        }
        Self { harness, tenants }
    }

    /// Moves the clock; the tenants log in again.
    async fn leap(&mut self, by: Duration) {
        self.harness.clock.advance_by(by);
        for tenant in &mut self.tenants {
            *tenant = tenant.log_in_again().await;
        }
    }

    /// An hour of probe passes, one every five minutes.
    async fn hour(&mut self) -> Hour {
        let mut hour = Hour::default();
        for tick in 0..12 {
            self.watch(&mut hour).await;
            if tick % 3 == 2 {
                hour.disconnected += self.count("disconnected").await;
                hour.unserved += self.unserved().await;
            }
            hour.alarms.extend(
                self.harness
                    .graph
                    .suspected_apps()
                    .iter()
                    .map(|it| it.cause),
            );
            self.leap(Duration::minutes(5)).await;
        }
        hour
    }

    /// Probes again after the longest pause that an outage can cause.
    async fn recover(&mut self) {
        for _ in 0..4 {
            self.watch(&mut Hour::default()).await;
            self.leap(Duration::minutes(10)).await;
        }
    }

    /// Probes everything that is due now.
    async fn watch(&self, hour: &mut Hour) {
        for _ in 0..50 {
            let mut claimed = 0;
            for lane in ProbeQueue::ALL {
                let watched = self
                    .harness
                    .vault
                    .probe_due_assets(lane, 500)
                    .await
                    .expect("the database answers");
                claimed += watched.claimed;
                hour.doubted += watched.doubted;
            }
            hour.claimed += claimed;
            if claimed == 0 {
                return;
            }
        }
        panic!("the same assets stay due: {hour:?}");
    }

    async fn assets(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for tenant in &self.tenants {
            let list = tenant.get("/v1/assets?limit=200").await;
            all.extend(list["data"].as_array().expect("a list").clone());
        }
        assert_eq!(all.len(), BUSINESSES * (EACH + 1));
        all
    }

    async fn count(&self, state: &str) -> usize {
        self.assets()
            .await
            .iter()
            .filter(|it| it["state"] == state)
            .count()
    }

    /// Assets whose token is not served.
    async fn unserved(&self) -> usize {
        let mut unserved = 0;
        for (half, tenant) in self.tenants.iter().enumerate() {
            let ids: Vec<_> = businesses_of(half).flat_map(ids_of).collect();
            let tokens = tenant.tokens(&ids).await;
            unserved += ids
                .iter()
                .filter(|id| {
                    !tokens
                        .get(*id)
                        .is_some_and(|it| it["access_token"].is_string())
                })
                .count();
        }
        unserved
    }
}

fn businesses_of(half: usize) -> std::ops::RangeInclusive<usize> {
    let each = BUSINESSES / 2;
    half * each + 1..=(half + 1) * each
}

fn fleet() -> Fleet {
    Fleet::new(BUSINESSES, EACH, 0)
}

fn ids_of(n: usize) -> Vec<String> {
    ids(&fleet().assets_of(n))
}
