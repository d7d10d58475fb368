//! Property (G46): no sequence of probe results replaces a working credential by a worse one.
//!
//! A plan mixes probe results, submitted tokens, the order in which overlapping reconnects settle, and an undo. The product's own
//! code settles it on a real database; a model computes which token must serve.

use std::{collections::HashMap, sync::Arc};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use regrant_crypto::{KeyProvider, Keyring};
use regrant_domain::{
    AccessToken, AppId, AppSecret, AssetId, AssetKind, BusinessReading, Clock, CredentialKind,
    Grant, GrantId, GrantedScope, Outcome, Permissions, ProbeFacts, ProbeResult, ReasonCode,
    ReconnectId, Refusal, RefusalKind, SealedRecord, TokenFacts,
};
use regrant_graph::AppCredentials;
use regrant_storage::{
    AcceptedReconnect, Item, NewItem, NewReconnect, Store, StoredCredential, UndoneReconnect,
};
use regrant_testdb::TestDatabase;

use crate::{
    Actor, AssetRegistration, NewApp, NewTenantSpec, Parts, Principal, Settings, Vault,
    credentials::{
        payload::{credential_context, parse_payload},
        probed_asset::ProbeRound,
    },
    reconnect::{offer::Credentials, run::Run},
};

const PLANS: u32 = 10_000;
const ASSETS: usize = 6;

/// The simulated result of a probe.
#[derive(Debug, Clone, Copy)]
enum SimulatedResult {
    Proven { tasks: bool, mints: bool },
    Refused(usize),
}

/// Two overlapping reconnects and the order in which their items settle.
#[derive(Debug, Clone)]
struct TestPlan {
    system_user: [bool; 2],
    same_token: [bool; 2],
    results: [[SimulatedResult; ASSETS]; 2],
    later_first: [bool; ASSETS],
    /// The reconnect that is undone afterwards, and the results of probing the previous tokens.
    undo: Option<(usize, [SimulatedResult; ASSETS])>,
}

fn simulated_result() -> impl Strategy<Value = SimulatedResult> {
    prop_oneof![
        3 => (any::<bool>(), any::<bool>()).prop_map(|(tasks, mints)| SimulatedResult::Proven { tasks, mints }),
        4 => (0..all_refusals().len()).prop_map(SimulatedResult::Refused),
    ]
}

fn test_plan() -> impl Strategy<Value = TestPlan> {
    let results = || proptest::array::uniform6(simulated_result());
    (
        [0..16_u8, 0..16_u8],
        any::<[bool; 2]>(),
        [results(), results()],
        any::<[bool; ASSETS]>(),
        proptest::option::of((0..2_usize, results())),
    )
        .prop_map(
            |(system_user, same_token, results, later_first, undo)| TestPlan {
                system_user: system_user.map(|n| n == 0),
                same_token: [
                    same_token[0] && same_token[1],
                    same_token[1] && !same_token[0],
                ],
                results,
                later_first,
                undo,
            },
        )
}

fn all_refusals() -> Vec<RefusalKind> {
    use RefusalKind as Kind;
    let retry_at = Clock::system_time();
    vec![
        Kind::NotReached,
        Kind::NotReachedWithoutScope(vec![]),
        Kind::NoRole,
        Kind::MissingScope(vec![]),
        Kind::MissingTask(vec![]),
        Kind::Checkpoint,
        Kind::Unconfirmed,
        Kind::TwoFactorRequired,
        Kind::ConsentRequired,
        Kind::DataAccessExpired,
        Kind::TokenDead,
        Kind::AppFault,
        Kind::PageMoved(None),
        Kind::RequestFault,
        Kind::Throttled { retry_at },
        Kind::Unavailable,
        Kind::Unclassified,
    ]
}

