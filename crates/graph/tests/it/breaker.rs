//! The circuit breaker: many deaths at once are the app's fault if `debug_token` calls one of the tokens valid.

use chrono::TimeDelta;
use futures_util::StreamExt;
use regrant_domain::{Clock, CredentialKind, RefusalKind};
use regrant_graph::{Client, DeathVerdict, Probe, Settings, TripCause};
use serde_json::{Value, json};

use crate::{
    bench::{APP_ID, TOKEN, app, businesses, client, person, refusal, settings, token},
    stub::{Reply, Stub, item},
};

/// A stub that refuses every person's token as dead; `debug_token` calls it valid or not.
async fn stub_with_deaths(valid: bool) -> Stub {
    Stub::start(move |_, call| {
        let error = json!({"code": 190, "error_subcode": 463, "message": "expired"});
        if !call.line.starts_with("GET") {
            return Reply::error(400, &error);
        }
        let mut data = json!({"app_id": APP_ID, "type": "USER", "user_id": "1", "is_valid": valid});
        if !valid {
            data["error"] = json!({"code": 190, "subcode": 463, "message": "expired"});
        }
        Reply::json(&json!({ "data": data }))
    })
    .await
}

/// A client that trips at three deaths, with a stopped clock.
fn client_tripping_at_three(stub: &Stub) -> (Client, Clock) {
    let clock = Clock::fixed_at(Clock::system_time());
    let settings = Settings {
        deaths_to_trip: 3,
        ..settings(&stub.url)
    };
    (Client::new(settings, clock.clone()).unwrap(), clock)
}

async fn die(client: &Client, id: &str) -> RefusalKind {
    let proofs = client
        .probe_targets(&app(), &token(TOKEN), &person(id), &businesses(2))
        .await;
    refusal(&proofs[0]).kind.clone()
}

#[tokio::test]
async fn many_deaths_at_once_are_the_apps_fault() {
    let stub = stub_with_deaths(true).await;
    let (client, clock) = client_tripping_at_three(&stub);
    assert_eq!(die(&client, "1").await, RefusalKind::TokenDead);
    assert_eq!(die(&client, "2").await, RefusalKind::TokenDead);
    assert_eq!(die(&client, "3").await, RefusalKind::AppFault);
    assert!(client.is_app_tripped(&app().id));
    assert_eq!(die(&client, "4").await, RefusalKind::AppFault);
    assert_eq!(stub.calls().len(), 4, "three probes and one question");
    let since = client.suspected_apps()[0].since;
    for _ in 0..3 {
        clock.advance_by(TimeDelta::minutes(5));
        assert!(!client.is_app_tripped(&app().id));
        assert_eq!(
            die(&client, "4").await,
            RefusalKind::AppFault,
            "the tokens are valid: the suspicion stays"
        );
    }
    let [at_rest] = client.suspected_apps().try_into().unwrap();
    assert_eq!((at_rest.cause, at_rest.since), (TripCause::Deaths, since));
}

#[tokio::test]
async fn real_deaths_of_any_number_suspend_nothing() {
    let stub = stub_with_deaths(false).await;
    let (client, _) = client_tripping_at_three(&stub);
    for id in 1..=12 {
        assert_eq!(
            die(&client, &id.to_string()).await,
            RefusalKind::TokenDead,
            "{id}"
        );
    }
    assert!(client.suspected_apps().is_empty());
    let asked = stub.calls().len() - 12;
    assert_eq!(asked, 10, "one question for each death from the third on");
}

#[tokio::test]
async fn deaths_after_a_suspicion_are_reported_once_one_is_confirmed() {
    let is_valid = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let valid = is_valid.clone();
    let stub = Stub::start(move |_, call| {
        let error = json!({"code": 190, "error_subcode": 463, "message": "expired"});
        if !call.line.starts_with("GET") {
            return Reply::error(400, &error);
        }
        let valid = valid.load(std::sync::atomic::Ordering::Relaxed);
        let mut data = json!({"app_id": APP_ID, "type": "USER", "user_id": "1", "is_valid": valid});
        if !valid {
            data["error"] = json!({"code": 190, "subcode": 463, "message": "expired"});
        }
        Reply::json(&json!({ "data": data }))
    })
    .await;
    let (client, clock) = client_tripping_at_three(&stub);
    for id in ["1", "2", "3"] {
        die(&client, id).await;
    }
    assert!(client.is_app_tripped(&app().id));
    is_valid.store(false, std::sync::atomic::Ordering::Relaxed);
    clock.advance_by(TimeDelta::minutes(5));
    assert_eq!(die(&client, "4").await, RefusalKind::AppFault);
    assert!(client.suspected_apps().is_empty());
    for id in ["1", "2", "3", "4", "5"] {
        assert_eq!(die(&client, id).await, RefusalKind::TokenDead);
    }
}

