//! Property (G46): no plan of proofs ever worsens a credential that works.
//!
//! Plans mix kinds of proof, offered tokens and the order in which overlapping reconnects settle. A
//! plan is carried out by the same settling code on a real database; a model says what must serve.

use std::collections::HashMap;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use regrant_crypto::{KeyProvider, Keyring};
use regrant_domain::{
    AccessToken, AppId, AppSecret, AssetId, AssetKind, Clock, CredentialKind, Grant, GrantId, GrantedScope,
    Outcome, Permissions, Proof, Proven, ReconnectId, Refusal, RefusalKind, Sealed,
};
use regrant_storage::{Accepted, NewItem, NewReconnect, Store};
use regrant_testdb::TestDatabase;

use crate::{AssetRegistration, NewApp, Parts, Principal, Settings, Vault, prove::Credentials};

const PLANS: u32 = 10_000;
const ASSETS: usize = 6;

/// What the Graph says of one asset.
#[derive(Debug, Clone, Copy)]
enum Said {
    Proven { tasks: bool, mints: bool },
    Refused(usize),
}

/// Two overlapping reconnects and the order in which their items settle.
#[derive(Debug, Clone)]
struct Plan {
    system_user: [bool; 2],
    same_token: [bool; 2],
    said: [[Said; ASSETS]; 2],
    later_first: [bool; ASSETS],
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        3 => (any::<bool>(), any::<bool>()).prop_map(|(tasks, mints)| Said::Proven { tasks, mints }),
        4 => (0..refusals().len()).prop_map(Said::Refused),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let said = || proptest::array::uniform6(said());
    (
        any::<[bool; 2]>(),
        any::<[bool; 2]>(),
        [said(), said()],
        any::<[bool; ASSETS]>(),
    )
        .prop_map(|(system_user, same_token, said, later_first)| Plan {
            system_user: [
                system_user[0] && system_user[1],
                system_user[1] && !system_user[0],
            ],
            same_token: [same_token[0] && same_token[1], same_token[1] && !same_token[0]],
            said,
            later_first,
        })
}