impl SimulatedResult {
    fn to_probe_result(self, token: &str) -> ProbeResult {
        match self {
            Self::Proven { tasks, mints } => ProbeResult::Works(ProbeFacts {
                page_token: mints.then(|| access_token(&format!("page-of-{token}"))),
                tasks: Some(if tasks {
                    vec!["MANAGE".to_owned()]
                } else {
                    vec!["ANALYZE".to_owned()]
                }),
                cut_off: None,
                condition: None,
                business: BusinessReading::Unread,
            }),
            Self::Refused(n) => ProbeResult::Refused(Refusal {
                kind: all_refusals()[n].clone(),
                message: "message from Graph".to_owned(),
                fbtrace_id: None,
            }),
        }
    }
}

fn access_token(token: &str) -> AccessToken {
    AccessToken::parse(token.to_owned()).unwrap()
}

/// One vault with a few assets for all plans; each plan starts from the state that the last one left.
struct World {
    vault: Vault,
    caller: Principal,
    assets: Vec<AssetId>,
    /// The model: the token that serves each asset.
    serves: HashMap<AssetId, String>,
    /// The submitted token that the serving token comes from.
    source: HashMap<AssetId, String>,
    /// The token that served each asset before, and the submitted token that it comes from.
    previous: HashMap<AssetId, (String, String)>,
    tokens: u64,
    settled: u64,
    replaced: u64,
    restored: u64,
}

impl World {
    async fn new(database: &TestDatabase) -> Self {
        let url = database.url().to_owned();
        let settings = regrant_storage::Settings {
            url,
            max_connections: 4,
            acquire_timeout: std::time::Duration::from_secs(10),
            busy_timeout: std::time::Duration::from_secs(10),
        };
        let clock = Clock::fixed_at(Clock::system_time());
        let parts = Parts {
            store: Store::connect(&settings).await.unwrap(),
            provider: KeyProvider::from(Keyring::in_memory().unwrap()),
            graph: regrant_graph::Client::new(regrant_graph::Settings::default(), clock.clone())
                .unwrap(),
            clock,
            settings: Settings::default(),
        };
        let vault = Vault::open(parts).await.unwrap();
        let (id, secret): (AppId, _) = (
            "1".parse().unwrap(),
            AppSecret::parse("secret".to_owned()).unwrap(),
        );
        vault
            .create_app(
                Actor::CommandLine,
                NewApp {
                    id: id.clone(),
                    name: "App".to_owned(),
                    secret,
                    verify_token: None,
                },
                None,
            )
            .await
            .unwrap();
        let onboarded = vault
            .create_tenant(
                Actor::CommandLine,
                NewTenantSpec::with_scopes("One", id.clone(), Permissions::all()),
                None,
            )
            .await
            .unwrap();
        let log_in = crate::ClientLogIn::from_localhost(
            onboarded.client.id,
            onboarded.secret.as_ref().unwrap(),
        );
        let client = vault.authenticate_client(log_in).await.unwrap();
        let token = vault.issue_token(&client, None, None).await.unwrap();
        let caller = vault
            .authenticate_request(crate::RequestCredentials::from_localhost(
                &token.access_token,
            ))
            .await
            .unwrap();
        let assets: Vec<AssetId> = (1..=ASSETS)
            .map(|n| format!("{n}").parse().unwrap())
            .collect();
        register_pages(&vault, &caller, &assets).await;
        let (serves, source) = (HashMap::new(), HashMap::new());
        Self {
            vault,
            caller,
            assets,
            serves,
            source,
            previous: HashMap::new(),
            tokens: 0,
            settled: 0,
            replaced: 0,
            restored: 0,
        }
    }

    /// Accepts both reconnects in their order, then settles each asset in the plan's order.
    async fn carry_out(&mut self, plan: &TestPlan) {
        let offers = [self.accept(plan, 0).await, self.accept(plan, 1).await];
        for later_first in [false, true] {
            let group: Vec<_> = (0..ASSETS)
                .filter(|at| plan.later_first[*at] == later_first)
                .collect();
            for n in settle_order(later_first) {
                self.settle(&offers[n], &group, &plan.results[n]).await;
            }
        }
        let outcomes = [
            self.read_outcomes(&offers[0]).await,
            self.read_outcomes(&offers[1]).await,
        ];
        for (at, asset) in self.assets.clone().iter().enumerate() {
            for n in settle_order(plan.later_first[at]) {
                self.update_model(asset, &offers[n], plan.results[n][at], outcomes[n][at]);
            }
        }
        self.check_against_model().await;
        if let Some((n, results)) = &plan.undo {
            self.undo(&offers[*n], results).await;
            self.check_against_model().await;
        }
        if self.tokens.is_multiple_of(40) {
            self.reset_assets().await;
        }
    }

