//! Client secrets: reset, overlap, revoked tokens.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use regrant_vault::{Conflict, Error};
use reqwest::Method;
use serde_json::json;

use super::{BY, World, everything, id, problem, status};
use crate::harness::{Tenant, on_both, problem_code};

on_both!(
    revoked_tokens_are_refused_from_the_next_call_on,
    an_older_secret_works_until_its_overlap_ends,
    a_reset_without_overlap_ends_the_secret_and_its_tokens,
    a_second_reset_in_an_overlap_ends_no_secret_that_is_in_use,
);

async fn revoked_tokens_are_refused_from_the_next_call_on(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    assert_eq!(status(&client).await, 200);
    world
        .harness
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

async fn an_older_secret_works_until_its_overlap_ends(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    let made = world.reset(&client, Some(Duration::from_hours(1))).await;
    let newer = made
        .secret
        .expect("a first call returns the secret")
        .expose()
        .to_owned();
    assert!(made.client.older_secret_until.is_some());
    assert_eq!(status(&client).await, 200, "its access tokens stay valid");
    for secret in [&client.client_secret, &newer] {
        assert_eq!(world.log_in(&client, secret).await, 200);
    }
    world.advance(chrono::Duration::minutes(61));
    assert_eq!(world.log_in(&client, &client.client_secret).await, 401);
    assert_eq!(world.log_in(&client, &newer).await, 200);
    let too_long = Some(Duration::from_hours(24 * 30 + 1));
    let refused = world
        .harness
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
    let newest = Tenant::of_client(&world.harness.api, made).await;
    assert_eq!(status(&newest).await, 200);
}

async fn a_second_reset_in_an_overlap_ends_no_secret_that_is_in_use(database: TestDatabase) {
    let world = World::on(database).await;
    let client = world.client(everything("backend")).await;
    let hour = Some(Duration::from_hours(1));
    let made = world.reset(&client, hour).await;
    let until = made.client.older_secret_until.expect("an overlap");
    let again = || {
        let vault = &world.harness.vault;
        vault.reset_client_secret(BY, world.tenant, id(&client), hour, None)
    };
    let refused = again().await.map(drop);
    assert!(
        matches!(refused, Err(Error::Conflict(Conflict::SecretOverlapOpen(open))) if open == until),
        "{refused:?}"
    );
    let owner = world.harness.owner().await;
    let path = format!("/tenants/{}/clients/{}/secret", world.tenant, id(&client));
    let (status, refused) = owner.post(&path, &json!({ "overlap_hours": 1 })).await;
    assert_eq!(
        (status, problem_code(&refused)),
        (409, "secret_overlap_open")
    );
    assert_eq!(world.log_in(&client, &client.client_secret).await, 200);
    world.advance(chrono::Duration::minutes(61));
    again().await.expect("the overlap is over");
    let made = world.reset(&client, None).await;
    assert_eq!(made.client.older_secret_until, None);
}