fn refusals() -> Vec<RefusalKind> {
    use RefusalKind as Kind;
    let retry_at = Clock::wall();
    vec![
        Kind::NotReached,
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

impl Said {
    fn proof(self, token: &str) -> Proof {
        match self {
            Self::Proven { tasks, mints } => Proof::Proven(Proven {
                page_token: mints.then(|| text(&format!("page-of-{token}"))),
                tasks: Some(if tasks {
                    vec!["MANAGE".to_owned()]
                } else {
                    vec!["ANALYZE".to_owned()]
                }),
                cut_off: None,
            }),
            Self::Refused(n) => Proof::Refused(Refusal {
                kind: refusals()[n].clone(),
                message: "words of the Graph".to_owned(),
                fbtrace_id: None,
            }),
        }
    }
}

fn text(token: &str) -> AccessToken {
    AccessToken::parse(token.to_owned()).unwrap()
}

/// One vault with a few assets, kept over all plans; each plan starts from whatever the last one left.
struct World {
    vault: Vault,
    caller: Principal,
    assets: Vec<AssetId>,
    /// What serves each asset: the model.
    serves: HashMap<AssetId, String>,
    /// The offered token behind what serves.
    source: HashMap<AssetId, String>,
    tokens: u64,
    settled: u64,
    replaced: u64,
}

impl World {
    async fn new(database: &TestDatabase) -> Self {
        let url = database.url().to_owned();
        let settings = regrant_storage::Settings {
            url,
            max_connections: 4,
            busy_timeout: std::time::Duration::from_secs(10),
        };
        let clock = Clock::fixed(Clock::wall());
        let parts = Parts {
            store: Store::connect(&settings).await.unwrap(),
            provider: KeyProvider::Local(Keyring::ephemeral().unwrap()),
            graph: regrant_graph::Client::new(regrant_graph::Settings::default(), clock.clone()).unwrap(),
            clock,
            settings: Settings::default(),
        };
        let vault = Vault::open(parts).await.unwrap();
        let (id, secret): (AppId, _) = (
            "1".parse().unwrap(),
            AppSecret::parse("secret".to_owned()).unwrap(),
        );
        vault
            .create_app(&NewApp {
                id: id.clone(),
                name: "App".to_owned(),
                secret,
                verify_token: None,
            })
            .await
            .unwrap();
        let onboarded = vault.create_tenant("One", &id, Permissions::all()).await.unwrap();
        let token = vault
            .issue_token(Some(onboarded.client), &onboarded.secret, None)
            .await
            .unwrap();
        let caller = vault.authenticate(&token.access_token).await.unwrap();
        let assets: Vec<AssetId> = (1..=ASSETS).map(|n| format!("{n}").parse().unwrap()).collect();
        let registration = |id: &AssetId| AssetRegistration {
            id: id.clone(),
            kind: AssetKind::Page,
            name: None,
            business_id: None,
            token: None,
        };
        vault
            .register_assets(&caller, assets.iter().map(registration).collect())
            .await
            .unwrap();
        let (serves, source) = (HashMap::new(), HashMap::new());
        Self {
            vault,
            caller,
            assets,
            serves,
            source,
            tokens: 0,
            settled: 0,
            replaced: 0,
        }
    }

    /// Accepts both reconnects in their order, then settles asset by asset in the plan's order.
    async fn carry_out(&mut self, plan: &Plan) {
        let mut offers = Vec::new();
        for n in 0..2 {
            offers.push(self.accept(plan, n).await);
        }
        for (at, asset) in self.assets.clone().into_iter().enumerate() {
            let order = if plan.later_first[at] { [1, 0] } else { [0, 1] };
            for n in order {
                self.settle(&offers[n], at, &asset, plan.said[n][at]).await;
            }
        }
        for offer in &offers {
            let tx = self.vault.store.begin_read(&self.caller.scope).await.unwrap();
            let items = tx.items(offer.id).await.unwrap();
            assert_eq!(items.len(), ASSETS, "the sum of outcomes is the input");
            assert!(
                items.iter().all(|it| it.result.is_some()),
                "every item has an outcome"
            );
        }
    }

    async fn accept(&mut self, plan: &Plan, n: usize) -> Offer {
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
            submitted: Sealed::from_bytes(vec![0]),
            created_by: self.caller.client,
            created_at: now,
        };
        let item = |id: &AssetId| NewItem {
            asset_id: id.clone(),
            asked: id.to_string(),
            settled: None,
        };
        let items: Vec<_> = self.assets.iter().map(item).collect();
        let tx = self.vault.store.begin(&self.caller.scope).await.unwrap();
        let wall = Clock::wall();
        let lease = Some(("one", wall + chrono::Duration::minutes(1), wall));
        let Accepted { intent_seq, lease } = tx.accept_reconnect(&reconnect, &items, lease).await.unwrap();
        let grant = grant(if plan.system_user[n] {
            CredentialKind::SystemUser
        } else {
            CredentialKind::User
        });
        tx.insert_grant(&grant, now).await.unwrap();
        tx.commit().await.unwrap();
        let credentials = Credentials {
            token: text(&token),
            grant,
            intent_seq,
        };
        Offer {
            id,
            lease: lease.unwrap(),
            token,
            credentials,
        }
    }

    async fn settle(&mut self, offer: &Offer, at: usize, asset: &AssetId, said: Said) {
        let scope = &self.caller.scope;
        let tx = self.vault.store.begin_read(scope).await.unwrap();
        let item = tx.items(offer.id).await.unwrap().swap_remove(at);
        tx.commit().await.unwrap();
        let probed = vec![(&item, said.proof(&offer.token))];
        self.vault
            .settle(scope, &offer.lease, &offer.credentials, probed)
            .await
            .unwrap();

        let tx = self.vault.store.begin_read(scope).await.unwrap();
        let outcome = tx.items(offer.id).await.unwrap()[at]
            .result
            .clone()
            .unwrap()
            .outcome;
        tx.commit().await.unwrap();
        if outcome == Outcome::Replaced {
            let mints = matches!(said, Said::Proven { mints: true, .. });
            let token = if mints {
                format!("page-of-{}", offer.token)
            } else {
                offer.token.clone()
            };
            assert!(
                matches!(said, Said::Proven { .. }),
                "only a proved token replaces"
            );
            self.serves.insert(asset.clone(), token);
            self.source.insert(asset.clone(), offer.token.clone());
            self.replaced += 1;
        }
        self.settled += 1;
        self.serves_what_the_model_says(asset).await;
    }

    async fn serves_what_the_model_says(&self, asset: &AssetId) {
        match (
            self.vault.token(&self.caller, asset).await,
            self.serves.get(asset),
        ) {
            (Ok(served), Some(wanted)) => assert_eq!(served.access_token.expose(), wanted),
            (Err(crate::Error::Conflict(_)), None) => {}
            (Ok(_), None) => panic!("{asset} serves a token nobody proved"),
            (Err(error), wanted) => panic!("{asset} does not serve {wanted:?}: {error}"),
        }
    }
}

struct Offer {
    id: ReconnectId,
    lease: regrant_storage::Lease,
    token: String,
    credentials: Credentials,
}

fn grant(kind: CredentialKind) -> Grant {
    Grant {
        id: GrantId::mint(),
        app_id: "1".parse().unwrap(),
        kind,
        person_id: "7".parse().unwrap(),
        person_name: None,
        is_work_account: None,
        scopes: vec![GrantedScope {
            scope: "pages_show_list".to_owned(),
            target_ids: None,
        }],
        issued_at: None,
        expires_at: None,
        data_access_expires_at: None,
    }
}

#[test]
fn no_plan_of_proofs_worsens_a_credential_that_works() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let database = runtime.block_on(TestDatabase::sqlite());
    let world = std::cell::RefCell::new(runtime.block_on(World::new(&database)));
    let mut runner = TestRunner::new(Config {
        cases: PLANS,
        failure_persistence: None,
        ..Config::default()
    });
    let checked = runner.run(&plan(), |plan| {
        runtime.block_on(world.borrow_mut().carry_out(&plan));
        Ok(())
    });
    checked.unwrap();
    let world = world.into_inner();
    assert_eq!(world.settled, u64::from(PLANS) * 2 * ASSETS as u64);
    assert!(
        world.replaced > u64::from(PLANS),
        "plans do replace: {}",
        world.replaced
    );
}