#[tokio::test]
async fn deaths_that_graph_gives_no_answer_about_suspend_nothing() {
    let stub = Stub::start(|_, call| {
        if call.line.starts_with("GET") {
            return Reply {
                status: 503,
                body: "<html>".to_owned(),
                ..Reply::default()
            };
        }
        let error = json!({"code": 190, "error_subcode": 460, "message": "changed"});
        Reply::error(400, &error)
    })
    .await;
    let (client, _) = client_tripping_at_three(&stub);
    for id in ["1", "2", "3", "4"] {
        assert_eq!(die(&client, id).await, RefusalKind::TokenDead);
    }
    assert!(client.suspected_apps().is_empty());
}

#[tokio::test]
async fn deaths_in_one_call_are_judged_together() {
    let stub = Stub::start(|_, call| {
        if call.line.starts_with("GET") {
            return Reply::json(&json!({"data": {"app_id": APP_ID, "is_valid": true}}));
        }
        let dead = json!({"error": {"code": 190, "error_subcode": 460, "message": "changed"}});
        Reply::json(&call.ids().iter().map(|_| item(400, &dead)).collect())
    })
    .await;
    let (client, _) = client_tripping_at_three(&stub);
    let (targets, app) = (businesses(4), app());
    let tokens: Vec<_> = (0..4).map(|it| token(&format!("{TOKEN}{it}"))).collect();
    let persons: Vec<_> = (0..4).map(|it| person(&it.to_string())).collect();
    let probe = |number: usize| Probe {
        target: &targets[number],
        token: &tokens[number],
        kind: CredentialKind::User,
        person: Some(&persons[number]),
    };
    let probes: Vec<_> = (0..4).map(probe).collect();
    let chunks: Vec<_> = client.probe_each_token(&app, &probes).collect().await;
    assert!(
        chunks[0]
            .results
            .iter()
            .all(|it| refusal(it).kind == RefusalKind::AppFault)
    );
}

#[tokio::test]
async fn debug_token_confirms_or_denies_a_death_or_fails() {
    let ask = async |stub: &Stub| client(&stub.url).confirm_death(&app(), &token(TOKEN)).await;
    assert_eq!(
        ask(&stub_with_deaths(true).await).await,
        Ok(DeathVerdict::Denied)
    );
    let reason = "expired (code 190, subcode 463)".to_owned();
    assert_eq!(
        ask(&stub_with_deaths(false).await).await,
        Ok(DeathVerdict::Confirmed { reason })
    );
    let checkpoint = json!({"code": 190, "subcode": 459, "message": "checkpoint"});
    let unknown = json!({"code": 190, "subcode": 4711, "message": "brand new"});
    let stub_with_data =
        |data: Value| Stub::start(move |_, _| Reply::json(&json!({ "data": data })));
    for (data, kind) in [
        (
            json!({"app_id": APP_ID, "is_valid": false, "error": checkpoint}),
            RefusalKind::Checkpoint,
        ),
        (
            json!({"app_id": APP_ID, "is_valid": false}),
            RefusalKind::TokenRefused,
        ),
        (
            json!({"app_id": APP_ID, "is_valid": false, "error": unknown}),
            RefusalKind::TokenRefused,
        ),
        (json!({}), RefusalKind::Unclassified),
        (
            json!({"app_id": "999", "is_valid": true}),
            RefusalKind::Unclassified,
        ),
    ] {
        assert_eq!(
            ask(&stub_with_data(data.clone()).await)
                .await
                .unwrap_err()
                .kind,
            kind,
            "{data}"
        );
    }
    let down = Stub::start(|_, _| Reply {
        status: 503,
        body: "<html>".to_owned(),
        ..Reply::default()
    })
    .await;
    assert_eq!(ask(&down).await.unwrap_err().kind, RefusalKind::Unavailable);
    let full = Stub::start(|_, _| Reply::error(400, &json!({"code": 4, "message": "limit"}))).await;
    assert!(matches!(
        ask(&full).await.unwrap_err().kind,
        RefusalKind::Throttled { .. }
    ));
    let fault = Stub::start(|_, _| {
        Reply::error(
            400,
            &json!({"code": 190, "message": "Invalid OAuth access token signature."}),
        )
    })
    .await;
    assert_eq!(ask(&fault).await.unwrap_err().kind, RefusalKind::AppFault);
}
