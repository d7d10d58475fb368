//! Clients of tenants: how their rights begin, are narrowed and end.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use regrant_crypto::ProofKey;
use regrant_domain::{ClientId, ClientSecret, Permission, Permissions, TenantId};
use regrant_testdb::TestDatabase;
use regrant_vault::{
    Acting, AuditQuery, ClientChange, ClientSpec, Conflict, Error, IdempotencyKey, MintedClient,
    Presented, Repeatable,
};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::bench::{Bench, Fleet, Tenant, on_both};

const BY: Acting = Acting::CommandLine;

on_both!(
    revoked_tokens_are_refused_from_the_next_call_on,
    a_disabled_client_is_refused_and_its_old_tokens_stay_so,
    an_older_secret_counts_for_as_long_as_was_asked,
    a_reset_without_overlap_ends_the_secret_and_its_tokens,
    a_clients_time_ends_it,
    a_client_calls_from_its_networks_alone,
    a_call_that_must_be_proved_is_proved_once,
    either_of_two_secrets_proves_a_call,
    proofs_are_demanded_of_nobody_whose_secret_is_older_than_they,
    an_operators_call_that_is_repeated_is_one_act,
    a_tenant_has_fifty_clients_at_most,
    scopes_nobody_uses_are_taken_away,
);

struct World {
    bench: Bench,
    tenant: TenantId,
    first: Tenant,
}

impl World {
    async fn on(database: TestDatabase) -> Self {
        let bench = Bench::start(database, &Fleet::new(1, 0, 0).world()).await;
        let first = bench.tenant("One").await;
        Self {
            tenant: first.id.parse().expect("a tenant's id"),
            first,
            bench,
        }
    }

    async fn client(&self, spec: ClientSpec) -> Tenant {
        let made = self
            .bench
            .vault
            .create_client(BY, self.tenant, spec, None)
            .await
            .expect("a client");
        Tenant::of_client(&self.bench.api, made).await
    }

    async fn change(&self, client: &Tenant, change: ClientChange) {
        self.bench
            .vault
            .change_client(BY, self.tenant, id(client), change)
            .await
            .expect("it is changed");
    }

    async fn reset(&self, client: &Tenant, overlap: Option<Duration>) -> MintedClient {
        let reset =
            self.bench
                .vault
                .reset_client_secret(BY, self.tenant, id(client), overlap, None);
        reset.await.expect("another secret")
    }

    /// The status of asking for a token.
    async fn log_in(&self, client: &Tenant, secret: &str) -> u16 {
        let call = crate::bench::http().post(format!("{}/oauth/token", self.bench.api));
        let call = call.basic_auth(&client.client_id, Some(secret));
        let form = call.form(&[("grant_type", "client_credentials")]);
        form.send().await.expect("an answer").status().as_u16()
    }

    fn advance(&self, by: chrono::Duration) {
        self.bench.clock.advance(by);
    }
}

fn id(client: &Tenant) -> ClientId {
    client.client_id.parse().expect("a client's id")
}

fn everything(name: &str) -> ClientSpec {
    ClientSpec::named(name, Permissions::all())
}

async fn status(client: &Tenant) -> u16 {
    client.status("/v1/assets").await
}

async fn problem(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("json");
    (status, body["type"].as_str().unwrap_or_default().to_owned())
}

async fn revoked_tokens_are_refused_from_the_next_call_on(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    assert_eq!(status(&client).await, 200);
    world
        .bench
        .vault
        .revoke_client_tokens(BY, world.tenant, id(&client), None)
        .await
        .expect("revoked");
    assert_eq!(
        (status(&client).await, status(&world.first).await),
        (401, 200)
    );
    let answer = client
        .call(Method::GET, "/v1/assets")
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        problem(answer).await,
        (401, "/problems/unauthenticated".to_owned())
    );
    assert_eq!(status(&client.log_in_again().await).await, 200);
}

