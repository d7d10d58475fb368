//! The client against the sandbox: a world with a person who moves to a managed account.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use futures_util::StreamExt;
use regrant_domain::{AssetKind, Clock, CredentialKind, ProbeResult, RefusalKind};
use regrant_graph::{Client, InspectError, Probe, Target};
use regrant_sandbox::{Sandbox, World};
use serde_json::{Value, json};

use crate::bench::{APP_ID, app, app_with, is_proven, person, refusal, settings, target, token};

const OLD: &str = "100000000000001";
const NEW: &str = "100000000000002";
const BUSINESS: &str = "200000000000001";

/// A sandbox with the demo world, and a client that shares its clock.
struct Rehearsal {
    sandbox: Sandbox,
    client: Client,
    shift: Arc<AtomicI64>,
}

impl Rehearsal {
    async fn start() -> Self {
        let world = World::from_yaml(include_str!("../../../sandbox/worlds/demo.yaml")).unwrap();
        let shift = Arc::new(AtomicI64::new(0));
        let clock = regrant_sandbox::Clock::with_offset(shift.clone());
        let listen = "127.0.0.1:0".parse().unwrap();
        let sandbox = Sandbox::start(regrant_sandbox::Settings {
            listen,
            world,
            clock,
        })
        .await
        .unwrap();
        let client = Client::new(settings(&sandbox.url()), Clock::Shifted(shift.clone())).unwrap();
        Self {
            sandbox,
            client,
            shift,
        }
    }

