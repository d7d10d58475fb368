//! What ends or limits a client: disabling, expiry, networks, unused scopes, the number of clients.

use std::{net::IpAddr, time::Duration};

use regrant_domain::{ClientSecret, Permission, Permissions, TenantId};
use regrant_testdb::TestDatabase;
use regrant_vault::{
    AuditQuery, ClientChange, ClientLogIn, ClientSpec, Conflict, Error, RequestCredentials,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{BY, World, everything, id, problem, status};
use crate::harness::on_both;

on_both!(
    a_disabled_client_is_refused_and_its_old_tokens_stay_revoked,
    a_client_ends_at_its_expiry,
    a_client_may_call_only_from_its_networks,
    a_tenant_has_fifty_clients_at_most,
    unused_scopes_are_removed,
    scopes_that_cannot_be_used_are_kept,
);

async fn a_disabled_client_is_refused_and_its_old_tokens_stay_revoked(database: TestDatabase) {
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
        .harness
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
    let gone = world
        .harness
        .vault
        .find_client(world.tenant, id(&client))
        .await;
    assert!(
        matches!(gone, Err(Error::NotFound(regrant_vault::Resource::Client))),
        "{gone:?}"
    );
}

async fn a_client_ends_at_its_expiry(database: TestDatabase) {
    let world = World::on(database).await;
    let end = world.harness.clock.now() + chrono::Duration::minutes(10);
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
        .harness
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

async fn a_client_may_call_only_from_its_networks(database: TestDatabase) {
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
    // At the token route a wrong network looks like a wrong secret.
    assert_eq!(world.log_in(&client, &client.client_secret).await, 401);
    let vault = &world.harness.vault;
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
            .authenticate_request(RequestCredentials {
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
            .authenticate_client(ClientLogIn {
                client: Some(id(&client)),
                secret: &secret,
                address,
            })
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
    assert_eq!(
        status(&client).await,
        403,
        "an empty list admits no address"
    );
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

async fn a_tenant_has_fifty_clients_at_most(database: TestDatabase) {
    let world = World::on(database).await;
    let vault = &world.harness.vault;
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
    let refused_unknown = vault
        .create_client(BY, TenantId::mint(), everything("lost"), None)
        .await;
    assert!(
        matches!(
            refused_unknown,
            Err(Error::NotFound(regrant_vault::Resource::Tenant))
        ),
        "{refused_unknown:?}"
    );
}

async fn unused_scopes_are_removed(database: TestDatabase) {
    let world = World::on(database).await;
    let vault = &world.harness.vault;
    let client = world.client(everything("backend")).await;
    let keeps = world
        .client(ClientSpec {
            keep_unused_scopes: true,
            ..everything("unused")
        })
        .await;
    world.advance(chrono::Duration::days(29));
    assert_eq!(vault.drop_unused_scopes().await.expect("a pass"), 0);
    assert_eq!(status(&client.log_in_again().await).await, 200);
    let used = async || {
        let view = vault
            .find_client(world.tenant, id(&client))
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
            .find_client(world.tenant, id(&keeps))
            .await
            .expect("it")
            .scopes,
        Permissions::all()
    );
    assert_eq!(vault.drop_unused_scopes().await.expect("a pass"), 0);
    let query = AuditQuery {
        actions: vec!["client.scopes_removed".to_owned()],
        ..AuditQuery::default()
    };
    let events = vault
        .read_export_step_of(world.tenant, query)
        .await
        .expect("the audit")
        .data;
    let removed = events
        .iter()
        .find(|it| it.subject == client.client_id)
        .expect("the audit holds the removal");
    let detail: Value = serde_json::from_str(&removed.detail).expect("json");
    assert_eq!(
        (removed.actor.as_str(), &detail["left"]),
        ("vault", &json!("assets:read"))
    );
    // A scope that is granted again counts from that day; the others count from their last use.
    let change = ClientChange {
        scopes: Some(Permissions::all()),
        ..ClientChange::default()
    };
    world.change(&client, change).await;
    world.advance(chrono::Duration::days(29));
    vault.drop_unused_scopes().await.expect("a pass");
    assert_eq!(used().await.0, Permissions::all().difference_from(read));
    world.advance(chrono::Duration::days(3));
    vault.drop_unused_scopes().await.expect("a pass");
    assert_eq!(used().await.0, Permissions::default());
}

/// Neither while the tenant is suspended or the client disabled, nor right after it.
async fn scopes_that_cannot_be_used_are_kept(database: TestDatabase) {
    let world = World::on(database).await;
    let vault = &world.harness.vault;
    let client = world.client(everything("backend")).await;
    let dropped = async || vault.drop_unused_scopes().await.expect("a pass");
    let disabled = |it| ClientChange {
        disabled: Some(it),
        ..ClientChange::default()
    };
    world.change(&client, disabled(true)).await;
    world.advance(chrono::Duration::days(40));
    let of_the_first = dropped().await;
    assert!(of_the_first > 0, "another client, which was not disabled");
    world.change(&client, disabled(false)).await;
    assert_eq!(dropped().await, 0);
    let suspended = vault.suspend_tenant(BY, world.tenant, None).await;
    suspended.expect("it is suspended");
    world.advance(chrono::Duration::days(40));
    assert_eq!(dropped().await, 0);
    let resumed = vault.resume_tenant(BY, world.tenant, None).await;
    resumed.expect("it is active");
    assert_eq!(dropped().await, 0);
    let view = vault.find_client(world.tenant, id(&client)).await;
    assert_eq!(view.expect("the client").scopes, Permissions::all());
}
