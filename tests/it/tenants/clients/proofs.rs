//! Request proofs: a client whose calls must be proved with its secret.

use std::time::Duration;

use regrant_crypto::ProofKey;
use regrant_domain::ClientSecret;
use regrant_testdb::TestDatabase;
use regrant_vault::{ClientChange, ClientSpec, Conflict, Error};
use reqwest::Method;

use super::{BY, World, everything, id, problem, status};
use crate::harness::{Tenant, on_both};

on_both!(
    a_request_proof_counts_once,
    either_of_two_secrets_proves_a_call,
    proofs_cannot_be_required_of_a_client_without_a_proof_key,
);

fn key(secret: &str) -> ProofKey {
    ProofKey::from_secret(&ClientSecret::parse(secret.to_owned()).expect("a secret"))
}

fn nonce() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

async fn with_proof(client: &Tenant, proof: Option<String>) -> (u16, String) {
    let mut call = client.call(Method::GET, "/v1/assets");
    if let Some(proof) = proof {
        call = call.header("X-Regrant-Proof", proof);
    }
    problem(call.send().await.expect("an answer")).await
}

async fn a_request_proof_counts_once(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world
        .client(ClientSpec {
            proof_required: true,
            ..everything("backend")
        })
        .await;
    let (mine, token) = (key(&client.client_secret), client.bearer.as_str());
    let now = world.harness.clock.now().timestamp();
    let proof = |key: &ProofKey, token: &str, at: i64| {
        key.prove_request(token, at, &nonce())
            .map(|it| it.to_string())
    };
    let good = proof(&mine, token, now);
    assert_eq!(with_proof(&client, good.clone()).await.0, 200);
    let spoiled = good.as_ref().map(|it| format!("{}0", &it[..it.len() - 1]));
    let other = world.first.client_secret.as_str();
    for (why, refused) in [
        ("replayed", good),
        ("missing", None),
        ("malformed", Some("x".to_owned())),
        ("stale", proof(&mine, token, now - 310)),
        ("early", proof(&mine, token, now + 310)),
        ("another key", proof(&key(other), token, now)),
        (
            "the secret itself as key",
            proof(&key("regrant/proof/v1"), token, now),
        ),
        ("another token", proof(&mine, &world.first.bearer, now)),
        (
            "spoiled",
            spoiled.map(|it| it.replace(&now.to_string(), &(now + 1).to_string())),
        ),
    ] {
        assert_eq!(
            with_proof(&client, refused).await,
            (401, "/problems/proof_required".to_owned()),
            "{why}"
        );
    }
    for near in [now - 290, now + 290] {
        assert_eq!(with_proof(&client, proof(&mine, token, near)).await.0, 200);
    }
    // Of many concurrent calls with one proof, one passes.
    let same = proof(&mine, token, now);
    let calls = (0..12).map(|_| with_proof(&client, same.clone()));
    let statuses: Vec<_> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(
        statuses.iter().filter(|it| **it == 200).count(),
        1,
        "{statuses:?}"
    );
    // After five minutes the proof is purged; it is refused as stale.
    world.advance(chrono::Duration::minutes(12));
    world
        .harness
        .vault
        .purge_expired()
        .await
        .expect("the purge");
    assert_eq!(with_proof(&client, same).await.0, 401);
    let client = client.log_in_again().await;
    let now = world.harness.clock.now().timestamp();
    assert_eq!(
        with_proof(&client, proof(&mine, &client.bearer, now))
            .await
            .0,
        200
    );
    // Two proof headers are refused.
    let two = client.call(Method::GET, "/v1/assets");
    let two = [
        proof(&mine, &client.bearer, now),
        proof(&mine, &client.bearer, now),
    ]
    .into_iter()
    .flatten()
    .fold(two, |call, it| call.header("X-Regrant-Proof", it));
    assert_eq!(problem(two.send().await.expect("an answer")).await.0, 401);
}

async fn either_of_two_secrets_proves_a_call(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world
        .client(ClientSpec {
            proof_required: true,
            ..everything("backend")
        })
        .await;
    let made = world.reset(&client, Some(Duration::from_mins(10))).await;
    let newer = made
        .secret
        .expect("a first call returns the secret")
        .expose()
        .to_owned();
    let proved = async |secret: &str| {
        let now = world.harness.clock.now().timestamp();
        let proof = key(secret)
            .prove_request(&client.bearer, now, &nonce())
            .map(|it| it.to_string());
        with_proof(&client, proof).await.0
    };
    assert_eq!(
        (proved(&client.client_secret).await, proved(&newer).await),
        (200, 200)
    );
    world.advance(chrono::Duration::minutes(11));
    assert_eq!(
        (proved(&client.client_secret).await, proved(&newer).await),
        (401, 200)
    );
}

async fn proofs_cannot_be_required_of_a_client_without_a_proof_key(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    world
        .harness
        .database
        .run_as_superuser("UPDATE clients SET proof_key_sealed = NULL")
        .await;
    let row = format!("clients/{}", id(&client).uuid());
    world.harness.accept_row(world.tenant, &row).await;
    let demand = async || {
        let change = ClientChange {
            proof_required: Some(true),
            ..ClientChange::default()
        };
        world
            .harness
            .vault
            .change_client(BY, world.tenant, id(&client), change)
            .await
    };
    let refused = demand().await;
    assert!(
        matches!(refused, Err(Error::Conflict(Conflict::NoProofKey))),
        "{refused:?}"
    );
    assert_eq!(status(&client).await, 200, "nothing was changed");
    world.reset(&client, Some(Duration::from_mins(10))).await;
    assert!(demand().await.expect("it has a key now").proof_required);
    let answer = client
        .call(Method::GET, "/v1/assets")
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        problem(answer).await,
        (401, "/problems/proof_required".to_owned())
    );
}
