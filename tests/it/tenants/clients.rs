//! Clients of tenants: how they get rights, and how the rights are narrowed and end.

mod limits;
mod secrets;

use std::{collections::BTreeMap, time::Duration};

use regrant_domain::{ClientId, Permissions, TenantId};
use regrant_testdb::TestDatabase;
use regrant_vault::{
    Actor, AuditQuery, ClientChange, ClientSpec, ClientWithSecret, Conflict, Error, IdempotencyKey,
    RepeatableRequest, ReplayNote,
};
use reqwest::Response;
use serde_json::Value;

use crate::harness::{Fleet, Harness, Tenant, on_both};

const BY: Actor = Actor::CommandLine;

on_both!(a_repeated_operator_call_acts_once,);

struct World {
    harness: Harness,
    tenant: TenantId,
    first: Tenant,
}

impl World {
    async fn on(database: TestDatabase) -> Self {
        let harness = Harness::start(database, &Fleet::new(1, 0, 0).world()).await;
        let first = harness.tenant("One").await;
        Self {
            tenant: first.id.parse().expect("a tenant's id"),
            first,
            harness,
        }
    }

    async fn client(&self, spec: ClientSpec) -> Tenant {
        let made = self
            .harness
            .vault
            .create_client(BY, self.tenant, spec, None)
            .await
            .expect("a client");
        Tenant::of_client(&self.harness.api, made).await
    }

    async fn change(&self, client: &Tenant, change: ClientChange) {
        self.harness
            .vault
            .change_client(BY, self.tenant, id(client), change)
            .await
            .expect("it is changed");
    }

    async fn reset(&self, client: &Tenant, overlap: Option<Duration>) -> ClientWithSecret {
        let reset =
            self.harness
                .vault
                .reset_client_secret(BY, self.tenant, id(client), overlap, None);
        reset.await.expect("another secret")
    }

    /// The status of a token request.
    async fn log_in(&self, client: &Tenant, secret: &str) -> u16 {
        let call = crate::harness::http().post(format!("{}/oauth/token", self.harness.api));
        let call = call.basic_auth(&client.client_id, Some(secret));
        let form = call.form(&[("grant_type", "client_credentials")]);
        form.send().await.expect("an answer").status().as_u16()
    }

    fn advance(&self, by: chrono::Duration) {
        self.harness.clock.advance_by(by);
    }
}

fn id(client: &Tenant) -> ClientId {
    client.client_id.parse().expect("a client's id")
}

fn everything(name: &str) -> ClientSpec {
    ClientSpec::with_scopes(name, Permissions::all())
}

async fn status(client: &Tenant) -> u16 {
    client.status("/v1/assets").await
}

async fn problem(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.expect("json");
    (status, body["type"].as_str().unwrap_or_default().to_owned())
}

fn repeatable(key: &str, said: &str) -> RepeatableRequest {
    let key = IdempotencyKey::parse(key).expect("a key");
    RepeatableRequest {
        key,
        route: "POST /test",
        canonical_request: said.as_bytes().to_vec().into(),
        replay: ReplayNote::default(),
    }
}

async fn a_repeated_operator_call_acts_once(database: TestDatabase) {
    let world = World::on(database).await;
    let vault = &world.harness.vault;
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
    assert_eq!(
        vault
            .list_clients(world.tenant)
            .await
            .expect("a list")
            .len(),
        2
    );
    assert_eq!(vault.list_signing_keys().await.expect("a list").len(), 2);
    let events = vault
        .read_export_step_of(world.tenant, AuditQuery::default())
        .await
        .expect("the audit")
        .data;
    let mut acts = BTreeMap::new();
    for row in events.iter().filter(|it| it.action.starts_with("client.")) {
        *acts.entry(row.action.as_str()).or_insert(0) += 1;
    }
    let once = [
        ("client.created", 1),
        ("client.secret_reset", 1),
        ("client.tokens_revoked", 1),
    ];
    assert_eq!(acts, once.into());
}
