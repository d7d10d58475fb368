//! Inspection, exchange and refused apps against scripted responses.

use regrant_domain::{Clock, CredentialKind, RefusalKind, TokenFacts};
use regrant_graph::{CallError, InspectError};
use serde_json::{Value, json};

use crate::{
    bench::{APP_ID, TOKEN, app, businesses, client, person, probe, refusal, token},
    stub::{Reply, Stub},
};

async fn inspect(data: Value) -> Result<regrant_graph::TokenInspection, InspectError> {
    let stub = Stub::start(move |_, call| {
        let me = json!({"id": "7", "name": "Person", "is_work_account": true});
        let is_me = call.line.starts_with("GET /v26.0/me?");
        Reply::json(&if is_me { me } else { json!({ "data": data }) })
    })
    .await;
    client(&stub.url).inspect_token(&app(), &token(TOKEN)).await
}

#[tokio::test]
async fn the_facts_of_a_valid_token_are_read() {
    let inspected = inspect(json!({
        "app_id": APP_ID, "type": "USER", "user_id": "7", "is_valid": true, "expires_at": 0,
        "data_access_expires_at": 1_900_000_000, "scopes": ["pages_show_list", "business_management"],
        "granular_scopes": [{"scope": "pages_show_list", "target_ids": ["1", "2"]}, {"scope": "ads_read"}],
    }))
    .await
    .unwrap();
    let facts = inspected.facts;
    assert!(!inspected.is_short_lived);
    assert_eq!(facts.expires_at, None);
    assert_eq!(
        facts.data_access_expires_at.unwrap().timestamp(),
        1_900_000_000
    );
    assert_eq!(
        (facts.person_name.as_deref(), facts.is_work_account),
        (Some("Person"), Some(true))
    );
    let scopes: Vec<_> = facts
        .scopes
        .iter()
        .map(|it| (it.scope.as_str(), it.target_ids.as_ref().map(Vec::len)))
        .collect();
    assert_eq!(
        scopes,
        [
            ("pages_show_list", Some(2)),
            ("ads_read", None),
            ("business_management", None)
        ]
    );
}

#[tokio::test]
async fn only_valid_tokens_of_persons_and_of_our_app_are_accepted() {
    let error = |code: u32, subcode: u32| json!({"code": code, "subcode": subcode, "message": format!("no {TOKEN}")});
    let ours = |kind: &str, valid: bool, error: Value| json!({"app_id": APP_ID, "type": kind, "user_id": "7", "is_valid": valid, "error": error});
    let dead = inspect(ours("USER", false, error(190, 463)))
        .await
        .unwrap_err();
    assert_eq!(dead.facts().unwrap().person_id.as_str(), "7");
    let InspectError::Dead { reason, .. } = dead else {
        panic!("{dead:?}")
    };
    assert_eq!(reason, "no … (code 190, subcode 463)");
    assert!(matches!(
        inspect(ours("USER", false, Value::Null)).await,
        Err(InspectError::Dead { .. })
    ));
    assert!(matches!(
        inspect(ours("APP", true, Value::Null)).await,
        Err(InspectError::NotAPersonToken)
    ));
    let foreign = json!({"app_id": "1", "type": "USER", "user_id": "7", "is_valid": true});
    assert!(matches!(
        inspect(foreign).await,
        Err(InspectError::ForeignApp)
    ));
    let nonsense = json!({"error": error(190, 0), "is_valid": false, "scopes": []});
    assert!(matches!(
        inspect(nonsense).await,
        Err(InspectError::Undecipherable)
    ));
    let checkpoint = inspect(ours("USER", false, error(190, 459)))
        .await
        .unwrap_err();
    assert!(
        matches!(checkpoint, InspectError::Invalid { refusal, .. } if refusal.kind == RefusalKind::Checkpoint)
    );
}

/// Inspects a token that `debug_token` calls valid and whose `/me` is answered so.
async fn inspect_with_me(
    status: u16,
    error: Value,
) -> Result<regrant_graph::TokenInspection, InspectError> {
    let stub = Stub::start(move |_, call| {
        if call.line.starts_with("GET /v26.0/me?") {
            return Reply::error(status, &error);
        }
        Reply::json(
            &json!({"data": {"app_id": APP_ID, "type": "USER", "user_id": "7", "is_valid": true,
            "expires_at": 1_900_000_000}}),
        )
    })
    .await;
    client(&stub.url).inspect_token(&app(), &token(TOKEN)).await
}