    async fn accept(&mut self, plan: &TestPlan, n: usize) -> TestReconnect {
        self.tokens += 1;
        let known = self
            .source
            .values()
            .next()
            .cloned()
            .filter(|_| plan.same_token[n]);
        let token = known.unwrap_or_else(|| format!("token-{}", self.tokens));
        let now = self.vault.clock.now();
        let id = ReconnectId::mint();
        let reconnect = NewReconnect {
            id,
            expect_person: None,
            submitted: Some(SealedRecord::from_bytes(vec![0])),
            created_by: self.caller.client(),
            session: None,
            cause: regrant_storage::ReconnectCause::Call,
            undo: None,
            created_at: now,
        };
        let items: Vec<_> = self.assets.iter().map(open_item).collect();
        let tx = self.vault.store.begin(&self.caller.scope).await.unwrap();
        let wall = Clock::system_time();
        let lease = Some(("one", wall + chrono::Duration::minutes(1), wall));
        let AcceptedReconnect { lease, .. } = tx
            .accept_reconnect(&reconnect, &items, lease)
            .await
            .unwrap();
        let grant = new_grant(if plan.system_user[n] {
            CredentialKind::SystemUser
        } else {
            CredentialKind::User
        });
        tx.insert_grant(&grant, now).await.unwrap();
        let items = tx.list_items(id).await.unwrap();
        let reconnect = tx.find_reconnect(id).await.unwrap();
        tx.commit().await.unwrap();
        let credentials = Credentials {
            token: access_token(&token),
            grant,
        };
        TestReconnect {
            id,
            items,
            reconnect,
            lease: lease.unwrap(),
            token,
            credentials,
        }
    }

    async fn settle(
        &self,
        offer: &TestReconnect,
        group: &[usize],
        results: &[SimulatedResult; ASSETS],
    ) {
        let run = Run {
            vault: &self.vault,
            scope: &self.caller.scope,
            lease: &offer.lease,
            reconnect: offer.reconnect.clone(),
            app: Arc::new(app_credentials()),
        };
        let probed = group.iter().map(|at| {
            (
                &offer.items[*at],
                results[*at].to_probe_result(&offer.token),
            )
        });
        run.settle_probed(&offer.credentials, probed.collect())
            .await
            .unwrap();
    }

    async fn read_outcomes(&self, offer: &TestReconnect) -> Vec<Outcome> {
        let tx = self
            .vault
            .store
            .begin_read(&self.caller.scope)
            .await
            .unwrap();
        let items = tx.list_items(offer.id).await.unwrap();
        tx.commit().await.unwrap();
        let outcomes: Vec<_> = items
            .into_iter()
            .filter_map(|it| it.result)
            .map(|it| it.outcome)
            .collect();
        assert_eq!(outcomes.len(), ASSETS, "each item has one outcome");
        outcomes
    }

    /// Updates the model: a token serves only if it works and the outcome says that it replaced the old one.
    fn update_model(
        &mut self,
        asset: &AssetId,
        offer: &TestReconnect,
        results: SimulatedResult,
        outcome: Outcome,
    ) {
        self.settled += 1;
        let is_renewed =
            outcome == Outcome::Unchanged && self.source.get(asset) == Some(&offer.token);
        self.replaced += u64::from(outcome == Outcome::Replaced);
        if outcome == Outcome::Replaced || is_renewed {
            let SimulatedResult::Proven { mints, .. } = results else {
                panic!("{asset}: only a token that works replaces")
            };
            let token = if mints {
                format!("page-of-{}", offer.token)
            } else {
                offer.token.clone()
            };
            let replaced = self.serves.insert(asset.clone(), token);
            let source = self.source.insert(asset.clone(), offer.token.clone());
            if let Some(replaced) = replaced.zip(source).filter(|_| !is_renewed) {
                self.previous.insert(asset.clone(), replaced);
            }
        }
    }

