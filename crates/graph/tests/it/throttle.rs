//! Throttles: only the scope that they name is paused.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use regrant_domain::{AssetKind, Clock, ProbeResult, RefusalKind, Timestamp};
use regrant_graph::{Client, Settings};
use serde_json::{Value, json};

use crate::{
    bench::{
        TOKEN, app, businesses, client, is_proven, person, probe, refusal, settings, target, token,
    },
    stub::{Reply, Stub, business, item},
};

fn throttled(code: u32) -> Value {
    json!({"error": {"code": code, "message": "There have been too many calls", "fbtrace_id": "T"}})
}

fn reply_to_all(ids: &[String]) -> Reply {
    Reply::json(&ids.iter().map(|it| business(it)).collect())
}

fn retry_at(proof: &ProbeResult) -> Timestamp {
    match refusal(proof).kind {
        RefusalKind::Throttled { retry_at } => retry_at,
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_app_throttle_pauses_every_call_of_the_app() {
    let stub = Stub::start(|_, _| Reply {
        status: 403,
        ..Reply::json(&throttled(4))
    })
    .await;
    let client = client(&stub.url);
    let begin = Clock::system_time();
    for _ in 0..3 {
        let proofs = client
            .probe_targets(&app(), &token(TOKEN), &person("8"), &businesses(60))
            .await;
        assert!(
            proofs
                .iter()
                .all(|it| retry_at(it) > begin + TimeDelta::minutes(4))
        );
    }
    // The two batches of the first probe were in flight together.
    assert!(stub.calls().len() <= 2);
}

#[tokio::test]
async fn a_person_throttle_pauses_no_other_person() {
    let stub = Stub::start(|number, call| match number {
        0 => Reply::json(
            &call
                .ids()
                .iter()
                .map(|_| item(400, &throttled(17)))
                .collect(),
        ),
        _ => reply_to_all(&call.ids()),
    })
    .await;
    let client = client(&stub.url);
    let first = client
        .probe_targets(&app(), &token(TOKEN), &person("1"), &businesses(2))
        .await;
    assert!(refusal(&first[0]).message.contains("too many calls"));
    assert_eq!(refusal(&first[0]).fbtrace_id.as_deref(), Some("T"));
    retry_at(&first[1]);
    let again = client
        .probe_targets(&app(), &token(TOKEN), &person("1"), &businesses(1))
        .await;
    retry_at(&again[0]);
    let other = client
        .probe_targets(&app(), &token(TOKEN), &person("2"), &businesses(1))
        .await;
    assert!(is_proven(&other[0]));
    assert_eq!(stub.calls().len(), 2);
}

#[tokio::test]
async fn a_business_throttle_pauses_its_asset_for_the_minutes_in_the_header() {
    let stub = Stub::start(|_, call| {
        let usage = json!({"2": [{"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 7}]});
        let answer = |id: &String| match id.as_str() {
            "2" => json!({
                "code": 400, "body": throttled(80_004).to_string(),
                "headers": [{"name": "X-Business-Use-Case-Usage", "value": usage.to_string()}],
            }),
            _ => business(id),
        };
        Reply::json(&call.ids().iter().map(answer).collect())
    })
    .await;
    let client = client(&stub.url);
    let begin = Clock::system_time();
    for _ in 0..2 {
        let proofs = probe(&client, &businesses(3)).await;
        assert!(is_proven(&proofs[0]) && is_proven(&proofs[2]));
        let end = retry_at(&proofs[1]);
        assert!(
            end >= begin + TimeDelta::minutes(7) && end < begin + TimeDelta::minutes(8),
            "{end}"
        );
    }
    let asked: usize = stub
        .calls()
        .iter()
        .filter(|it| it.ids().contains(&"2".to_owned()))
        .count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn a_use_case_of_a_business_rests_its_assets_of_that_use_case() {
    let stub = Stub::start(|_, call| {
        let usage = json!({"42": [{"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 7}]});
        let headers = vec![("X-Business-Use-Case-Usage", usage.to_string())];
        Reply { headers, ..reply_to_all(&call.ids()) }
    })
    .await;
    let client = client(&stub.url);
    let of = |id: &str, business: &str| regrant_graph::Target {
        business: Some(business.parse().unwrap()),
        ..target(AssetKind::Business, id)
    };
    let begin = Clock::system_time();
    assert!(
        is_proven(&probe(&client, &[of("1", "42")]).await[0]),
        "a result that arrived is kept"
    );
    let others = [
        of("2", "42"),
        of("3", "43"),
        target(AssetKind::Business, "4"),
    ];
    let proofs = probe(&client, &others).await;
    assert!(retry_at(&proofs[0]) >= begin + TimeDelta::minutes(7));
    assert!(is_proven(&proofs[1]) && is_proven(&proofs[2]));
    assert_eq!(stub.calls()[1].ids(), ["3", "4"]);
}

/// A stub that answers each id as `answer` says, and businesses otherwise.
async fn stub_with(answer: impl Fn(&str) -> Option<Value> + Send + Sync + 'static) -> Stub {
    Stub::start(move |_, call| {
        let item = |id: &String| answer(id).unwrap_or_else(|| business(id));
        Reply::json(&call.ids().iter().map(item).collect())
    })
    .await
}

#[tokio::test]
async fn the_limit_of_one_ad_account_rests_no_other_asset_of_its_person() {
    let stub = stub_with(|id| {
        let error = json!({"error": {"code": 17, "error_subcode": 2_446_079, "message": "User request limit reached"}});
        let works = json!({"id": id, "user_tasks": ["MANAGE"]});
        match id {
            "act_1" => Some(item(400, &error)),
            _ => id.starts_with("act_").then(|| item(200, &works)),
        }
    })
    .await;
    let client = client(&stub.url);
    let accounts: Vec<_> = ["1", "2"].map(|it| target(AssetKind::AdAccount, it)).into();
    for _ in 0..2 {
        let proofs = probe(&client, &accounts).await;
        retry_at(&proofs[0]);
        assert!(is_proven(&proofs[1]));
    }
    assert!(is_proven(&probe(&client, &businesses(1)).await[0]));
    let asked = stub
        .calls()
        .iter()
        .flat_map(super::stub::Call::ids)
        .filter(|it| it == "act_1")
        .count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn a_block_by_policy_rests_the_person_only_after_three_of_their_objects() {
    let stub = stub_with(|id| {
        let is_blocked = id.len() == 1 && id != "9";
        is_blocked.then(|| item(400, &throttled(368)))
    })
    .await;
    let client = client(&stub.url);
    let begin = Clock::system_time();
    let object = |id: &str| target(AssetKind::Business, id);
    let blocked = probe(&client, &[object("1"), object("2"), object("9")]).await;
    assert!(retry_at(&blocked[0]) >= begin + TimeDelta::hours(2));
    assert!(is_proven(&blocked[2]));
    let other = client
        .probe_targets(&app(), &token("EAABother"), &person("8"), &[object("91")])
        .await;
    assert!(is_proven(&other[0]));
    retry_at(&probe(&client, &[object("3")]).await[0]);
    retry_at(&probe(&client, &[object("9")]).await[0]);
}

#[tokio::test]
async fn an_ended_use_case_rests_no_probe_of_another_use_case_of_the_business() {
    let stub = Stub::start(|_, call| {
        let usage = json!({"42": [
            {"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 7},
            {"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 90},
        ]});
        let answer = |id: &String| item(200, &json!({"id": id, "username": "shop"}));
        Reply {
            headers: vec![("X-Business-Use-Case-Usage", usage.to_string())],
            ..Reply::json(&call.ids().iter().map(answer).collect())
        }
    })
    .await;
    let client = client(&stub.url);
    let of = |kind, id: &str| regrant_graph::Target {
        business: Some("42".parse().unwrap()),
        ..target(kind, id)
    };
    assert!(is_proven(
        &probe(&client, &[of(AssetKind::Business, "1")]).await[0]
    ));
    let proofs = probe(
        &client,
        &[
            of(AssetKind::Business, "1"),
            of(AssetKind::InstagramAccount, "2"),
        ],
    )
    .await;
    assert!(is_proven(&proofs[0]));
    retry_at(&proofs[1]);
}

#[tokio::test]
async fn a_call_sleeps_through_a_short_pause() {
    let stub = Stub::start(|number, call| match number {
        0 => Reply {
            status: 400,
            ..Reply::json(&throttled(4))
        },
        _ => reply_to_all(&call.ids()),
    })
    .await;
    let pause = Duration::from_millis(200);
    let client = Client::new(
        Settings {
            throttle_pause: pause,
            ..settings(&stub.url)
        },
        Clock::System,
    )
    .unwrap();
    let begin = Instant::now();
    assert!(probe(&client, &businesses(2)).await.iter().all(is_proven));
    assert!(begin.elapsed() >= pause);
}

#[tokio::test]
async fn an_app_near_its_limit_is_paused_before_graph_refuses_it() {
    let stub = Stub::start(|_, call| {
        let usage = json!({"call_count": 96, "total_cputime": 1, "total_time": 1}).to_string();
        Reply {
            headers: vec![("X-App-Usage", usage)],
            ..reply_to_all(&call.ids())
        }
    })
    .await;
    let client = client(&stub.url);
    assert!(is_proven(&probe(&client, &businesses(1)).await[0]));
    retry_at(&probe(&client, &businesses(1)).await[0]);
    assert_eq!(stub.calls().len(), 1);
}

#[tokio::test]
async fn a_pause_ends_in_the_clock_of_the_records() {
    let clock = Clock::fixed_at("2030-01-01T00:00:00Z".parse().unwrap());
    let stub = Stub::start(|number, call| match number {
        0 => Reply {
            status: 400,
            ..Reply::json(&throttled(4))
        },
        _ => reply_to_all(&call.ids()),
    })
    .await;
    let client = Client::new(settings(&stub.url), clock.clone()).unwrap();
    let end = retry_at(&probe(&client, &businesses(1)).await[0]);
    assert!(end > clock.now() + TimeDelta::minutes(4));
    clock.advance_by(TimeDelta::hours(1));
    assert!(is_proven(&probe(&client, &businesses(1)).await[0]));
}