async fn a_disabled_client_is_refused_and_its_old_tokens_stay_so(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    let disabled = |it| ClientChange {
        disabled: Some(it),
        ..ClientChange::default()
    };
    world.change(&client, disabled(true)).await;
    assert_eq!(
        (
            status(&client).await,
            world.log_in(&client, &client.client_secret).await
        ),
        (401, 401)
    );
    world.change(&client, disabled(false)).await;
    assert_eq!(status(&client).await, 401);
    let again = client.log_in_again().await;
    assert_eq!(status(&again).await, 200);
    world
        .bench
        .vault
        .delete_client(BY, world.tenant, id(&client))
        .await
        .expect("it is deleted");
    assert_eq!(
        (
            status(&again).await,
            world.log_in(&client, &client.client_secret).await
        ),
        (401, 401)
    );
    let gone = world.bench.vault.client(world.tenant, id(&client)).await;
    assert!(
        matches!(gone, Err(Error::NotFound(regrant_vault::Resource::Client))),
        "{gone:?}"
    );
}

async fn an_older_secret_counts_for_as_long_as_was_asked(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    let made = world.reset(&client, Some(Duration::from_hours(1))).await;
    let newer = made
        .secret
        .expect("the call repeats none")
        .expose()
        .to_owned();
    assert!(made.client.older_secret_until.is_some());
    assert_eq!(status(&client).await, 200, "its tokens live on");
    for secret in [&client.client_secret, &newer] {
        assert_eq!(world.log_in(&client, secret).await, 200);
    }
    world.advance(chrono::Duration::minutes(61));
    assert_eq!(world.log_in(&client, &client.client_secret).await, 401);
    assert_eq!(world.log_in(&client, &newer).await, 200);
    let too_long = Some(Duration::from_hours(24 * 30 + 1));
    let refused = world
        .bench
        .vault
        .reset_client_secret(BY, world.tenant, id(&client), too_long, None)
        .await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "overlap_hours"));
}

async fn a_reset_without_overlap_ends_the_secret_and_its_tokens(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    world.reset(&client, Some(Duration::from_hours(1))).await;
    let made = world.reset(&client, None).await;
    assert_eq!(made.client.older_secret_until, None);
    assert_eq!(
        (
            status(&client).await,
            world.log_in(&client, &client.client_secret).await
        ),
        (401, 401)
    );
    let newest = Tenant::of_client(&world.bench.api, made).await;
    assert_eq!(status(&newest).await, 200);
}

async fn a_clients_time_ends_it(database: TestDatabase) {
    let world = World::on(database).await;
    let end = world.bench.clock.now() + chrono::Duration::minutes(10);
    let client = world
        .client(ClientSpec {
            expires_at: Some(end),
            ..everything("guest")
        })
        .await;
    assert_eq!(status(&client).await, 200);
    world.advance(chrono::Duration::minutes(11));
    assert_eq!(
        (
            status(&client).await,
            world.log_in(&client, &client.client_secret).await
        ),
        (401, 401)
    );
    let change = ClientChange {
        expires_at: Some(Some(end)),
        ..ClientChange::default()
    };
    let past = world
        .bench
        .vault
        .change_client(BY, world.tenant, id(&client), change)
        .await;
    assert!(matches!(past, Err(Error::Invalid { field, .. }) if field == "expires_at"));
    world
        .change(
            &client,
            ClientChange {
                expires_at: Some(None),
                ..ClientChange::default()
            },
        )
        .await;
    assert_eq!(status(&client).await, 200);
}