    /// Undoes a reconnect: each previous token that must be proved gets its simulated result.
    async fn undo(&mut self, undone: &TestReconnect, results: &[SimulatedResult; ASSETS]) {
        let undone = UndoneReconnect {
            id: undone.id,
            intent_seq: undone.reconnect.intent_seq,
        };
        let (reconnect, lease, items) = self.accept_undo(undone).await;
        let run = Run {
            vault: &self.vault,
            scope: &self.caller.scope,
            lease: &lease,
            reconnect,
            app: Arc::new(app_credentials()),
        };
        let (mut probed, grants) = run.read_previous(&undone, &items).await.unwrap();
        let mut round = ProbeRound::new(run.scope, &run.app, grants);
        for it in &mut probed {
            let stored = &it.credentials[0];
            let token = self.vault.open_token_or_alarm(run.scope, stored).await;
            let (token, id) = (token.unwrap(), stored.credential.id);
            let at = self.assets.iter().position(|id| *id == it.asset.id);
            let result = results[at.unwrap()].to_probe_result(token.expose());
            round.tokens.insert(id, token);
            it.proofs.insert(id, result);
        }
        run.settle_undo_items(&undone, round, items, probed)
            .await
            .unwrap();
        let reconnect = run.reconnect.id;
        self.update_model_after_undo(reconnect, results).await;
    }

    async fn accept_undo(
        &self,
        undone: UndoneReconnect,
    ) -> (
        regrant_storage::Reconnect,
        regrant_storage::Lease,
        Vec<Item>,
    ) {
        let id = ReconnectId::mint();
        let undo = NewReconnect {
            id,
            expect_person: None,
            submitted: None,
            created_by: self.caller.client(),
            session: None,
            cause: regrant_storage::ReconnectCause::Call,
            undo: Some(undone),
            created_at: self.vault.clock.now(),
        };
        let items: Vec<_> = self.assets.iter().map(open_item).collect();
        let tx = self.vault.store.begin(&self.caller.scope).await.unwrap();
        let wall = Clock::system_time();
        let lease = Some(("one", wall + chrono::Duration::minutes(1), wall));
        let accepted = tx.accept_reconnect(&undo, &items, lease).await.unwrap();
        let items = tx.list_items(id).await.unwrap();
        let reconnect = tx.find_reconnect(id).await.unwrap();
        tx.commit().await.unwrap();
        (reconnect, accepted.lease.unwrap(), items)
    }

    /// Updates the model: a previous token serves again only if it works.
    async fn update_model_after_undo(
        &mut self,
        undo: ReconnectId,
        results: &[SimulatedResult; ASSETS],
    ) {
        let scope = &self.caller.scope;
        let tx = self.vault.store.begin_read(scope).await.unwrap();
        let items = tx.list_items(undo).await.unwrap();
        tx.commit().await.unwrap();
        for (at, item) in items.into_iter().enumerate() {
            let result = item.result.expect("each item has an outcome");
            let was_parked = result
                .reason
                .is_some_and(|it| it.code == ReasonCode::ParkedTokenDropped);
            if result.outcome != Outcome::Restored || was_parked {
                continue;
            }
            let SimulatedResult::Proven { mints, .. } = results[at] else {
                panic!("{}: only a token that works is restored", item.asset_id)
            };
            let asset = item.asset_id;
            let (token, source) = self.previous.remove(&asset).expect("a token served before");
            let token = if mints {
                format!("page-of-{token}")
            } else {
                token
            };
            let replaced = self.serves.insert(asset.clone(), token);
            let source = self.source.insert(asset.clone(), source);
            self.previous
                .extend(replaced.zip(source).map(|it| (asset, it)));
            self.restored += 1;
        }
    }