#[tokio::test]
async fn a_refused_profile_of_a_valid_token_is_empty_and_the_assets_decide() {
    for error in [
        json!({"code": 190, "message": "Invalid OAuth access token."}),
        json!({"code": 190, "error_subcode": 463, "message": "Session has expired"}),
        json!({"code": 190, "error_subcode": 999_123, "message": "a subcode from the future"}),
        json!({"code": 190, "message": "The user must be an administrator of the page in order to impersonate it."}),
        json!({"code": 100, "error_subcode": 33, "message": "Unsupported get request."}),
        json!({"code": 200, "message": "(#200) Requires business_management permission"}),
        json!({"code": 200, "message": "Cannot call API on behalf of this user"}),
        json!({"code": 424_242, "message": "a code from the future"}),
    ] {
        let inspected = inspect_with_me(400, error.clone()).await;
        let facts = inspected
            .unwrap_or_else(|it| panic!("{error}: {it:?}"))
            .facts;
        assert_eq!(facts.person_id.as_str(), "7", "{error}");
        assert!(facts.expires_at.is_some(), "{error}");
        assert_eq!(
            (facts.person_name, facts.is_work_account),
            (None, None),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_a_person_must_do_first_counts_although_the_token_is_valid() {
    for (subcode, kind) in [
        (459, RefusalKind::Checkpoint),
        (464, RefusalKind::Unconfirmed),
        (483, RefusalKind::ConsentRequired),
        (493, RefusalKind::DataAccessExpired),
    ] {
        let refused = json!({"code": 190, "error_subcode": subcode, "message": "m"});
        let error = inspect_with_me(400, refused).await.unwrap_err();
        assert_eq!(error.facts().unwrap().person_id.as_str(), "7");
        assert!(matches!(error, InspectError::Invalid { refusal, .. } if refusal.kind == kind));
    }
}

#[tokio::test]
async fn an_outage_of_the_profile_is_asked_again_and_keeps_the_owner() {
    let app_blocked = json!({"code": 200, "message": "API access blocked."});
    let throttled = json!({"code": 17, "message": "User request limit reached"});
    let down = json!({"code": 2, "message": "Service temporarily unavailable"});
    for (status, refused) in [(400, app_blocked), (400, throttled), (503, down)] {
        let error = inspect_with_me(status, refused.clone()).await.unwrap_err();
        assert_eq!(error.facts().unwrap().person_id.as_str(), "7", "{refused}");
        assert!(
            !error.is_unanswered(),
            "debug_token named the owner: {refused}"
        );
        let InspectError::Unsettled { error, .. } = error else {
            panic!("{refused}: {error:?}")
        };
        assert!(error.refusal().kind.is_transient(), "{refused}");
    }
}

#[tokio::test]
async fn an_invalid_token_without_a_verdict_keeps_its_owner() {
    let error = inspect(
        json!({"app_id": APP_ID, "type": "USER", "user_id": "7", "is_valid": false,
        "error": {"code": 190, "subcode": 492, "message": "no role on the page"}}),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, InspectError::Unsettled { .. }), "{error:?}");
    assert_eq!(error.facts().unwrap().person_id.as_str(), "7");
}

#[tokio::test]
async fn a_page_token_is_inspected_without_a_profile_and_is_no_persons() {
    let page = json!({"app_id": APP_ID, "type": "PAGE", "user_id": "7", "profile_id": "3", "is_valid": true,
        "expires_at": 1_900_000_000});
    let stub = Stub::start(move |_, _| Reply::json(&json!({ "data": page }))).await;
    let inspected = client(&stub.url)
        .inspect_token(&app(), &token(TOKEN))
        .await
        .unwrap();
    assert_eq!(inspected.facts.person_id.as_str(), "7");
    assert_eq!(inspected.facts.person_name, None);
    assert_eq!(
        inspected.require_person_token(),
        Err(InspectError::NotAPersonToken)
    );
    assert_eq!(stub.calls().len(), 1, "`/me` is not read");
}

/// What is known of the token: that it ends in 2030.
fn known_facts() -> TokenFacts {
    TokenFacts {
        kind: CredentialKind::User,
        app_id: APP_ID.parse().unwrap(),
        person_id: "7".parse().unwrap(),
        profile_id: None,
        person_name: None,
        is_work_account: None,
        scopes: Vec::new(),
        issued_at: None,
        expires_at: chrono::DateTime::from_timestamp(1_900_000_000, 0),
        data_access_expires_at: chrono::DateTime::from_timestamp(1_800_000_000, 0),
        read_at: chrono::DateTime::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn an_absent_date_is_unknown_and_zero_is_never() {
    let (expiry, access) = (Some(1_900_000_000), Some(1_800_000_000));
    for (dates, expected) in [
        (json!({}), (expiry, access)),
        (
            json!({"expires_at": null, "data_access_expires_at": "soon"}),
            (expiry, access),
        ),
        (
            json!({"expires_at": 0, "data_access_expires_at": 0}),
            (None, None),
        ),
        (json!({"expires_at": 0}), (None, access)),
        (
            json!({"expires_at": 1_950_000_000}),
            (Some(1_950_000_000), access),
        ),
    ] {
        for is_valid in [true, false] {
            let mut data =
                json!({"app_id": APP_ID, "type": "USER", "user_id": "7", "is_valid": is_valid});
            if !is_valid {
                data["error"] = json!({"code": 190, "subcode": 463, "message": "expired"});
            }
            data.as_object_mut()
                .unwrap()
                .extend(dates.as_object().unwrap().clone());
            let stub = Stub::start(move |_, _| Reply::json(&json!({ "data": data }))).await;
            let client = client(&stub.url);
            let read = client
                .read_dates(&app(), &token(TOKEN), &known_facts())
                .await;
            let facts = read.unwrap_or_else(|error| error.facts().unwrap().clone());
            let seconds = |it: Option<regrant_domain::Timestamp>| it.map(|it| it.timestamp());
            let found = (
                seconds(facts.expires_at),
                seconds(facts.data_access_expires_at),
            );
            assert_eq!(found, expected, "{dates}, valid: {is_valid}");
            assert!(facts.read_at > known_facts().read_at, "{dates}");
        }
    }
}

#[tokio::test]
async fn the_dates_of_a_token_are_read_in_one_call() {
    let stub = Stub::start(|_, _| {
        Reply::json(
            &json!({"data": {"app_id": APP_ID, "type": "USER", "user_id": "7", "is_valid": true,
            "data_access_expires_at": 1_900_000_000}}),
        )
    })
    .await;
    let before = Clock::system_time();
    let facts = client(&stub.url)
        .read_dates(&app(), &token(TOKEN), &known_facts())
        .await
        .unwrap();
    assert!(facts.data_access_expires_at.is_some());
    assert!(facts.read_at >= before);
    assert_eq!(stub.calls().len(), 1);
}

/// Graph does not know the app of `TOKEN`, and accepts the app's own token or not.
async fn stub_of_unknown_app(accepts_ours: bool) -> Stub {
    Stub::start(move |_, call| {
        if accepts_ours && !call.line.contains(TOKEN) {
            return Reply::json(
                &json!({"data": {"app_id": APP_ID, "type": "APP", "is_valid": true}}),
            );
        }
        let message =
            "Error validating application. Cannot get application info due to a system error.";
        Reply::error(400, &json!({"code": 190, "message": message}))
    })
    .await
}

#[tokio::test]
async fn a_token_of_an_app_that_graph_does_not_know_is_no_fault_of_ours() {
    let stub = stub_of_unknown_app(true).await;
    let client = client(&stub.url);
    let inspected = client.inspect_token(&app(), &token(TOKEN)).await;
    assert_eq!(inspected, Err(InspectError::ForeignApp));
    assert!(!client.is_app_tripped(&app().id));
    assert_eq!(client.verify_app(&app()).await, Ok(()));
    let death = client.confirm_death(&app(), &token(TOKEN)).await;
    assert_eq!(death.unwrap_err().kind, RefusalKind::TokenRefused);
}

#[tokio::test]
async fn an_app_whose_own_token_is_refused_too_is_at_fault() {
    let stub = stub_of_unknown_app(false).await;
    let client = client(&stub.url);
    let inspected = client.inspect_token(&app(), &token(TOKEN)).await;
    let is_app_fault = matches!(&inspected, Err(InspectError::Call(it)) if it.refusal().kind == RefusalKind::AppFault);
    assert!(is_app_fault, "{inspected:?}");
    let calls = stub.calls().len();
    let verified = client.verify_app(&app()).await;
    assert_eq!(verified.unwrap_err().kind, RefusalKind::AppFault);
    assert_eq!(stub.calls().len(), calls, "a suspended app is not called");
}

#[tokio::test]
async fn a_token_that_graph_hides_from_the_viewing_app_is_foreign() {
    let stub = Stub::start(|_, _| {
        let message = "(#100) The App_id in the input_token did not match the Viewing App";
        Reply::error(400, &json!({"code": 100, "message": message}))
    })
    .await;
    let answer = client(&stub.url).inspect_token(&app(), &token(TOKEN)).await;
    assert!(matches!(answer, Err(InspectError::ForeignApp)));
}

#[tokio::test]
async fn an_exchange_without_a_date_invents_none() {
    let stub = Stub::start(|number, _| match number {
        0 => Reply::json(&json!({"access_token": "EAABlonger", "token_type": "bearer"})),
        _ => Reply::json(&json!({"access_token": "EAABlonger", "expires_in": 5_183_944})),
    })
    .await;
    let client = client(&stub.url);
    let person = person("7");
    let undated = client
        .exchange_token(&app(), &token(TOKEN), &person)
        .await
        .unwrap();
    assert_eq!(
        (undated.token.expose(), undated.expires_at),
        ("EAABlonger", None)
    );
    let dated = client
        .refresh_system_user_token(&app(), &token(TOKEN), &person)
        .await
        .unwrap();
    assert!(dated.expires_at.is_some_and(|it| it > Clock::system_time()));
    let calls = stub.calls();
    assert!(calls[0].line.contains("grant_type=fb_exchange_token"));
    assert!(
        !calls[0].line.contains("60_days")
            && calls[1].line.contains("set_token_expires_in_60_days=true")
    );
}

#[tokio::test]
async fn a_refused_app_is_suspended_and_not_called_again() {
    let stub = Stub::start(|_, _| {
        Reply::error(
            400,
            &json!({"code": 190, "message": "Invalid OAuth access token signature."}),
        )
    })
    .await;
    let client = client(&stub.url);
    let refused = client
        .inspect_token(&app(), &token(TOKEN))
        .await
        .unwrap_err();
    let InspectError::Call(CallError::Refused(it)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(it.kind, RefusalKind::AppFault);
    assert!(client.is_app_tripped(&app().id));
    let calls = stub.calls().len();
    let proofs = probe(&client, &businesses(60)).await;
    assert!(
        proofs
            .iter()
            .all(|it| refusal(it).kind == RefusalKind::AppFault)
    );
    let exchanged = client
        .exchange_token(&app(), &token(TOKEN), &person("7"))
        .await;
    assert!(matches!(exchanged, Err(CallError::Refused(it)) if it.kind == RefusalKind::AppFault));
    assert_eq!(stub.calls().len(), calls);
}

#[tokio::test]
async fn a_foreign_token_alone_does_not_trip_the_app() {
    let stub = Stub::start(|_, call| {
        if call.line.starts_with("GET") {
            return Reply::json(
                &json!({"data": {"app_id": APP_ID, "type": "APP", "is_valid": true}}),
            );
        }
        let message = "Invalid appsecret_proof provided in the API argument";
        Reply::error(400, &json!({"code": 100, "message": message}))
    })
    .await;
    let client = client(&stub.url);
    let proofs = probe(&client, &businesses(2)).await;
    assert!(
        proofs
            .iter()
            .all(|it| refusal(it).kind == RefusalKind::AppFault)
    );
    assert!(!client.is_app_tripped(&app().id));
    assert_eq!(stub.calls().len(), 2);
}