async fn a_client_calls_from_its_networks_alone(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    let networks = |all: &[&str]| ClientChange {
        networks: Some(Some(
            all.iter()
                .map(|it| it.parse().expect("a network"))
                .collect(),
        )),
        ..ClientChange::default()
    };
    world
        .change(
            &client,
            networks(&["10.0.0.0/8", "2001:db8::/32", "::ffff:192.0.2.0/120"]),
        )
        .await;
    let answer = client
        .call(Method::GET, "/v1/assets")
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        problem(answer).await,
        (403, "/problems/address_not_allowed".to_owned())
    );
    // Where a secret is exchanged, the wrong place looks like the wrong secret.
    assert_eq!(world.log_in(&client, &client.client_secret).await, 401);
    let vault = &world.bench.vault;
    for (address, admitted) in [
        ("10.1.2.3", true),
        ("::ffff:10.1.2.3", true),
        ("192.0.2.200", true),
        ("::ffff:192.0.2.200", true),
        ("2001:db8:1::1", true),
        ("11.0.0.1", false),
        ("::ffff:11.0.0.1", false),
        ("192.0.3.1", false),
        ("2001:db9::1", false),
        ("::1", false),
        ("0.0.0.0", false),
    ] {
        let address: IpAddr = address.parse().expect("an address");
        let found = vault
            .authenticate(Presented {
                address,
                ..client.presented()
            })
            .await;
        assert_eq!(found.is_ok(), admitted, "{address}");
        assert!(
            matches!(found, Ok(_) | Err(Error::AddressNotAllowed)),
            "{address}"
        );
        let secret = ClientSecret::parse(client.client_secret.clone()).expect("a secret");
        let issued = vault
            .issue_token(Some(id(&client)), &secret, None, address)
            .await;
        assert!(
            matches!(
                issued.as_ref().map(drop),
                Ok(()) | Err(Error::Unauthenticated)
            ),
            "{address}"
        );
        assert_eq!(issued.is_ok(), admitted, "{address}");
    }
    world.change(&client, networks(&["127.0.0.0/8"])).await;
    assert_eq!(status(&client).await, 200);
    world.change(&client, networks(&[])).await;
    assert_eq!(status(&client).await, 403, "from nowhere at all");
    world
        .change(
            &client,
            ClientChange {
                networks: Some(None),
                ..ClientChange::default()
            },
        )
        .await;
    assert_eq!(status(&client).await, 200);
    let many = vec!["10.0.0.0/8"; 51];
    let refused = vault
        .change_client(BY, world.tenant, id(&client), networks(&many))
        .await;
    assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "networks"));
}