    /// Checks that each stored credential opens to the token of the model. Whether it is served depends on more.
    async fn check_against_model(&self) {
        let tx = self
            .vault
            .store
            .begin_read(&self.caller.scope)
            .await
            .unwrap();
        let stored = tx.find_active_credentials(&self.assets).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            stored.len(),
            self.serves.len(),
            "an asset has an active credential once a token worked"
        );
        for StoredCredential { credential, .. } in stored {
            let context = credential_context(self.caller.tenant(), &credential);
            let plain = self
                .vault
                .data_keys
                .open_record(&self.caller.scope, &context, &credential.sealed)
                .await
                .unwrap();
            let token = parse_payload(&plain, &credential).unwrap();
            assert_eq!(
                Some(token.expose()),
                self.serves.get(&credential.asset_id).map(String::as_str)
            );
        }
    }

    /// Deletes the assets and registers them again; otherwise a system user's token would outrank all later tokens.
    async fn reset_assets(&mut self) {
        for asset in &self.assets {
            self.vault.delete_asset(&self.caller, asset).await.unwrap();
        }
        register_pages(&self.vault, &self.caller, &self.assets).await;
        self.serves.clear();
        self.source.clear();
        self.previous.clear();
    }
}

async fn register_pages(vault: &Vault, caller: &Principal, assets: &[AssetId]) {
    let registration = |id: &AssetId| AssetRegistration {
        id: id.clone(),
        kind: AssetKind::Page,
        name: None,
        business_id: None,
        token: None,
    };
    vault
        .register_assets(caller, assets.iter().map(registration).collect(), None)
        .await
        .unwrap();
}

fn app_credentials() -> AppCredentials {
    AppCredentials {
        id: "1".parse().unwrap(),
        secret: AppSecret::parse("secret".to_owned()).unwrap(),
    }
}

fn open_item(id: &AssetId) -> NewItem {
    NewItem {
        asset_id: id.clone(),
        requested_id: id.to_string(),
        result: None,
    }
}

/// Which of two reconnects settles first.
fn settle_order(later_first: bool) -> [usize; 2] {
    if later_first { [1, 0] } else { [0, 1] }
}

struct TestReconnect {
    id: ReconnectId,
    items: Vec<Item>,
    reconnect: regrant_storage::Reconnect,
    lease: regrant_storage::Lease,
    token: String,
    credentials: Credentials,
}

fn new_grant(kind: CredentialKind) -> Grant {
    Grant {
        id: GrantId::mint(),
        facts: TokenFacts {
            app_id: "1".parse().unwrap(),
            kind,
            person_id: "7".parse().unwrap(),
            profile_id: None,
            person_name: None,
            is_work_account: None,
            scopes: vec![GrantedScope {
                scope: "pages_show_list".to_owned(),
                target_ids: None,
            }],
            issued_at: None,
            expires_at: None,
            data_access_expires_at: None,
            read_at: chrono::DateTime::UNIX_EPOCH,
        },
    }
}

/// Carries out this many random plans, one after the other, on a database of their own.
fn carry_out_plans(plans: u32) -> World {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::create_sqlite());
    let world = std::cell::RefCell::new(runtime.block_on(World::new(&database)));
    let mut runner = TestRunner::new(Config {
        cases: plans,
        failure_persistence: None,
        ..Config::default()
    });
    let checked = runner.run(&test_plan(), |plan| {
        runtime.block_on(world.borrow_mut().carry_out(&plan));
        Ok(())
    });
    checked.unwrap();
    world.into_inner()
}

#[test]
fn no_probe_results_worsen_a_working_credential() {
    // Each world carries out its plans in turn, so two worlds keep two cores busy.
    let start = |()| std::thread::spawn(|| carry_out_plans(PLANS / 2));
    let worlds = [(); 2].map(start).map(|it| it.join().unwrap());
    let sum = |count: fn(&World) -> u64| worlds.iter().map(count).sum::<u64>();
    let items = u64::from(PLANS) * 2 * u64::try_from(ASSETS).unwrap();
    assert_eq!(sum(|it| it.settled), items);
    let (replaced, restored) = (sum(|it| it.replaced), sum(|it| it.restored));
    assert!(replaced > u64::from(PLANS), "plans do replace: {replaced}");
    assert!(
        restored > u64::from(PLANS) / 10,
        "plans do undo: {restored}"
    );
}