    async fn post_control(&self, path: &str, control: &Value) -> Value {
        let url = format!("{}/sandbox/{path}", self.sandbox.url());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let response = client.post(url).json(control).send().await.unwrap();
        let status = response.status();
        let body = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    async fn login(&self, login: Value) -> String {
        let mut login = login;
        login["app"] = json!(APP_ID);
        self.post_control("tokens", &login).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn advance(&self, days: i64) {
        self.shift
            .fetch_add(days * 86_400_000_000, Ordering::SeqCst);
    }

    async fn probe(&self, who: &str, text: &str, targets: &[Target]) -> Vec<ProbeResult> {
        self.client
            .probe_targets(&app(), &token(text), &person(who), targets)
            .await
    }
}

/// One asset of each kind of the first business.
fn one_of_each() -> Vec<Target> {
    vec![
        target(AssetKind::Page, "300000000010001"),
        target(AssetKind::AdAccount, "500000000010001"),
        target(AssetKind::Business, BUSINESS),
        target(AssetKind::ProductCatalog, "600000000010001"),
        target(AssetKind::Pixel, "700000000010001"),
        target(AssetKind::InstagramAccount, "17841400000010001"),
        target(AssetKind::WhatsappBusinessAccount, "800000000010001"),
    ]
}

#[tokio::test]
async fn a_persons_token_is_inspected_exchanged_and_probed_on_every_kind() {
    let rehearsal = Rehearsal::start().await;
    let short = rehearsal
        .login(json!({"person": OLD, "short_lived": true}))
        .await;
    let inspected = rehearsal
        .client
        .inspect_token(&app(), &token(&short))
        .await
        .unwrap();
    assert!(inspected.is_short_lived);
    assert_eq!(inspected.facts.kind, CredentialKind::User);
    assert_eq!(inspected.facts.person_id.as_str(), OLD);
    assert_eq!(inspected.facts.is_work_account, Some(false));
    let long = rehearsal
        .client
        .exchange_token(&app(), &token(&short), &person(OLD))
        .await
        .unwrap();
    assert!(long.expires_at.is_some());
    let long = long.token.expose().to_owned();
    assert!(
        !rehearsal
            .client
            .inspect_token(&app(), &token(&long))
            .await
            .unwrap()
            .is_short_lived
    );
    let proofs = rehearsal.probe(OLD, &long, &one_of_each()).await;
    for (target, proof) in one_of_each().iter().zip(&proofs) {
        let ProbeResult::Works(proven) = proof else {
            panic!("{target:?}: {proof:?}")
        };
        assert_eq!(proven.page_token.is_some(), target.kind == AssetKind::Page);
        assert_eq!(
            proven.tasks.is_some(),
            matches!(target.kind, AssetKind::Page | AssetKind::AdAccount)
        );
        assert_eq!(proven.cut_off, None);
    }
}

#[tokio::test]
async fn a_minted_page_token_works_on_its_page() {
    let rehearsal = Rehearsal::start().await;
    let text = rehearsal.login(json!({"person": OLD})).await;
    let page = one_of_each().remove(0);
    let proofs = rehearsal
        .probe(OLD, &text, std::slice::from_ref(&page))
        .await;
    let [ProbeResult::Works(proven)] = proofs.as_slice() else {
        panic!("{proofs:?}")
    };
    let minted = proven.page_token.as_ref().unwrap().expose();
    let inspected = rehearsal.client.inspect_token(&app(), &token(minted)).await;
    let facts = inspected.unwrap().facts;
    assert_eq!(facts.kind, CredentialKind::Page);
    assert_eq!(facts.person_id.as_str(), OLD);
    assert_eq!(facts.profile_id.as_ref(), Some(&page.id));
    assert!(is_proven(&rehearsal.probe(OLD, minted, &[page]).await[0]));
}

#[tokio::test]
async fn a_migration_shows_its_cut_off_and_takes_access_away() {
    let rehearsal = Rehearsal::start().await;
    let old = rehearsal.login(json!({"person": OLD})).await;
    let new = rehearsal.login(json!({"person": NEW})).await;
    let pages = &one_of_each()[..3];
    let moved = json!({"person": OLD, "business": BUSINESS, "new_person": NEW});
    let id = rehearsal.post_control("migrations", &moved).await["id"].clone();
    for proof in rehearsal.probe(OLD, &old, pages).await {
        let ProbeResult::Works(proven) = proof else {
            panic!("{proof:?}")
        };
        assert!(proven.cut_off.is_some());
    }
    let early = rehearsal.probe(NEW, &new, pages).await;
    for proof in &early {
        assert!(
            matches!(
                refusal(proof).kind,
                RefusalKind::NotReached | RefusalKind::NoRole
            ),
            "{proof:?}"
        );
    }
    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    rehearsal
        .post_control(&format!("migrations/{id}/complete"), &json!({}))
        .await;
    rehearsal.advance(31);
    assert!(
        rehearsal
            .probe(NEW, &new, pages)
            .await
            .iter()
            .all(is_proven)
    );
    for proof in rehearsal.probe(OLD, &old, pages).await {
        assert_eq!(refusal(&proof).kind, RefusalKind::NotReached, "{proof:?}");
    }
}

#[tokio::test]
async fn a_system_user_is_inspected_refreshed_and_probed() {
    let rehearsal = Rehearsal::start().await;
    let text = rehearsal
        .login(json!({"system_user": "110000000000001", "expires_in_60_days": true}))
        .await;
    let facts = rehearsal
        .client
        .inspect_token(&app(), &token(&text))
        .await
        .unwrap()
        .facts;
    assert_eq!(facts.kind, CredentialKind::SystemUser);
    assert!(facts.expires_at.is_some());
    rehearsal.advance(30);
    let fresh = rehearsal
        .client
        .refresh_system_user_token(&app(), &token(&text), &facts.person_id)
        .await
        .unwrap();
    assert!(fresh.expires_at > facts.expires_at);
    let proofs = rehearsal
        .probe("110000000000001", fresh.token.expose(), &one_of_each())
        .await;
    for (target, proof) in one_of_each().iter().zip(&proofs) {
        assert!(is_proven(proof), "{target:?} {proof:?}");
    }
}

#[tokio::test]
async fn expired_foreign_and_garbled_tokens_are_distinguished() {
    let rehearsal = Rehearsal::start().await;
    let inspect = async |text: &str| rehearsal.client.inspect_token(&app(), &token(text)).await;
    let ours = rehearsal.login(json!({"person": OLD})).await;
    let login = json!({"person": OLD, "app": "400100200300499"});
    let foreign = rehearsal.post_control("tokens", &login).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(matches!(
        inspect(&foreign).await,
        Err(InspectError::ForeignApp)
    ));
    assert!(matches!(
        inspect("EAABgarbled").await,
        Err(InspectError::Undecipherable)
    ));
    rehearsal.advance(61);
    let dead = inspect(&ours).await.unwrap_err();
    assert!(matches!(dead, InspectError::Dead { .. }), "{dead:?}");
    assert_eq!(dead.facts().unwrap().person_id.as_str(), OLD);
    let proofs = rehearsal.probe(OLD, &ours, &one_of_each()).await;
    assert!(
        proofs
            .iter()
            .all(|it| refusal(it).kind == RefusalKind::TokenDead)
    );
    assert!(!rehearsal.client.is_app_tripped(&app().id));
}

#[tokio::test]
async fn a_wrong_secret_is_the_apps_fault_and_trips() {
    let rehearsal = Rehearsal::start().await;
    let text = rehearsal.login(json!({"person": OLD})).await;
    let wrong = app_with("00000000000000000000000000000000");
    let proofs = rehearsal
        .client
        .probe_targets(&wrong, &token(&text), &person(OLD), &one_of_each())
        .await;
    assert!(
        proofs
            .iter()
            .all(|it| refusal(it).kind == RefusalKind::AppFault)
    );
    assert!(rehearsal.client.is_app_tripped(&wrong.id));
}

#[tokio::test]
async fn faults_on_single_items_pass() {
    let rehearsal = Rehearsal::start().await;
    let text = rehearsal.login(json!({"person": OLD})).await;
    let once = |effect: Value| json!({"match": {"batch_item": true}, "effect": effect, "times": 3});
    for effect in [
        json!("null_item"),
        json!({"error": {"code": 960}}),
        json!({"error": {"code": 2}}),
    ] {
        rehearsal
            .post_control("faults", &once(effect.clone()))
            .await;
        let proofs = rehearsal.probe(OLD, &text, &one_of_each()).await;
        assert!(proofs.iter().all(is_proven), "{effect}: {proofs:?}");
    }
    rehearsal
        .post_control(
            "faults",
            &json!({"match": {"path": "batch"}, "effect": "drop", "times": 1}),
        )
        .await;
    assert!(
        rehearsal
            .probe(OLD, &text, &one_of_each())
            .await
            .iter()
            .all(is_proven)
    );
}

#[tokio::test]
async fn a_throttle_of_a_person_says_when_to_retry() {
    let rehearsal = Rehearsal::start().await;
    let text = rehearsal.login(json!({"person": OLD})).await;
    let rule =
        json!({"match": {"batch_item": true}, "effect": {"throttle": {"code": 17}}, "times": 50});
    rehearsal.post_control("faults", &rule).await;
    for proof in rehearsal.probe(OLD, &text, &one_of_each()).await {
        assert!(
            matches!(refusal(&proof).kind, RefusalKind::Throttled { .. }),
            "{proof:?}"
        );
    }
}

#[tokio::test]
async fn tokens_of_several_persons_and_pages_are_probed_in_one_batch() {
    let rehearsal = Rehearsal::start().await;
    let (old, new) = (
        rehearsal.login(json!({"person": OLD})).await,
        rehearsal.login(json!({"person": NEW})).await,
    );
    let targets = one_of_each();
    let proofs = rehearsal.probe(OLD, &old, &targets[..1]).await;
    let [ProbeResult::Works(proven)] = proofs.as_slice() else {
        panic!("{proofs:?}")
    };
    let page_token = proven.page_token.as_ref().unwrap();
    let (old, new, who) = (token(&old), token(&new), person(OLD));
    let probe = |target, token, kind| Probe {
        target,
        token,
        kind,
        person: Some(&who),
    };
    let probes = [
        probe(&targets[0], page_token, CredentialKind::Page),
        probe(&targets[1], &old, CredentialKind::User),
        probe(&targets[1], &new, CredentialKind::User),
    ];
    let app = app();
    let chunks: Vec<_> = rehearsal
        .client
        .probe_each_token(&app, &probes)
        .collect()
        .await;
    let [chunk] = chunks.as_slice() else {
        panic!("{chunks:?}")
    };
    let (indices, proofs) = (&chunk.indices, &chunk.results);
    assert_eq!(*indices, [0, 1, 2]);
    assert!(proofs[..2].iter().all(is_proven), "{proofs:?}");
    assert_eq!(refusal(&proofs[2]).kind, RefusalKind::NotReached);
}