fn key(secret: &str) -> ProofKey {
    ProofKey::of(&ClientSecret::parse(secret.to_owned()).expect("a secret"))
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

async fn a_call_that_must_be_proved_is_proved_once(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world
        .client(ClientSpec {
            proof_required: true,
            ..everything("backend")
        })
        .await;
    let (mine, token) = (key(&client.client_secret), client.bearer.as_str());
    let now = world.bench.clock.now().timestamp();
    let proof = |key: &ProofKey, token: &str, at: i64| {
        key.prove(token, at, &nonce()).map(|it| it.to_string())
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
    // Of many at once one counts.
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
    // Past five minutes it is forgotten, and stale all the same.
    world.advance(chrono::Duration::minutes(12));
    world.bench.vault.purge().await.expect("the purge");
    assert_eq!(with_proof(&client, same).await.0, 401);
    let client = client.log_in_again().await;
    let now = world.bench.clock.now().timestamp();
    assert_eq!(
        with_proof(&client, proof(&mine, &client.bearer, now))
            .await
            .0,
        200
    );
    // Two headers are none.
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
        .expect("the call repeats none")
        .expose()
        .to_owned();
    let proved = async |secret: &str| {
        let now = world.bench.clock.now().timestamp();
        let proof = key(secret)
            .prove(&client.bearer, now, &nonce())
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

async fn proofs_are_demanded_of_nobody_whose_secret_is_older_than_they(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    world
        .bench
        .database
        .intrude("UPDATE clients SET proof_key_sealed = NULL")
        .await;
    let demand = async || {
        let change = ClientChange {
            proof_required: Some(true),
            ..ClientChange::default()
        };
        world
            .bench
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

fn repeatable(key: &str, said: &str) -> Repeatable {
    let key = IdempotencyKey::parse(key).expect("a key");
    Repeatable {
        key,
        route: "POST /test",
        said: said.as_bytes().to_vec().into(),
    }
}

async fn an_operators_call_that_is_repeated_is_one_act(database: TestDatabase) {
    let world = World::on(database).await;
    let vault = &world.bench.vault;
    let make = async |key: &str, said: &str| {
        vault
            .create_client(
                BY,
                world.tenant,
                everything("backend"),
                Some(repeatable(key, said)),
            )
            .await
    };
    let first = make("one", "body").await.expect("a client");
    let again = make("one", "body").await.expect("the same client");
    assert_eq!(
        (first.secret.is_some(), again.secret.is_some()),
        (true, false)
    );
    assert_eq!(again.client, first.client);
    assert!(matches!(
        make("one", "other").await,
        Err(Error::Conflict(Conflict::OtherBody))
    ));
    let id = first.client.id;
    let reset = async || {
        vault
            .reset_client_secret(BY, world.tenant, id, None, Some(repeatable("two", "")))
            .await
    };
    let shown = [reset().await, reset().await].map(|it| it.expect("the client").secret.is_some());
    assert_eq!(shown, [true, false]);
    for _ in 0..2 {
        vault
            .revoke_client_tokens(BY, world.tenant, id, Some(repeatable("three", "")))
            .await
            .expect("revoked");
        vault
            .rotate_signing_keys(BY, false, Some(repeatable("four", "")))
            .await
            .expect("rotated");
    }
    assert_eq!(vault.clients(world.tenant).await.expect("a list").len(), 2);
    assert_eq!(vault.signing_keys().await.expect("a list").len(), 2);
    let told = vault
        .export_audit_of(world.tenant, AuditQuery::default())
        .await
        .expect("the audit")
        .data;
    let mut acts = BTreeMap::new();
    for row in told.iter().filter(|it| it.action.starts_with("client.")) {
        *acts.entry(row.action.as_str()).or_insert(0) += 1;
    }
    let once = [
        ("client.created", 1),
        ("client.secret_reset", 1),
        ("client.tokens_revoked", 1),
    ];
    assert_eq!(acts, once.into());
}

async fn a_tenant_has_fifty_clients_at_most(database: TestDatabase) {
    let world = World::on(database).await;
    let vault = &world.bench.vault;
    for n in 1..50 {
        let made = vault
            .create_client(BY, world.tenant, everything(&format!("client {n}")), None)
            .await;
        made.expect("there is room");
    }
    let more = vault
        .create_client(BY, world.tenant, everything("more"), None)
        .await;
    assert!(
        matches!(more, Err(Error::Conflict(Conflict::ClientLimit(50)))),
        "{more:?}"
    );
    let nobody = vault
        .create_client(BY, TenantId::mint(), everything("lost"), None)
        .await;
    assert!(
        matches!(
            nobody,
            Err(Error::NotFound(regrant_vault::Resource::Tenant))
        ),
        "{nobody:?}"
    );
}

async fn scopes_nobody_uses_are_taken_away(database: TestDatabase) {
    let world = World::on(database).await;
    let vault = &world.bench.vault;
    let client = world.client(everything("backend")).await;
    let keeps = world
        .client(ClientSpec {
            keep_unused_scopes: true,
            ..everything("spare")
        })
        .await;
    world.advance(chrono::Duration::days(29));
    assert_eq!(vault.drop_unused_scopes().await.expect("a pass"), 0);
    assert_eq!(status(&client.log_in_again().await).await, 200);
    let used = async || {
        let view = vault
            .client(world.tenant, id(&client))
            .await
            .expect("the client");
        let used = view
            .scopes_used
            .iter()
            .filter(|(_, at)| at.is_some())
            .map(|(scope, _)| *scope);
        (
            view.scopes,
            used.collect::<Permissions>(),
            view.last_used_at.is_some(),
        )
    };
    let read: Permissions = [Permission::AssetsRead].into_iter().collect();
    for _ in 0..200 {
        if used().await.1 == read {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(used().await, (Permissions::all(), read, true));
    world.advance(chrono::Duration::days(2));
    assert!(vault.drop_unused_scopes().await.expect("a pass") > 0);
    assert_eq!(used().await.0, read);
    assert_eq!(
        vault
            .client(world.tenant, id(&keeps))
            .await
            .expect("it")
            .scopes,
        Permissions::all()
    );
    assert_eq!(vault.drop_unused_scopes().await.expect("a pass"), 0);
    let query = AuditQuery {
        action: Some("client.scopes_removed".to_owned()),
        ..AuditQuery::default()
    };
    let told = vault
        .export_audit_of(world.tenant, query)
        .await
        .expect("the audit")
        .data;
    let told = told
        .iter()
        .find(|it| it.subject == client.client_id)
        .expect("it is told");
    let detail: Value = serde_json::from_str(&told.detail).expect("json");
    assert_eq!(
        (told.actor.as_str(), &detail["left"]),
        ("vault", &json!("assets:read"))
    );
    // What is granted again is granted from then on; what was held goes by its last use.
    let change = ClientChange {
        scopes: Some(Permissions::all()),
        ..ClientChange::default()
    };
    world.change(&client, change).await;
    world.advance(chrono::Duration::days(29));
    vault.drop_unused_scopes().await.expect("a pass");
    assert_eq!(used().await.0, Permissions::all().without(read));
    world.advance(chrono::Duration::days(3));
    vault.drop_unused_scopes().await.expect("a pass");
    assert_eq!(used().await.0, Permissions::default());
}
