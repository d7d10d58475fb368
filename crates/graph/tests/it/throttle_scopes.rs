//! What a throttle rests where Graph names a person or another object, and for how long.

use chrono::TimeDelta;
use futures_util::StreamExt;
use regrant_domain::{AuthorizationCode, Clock, CredentialKind, RefusalKind};
use regrant_graph::{CodeExchangeError, Probe};
use serde_json::{Value, json};

use crate::{
    bench::{TOKEN, app, businesses, client, is_proven, person, probe, refusal, token},
    stub::{Reply, Stub, business, item},
};

/// The codes of limits of a person.
const CODES_OF_PERSON: [u32; 3] = [17, 613, 368];

fn too_many_calls(code: u32) -> Value {
    json!({"code": code, "message": "There have been too many calls"})
}

/// How long the throttled calls rest.
fn rest_of(kind: &RefusalKind) -> TimeDelta {
    match kind {
        RefusalKind::Throttled { retry_at } => *retry_at - Clock::system_time(),
        other => panic!("{other:?}"),
    }
}

/// Whether it is the pause of a throttle that names no time.
fn is_usual_pause(kind: &RefusalKind) -> bool {
    (TimeDelta::minutes(4)..TimeDelta::minutes(6)).contains(&rest_of(kind))
}

/// A stub whose first answer to an exchange is this limit.
async fn stub_with_limit_of_exchange(code: u32) -> Stub {
    Stub::start(move |number, _| match number {
        0 => Reply::error(400, &too_many_calls(code)),
        _ => Reply::json(&json!({"access_token": "EAABlonger"})),
    })
    .await
}

#[tokio::test]
async fn a_limit_of_a_person_at_an_exchange_rests_no_other_person() {
    for code in CODES_OF_PERSON {
        let stub = stub_with_limit_of_exchange(code).await;
        let client = client(&stub.url);
        let exchange = async |id: &str| {
            client
                .exchange_token(&app(), &token(TOKEN), &person(id))
                .await
        };
        for _ in 0..2 {
            let refused = exchange("7").await.unwrap_err();
            let rest = rest_of(&refused.refusal().kind);
            assert!(rest > TimeDelta::minutes(4), "{code}: {rest:?}");
        }
        assert!(exchange("8").await.is_ok(), "{code}");
        assert_eq!(stub.calls().len(), 2, "{code}: the person rests");
    }
}

#[tokio::test]
async fn a_limit_of_a_system_user_at_a_refresh_rests_no_other_person() {
    let stub = stub_with_limit_of_exchange(17).await;
    let client = client(&stub.url);
    let refresh = async |id: &str| {
        client
            .refresh_system_user_token(&app(), &token(TOKEN), &person(id))
            .await
    };
    let refused = refresh("7").await.unwrap_err();
    assert!(is_usual_pause(&refused.refusal().kind));
    assert!(refresh("8").await.is_ok());
}

#[tokio::test]
async fn a_limit_of_the_unknown_person_of_a_code_rests_nothing() {
    for code in CODES_OF_PERSON {
        let stub = stub_with_limit_of_exchange(code).await;
        let client = client(&stub.url);
        let login = AuthorizationCode::parse("AQBcode".to_owned()).unwrap();
        let refused = client.exchange_code(&app(), &login, None).await;
        let Err(CodeExchangeError::Unknown(refused)) = refused else {
            panic!("{code}: {refused:?}")
        };
        assert!(rest_of(&refused.kind) > TimeDelta::minutes(4), "{code}");
        let other = client.exchange_code(&app(), &login, None).await;
        assert!(other.is_ok(), "{code}: {other:?}");
    }
}

#[tokio::test]
async fn a_limit_of_an_imported_token_of_unknown_person_rests_its_object_alone() {
    let stub = Stub::start(|_, call| {
        let answer = |id: &String| match id.as_str() {
            "1" => item(400, &json!({"error": too_many_calls(17)})),
            _ => business(id),
        };
        Reply::json(&call.ids().iter().map(answer).collect())
    })
    .await;
    let client = client(&stub.url);
    let (app, targets) = (app(), businesses(3));
    let tokens: Vec<_> = (0..3).map(|it| token(&format!("{TOKEN}{it}"))).collect();
    let pairs = targets.iter().zip(&tokens);
    let probes: Vec<_> = pairs
        .map(|(target, token)| Probe {
            target,
            token,
            kind: CredentialKind::User,
            person: None,
        })
        .collect();
    for _ in 0..2 {
        let chunks: Vec<_> = client.probe_each_token(&app, &probes).collect().await;
        let results = &chunks[0].results;
        assert!(is_usual_pause(&refusal(&results[0]).kind));
        assert!(is_proven(&results[1]) && is_proven(&results[2]));
    }
}

/// A usage header that lets one ad account rest for a day.
fn usage_of_another_account() -> (&'static str, String) {
    let usage = json!({"99": [{
        "type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 1_440,
    }]});
    ("X-Business-Use-Case-Usage", usage.to_string())
}

#[tokio::test]
async fn a_wait_for_another_object_lengthens_no_pause() {
    for code in [4, 17, 80_004] {
        let stub = Stub::start(move |_, call| {
            let body = json!({"error": too_many_calls(code)}).to_string();
            let (name, value) = usage_of_another_account();
            let headers = json!([{"name": name, "value": value}]);
            let answer = |_: &String| json!({"code": 400, "headers": headers, "body": body});
            Reply::json(&call.ids().iter().map(answer).collect())
        })
        .await;
        let proofs = probe(&client(&stub.url), &businesses(1)).await;
        let kind = &refusal(&proofs[0]).kind;
        assert!(is_usual_pause(kind), "{code}: {kind:?}");
    }
}

#[tokio::test]
async fn a_wait_for_an_object_does_not_rest_the_app_that_a_whole_batch_names() {
    let stub = Stub::start(|_, _| Reply {
        headers: vec![usage_of_another_account()],
        ..Reply::error(400, &too_many_calls(4))
    })
    .await;
    let proofs = probe(&client(&stub.url), &businesses(1)).await;
    assert!(is_usual_pause(&refusal(&proofs[0]).kind));
}
