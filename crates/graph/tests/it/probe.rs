//! Probes: every target gets a result, whatever happens to the batch.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use futures_util::StreamExt;
use regrant_domain::{AssetKind, Clock, RefusalKind};
use regrant_graph::{Client, Settings, Target};
use serde_json::{Value, json};

use crate::{
    bench::{
        APP_SECRET, TOKEN, app, businesses, client, is_proven, person, probe, refusal, settings,
        target, token,
    },
    stub::{Reply, Stub, business, item},
};

fn reply_to_all(ids: &[String]) -> Reply {
    Reply::json(&ids.iter().map(|it| business(it)).collect())
}

#[tokio::test]
async fn results_are_in_the_order_of_the_targets() {
    let stub = Stub::start(|number, call| {
        // Later batches get their response first.
        let delay = Duration::from_millis(if number == 0 { 80 } else { 0 });
        let odd = |id: &String| id.parse::<u32>().unwrap() % 2 == 1;
        let missing =
            json!({"error": {"code": 100, "error_subcode": 33, "message": "no", "fbtrace_id": "Trace1"}});
        let items: Value =
            call.ids().iter().map(|it| if odd(it) { business(it) } else { item(400, &missing) }).collect();
        Reply { delay, ..Reply::json(&items) }
    })
    .await;
    let proofs = probe(&client(&stub.url), &businesses(123)).await;
    assert_eq!(proofs.len(), 123);
    for (number, proof) in (1..).zip(&proofs) {
        assert_eq!(is_proven(proof), number % 2 == 1, "{number}");
    }
    assert_eq!(refusal(&proofs[1]).kind, RefusalKind::NotReached);
    assert_eq!(refusal(&proofs[1]).fbtrace_id.as_deref(), Some("Trace1"));
    let mut sizes: Vec<_> = stub.calls().iter().map(|it| it.ids().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [23, 50, 50]);
}

#[tokio::test]
async fn only_items_that_were_not_completed_are_sent_again() {
    let stub = Stub::start(|number, call| {
        let aborted =
            json!({"error": {"code": 960, "type": "FacebookApiException", "message": "Request aborted."}});
        let answer = |id: &String| match (number, id.as_str()) {
            (0, "1") => Value::Null,
            (0, "2") => item(400, &aborted),
            (0, "3") => json!({"code": 200, "headers": [], "body": ""}),
            (0, "4") => json!({"code": 503, "body": "<html>Service Unavailable</html>"}),
            _ => business(id),
        };
        Reply::json(&call.ids().iter().map(answer).collect())
    })
    .await;
    let proofs = probe(&client(&stub.url), &businesses(6)).await;
    assert!(proofs.iter().all(is_proven));
    let calls = stub.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].ids(), ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn an_item_in_another_form_is_sent_again_and_no_other_is() {
    for odd in [
        json!({"code": 200, "headers": [], "body": {"id": "7"}}),
        json!({"code": 200, "headers": [], "body": false}),
        json!({"code": {}, "headers": 7, "body": [1, {}]}),
        json!(false),
        json!("7"),
        json!([]),
        json!([{}]),
    ] {
        let stub = Stub::start(move |number, call| {
            let answer = |id: &String| match (number, id.as_str()) {
                (0, "7") => odd.clone(),
                _ => business(id),
            };
            Reply::json(&call.ids().iter().map(answer).collect())
        })
        .await;
        let proofs = probe(&client(&stub.url), &businesses(50)).await;
        assert!(proofs.iter().all(is_proven));
        let calls = stub.calls();
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[1].ids(), ["7"]);
    }
}

#[tokio::test]
async fn headers_in_another_form_hide_no_body() {
    for headers in [
        json!({"Content-Type": "text/javascript"}),
        json!([{"name": 7, "value": {}}, 7]),
        json!("none"),
    ] {
        let stub = Stub::start(move |_, call| {
            let answer = |id: &String| json!({"code": 200, "headers": headers, "body": json!({"id": id}).to_string()});
            Reply::json(&call.ids().iter().map(answer).collect())
        })
        .await;
        let proofs = probe(&client(&stub.url), &businesses(2)).await;
        assert!(proofs.iter().all(is_proven));
        assert_eq!(stub.calls().len(), 1);
    }
}

#[tokio::test]
async fn a_probe_never_completed_stays_transient_after_bounded_attempts() {
    let stub =
        Stub::start(|_, call| Reply::json(&call.ids().iter().map(|_| Value::Null).collect())).await;
    let proofs = probe(&client(&stub.url), &businesses(3)).await;
    assert_eq!(proofs.len(), 3);
    assert!(
        proofs
            .iter()
            .all(|it| refusal(it).kind == RefusalKind::Unavailable)
    );
    assert_eq!(stub.calls().len(), 4);
}

#[tokio::test]
async fn html_empty_bodies_and_arrays_of_the_wrong_length_are_outages() {
    for body in [
        "<html>Bad Gateway</html>",
        "",
        "true",
        "[]",
        "[null,null,null]",
        "{",
    ] {
        let stub = Stub::start(move |_, _| Reply {
            status: 200,
            body: body.to_owned(),
            ..Reply::default()
        })
        .await;
        let proofs = probe(&client(&stub.url), &businesses(2)).await;
        assert_eq!(proofs.len(), 2);
        for proof in &proofs {
            assert_eq!(refusal(proof).kind, RefusalKind::Unavailable, "{body:?}");
        }
    }
}

#[tokio::test]
async fn an_outage_that_ends_is_not_noticed() {
    let stub = Stub::start(|number, call| match number {
        0 => Reply {
            status: 502,
            body: "<html>".to_owned(),
            ..Reply::default()
        },
        1 => Reply::error(
            500,
            &json!({"code": 2, "message": "down", "is_transient": true}),
        ),
        _ => reply_to_all(&call.ids()),
    })
    .await;
    assert!(
        probe(&client(&stub.url), &businesses(2))
            .await
            .iter()
            .all(is_proven)
    );
}

#[tokio::test]
async fn a_refused_connection_is_an_outage() {
    let proofs = probe(&client("http://127.0.0.1:1"), &businesses(1)).await;
    assert_eq!(refusal(&proofs[0]).kind, RefusalKind::Unavailable);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let stub = Stub::start(|_, _| Reply {
        status: 307,
        headers: vec![("location", "http://127.0.0.1:1/elsewhere".to_owned())],
        ..Reply::default()
    })
    .await;
    let proofs = probe(&client(&stub.url), &businesses(1)).await;
    assert_eq!(refusal(&proofs[0]).kind, RefusalKind::Unavailable);
    assert_eq!(stub.calls().len(), 4);
}

#[tokio::test]
async fn a_dead_batch_token_fails_all_items_in_one_call() {
    let stub = Stub::start(|_, _| {
        Reply::error(
            400,
            &json!({"code": 190, "error_subcode": 460, "message": "changed"}),
        )
    })
    .await;
    let proofs = probe(&client(&stub.url), &businesses(50)).await;
    assert!(
        proofs
            .iter()
            .all(|it| refusal(it).kind == RefusalKind::TokenDead)
    );
    assert_eq!(stub.calls().len(), 1);
}

#[tokio::test]
async fn the_token_is_in_the_header_and_every_item_has_a_proof() {
    let stub = Stub::start(|_, call| reply_to_all(&call.ids())).await;
    probe(
        &client(&stub.url),
        &[
            target(AssetKind::Business, "1"),
            target(AssetKind::AdAccount, "2"),
        ],
    )
    .await;
    let calls = stub.calls();
    let call = &calls[0];
    assert_eq!(call.line, "POST /v26.0/ HTTP/1.1");
    assert!(
        call.head
            .contains(&format!("authorization: Bearer {TOKEN}"))
    );
    assert!(!call.body.contains(TOKEN) && !call.body.contains(APP_SECRET));
    let reads = call.reads();
    assert!(
        reads[1].starts_with(
            "act_2?fields=id%2Caccount_status%2Cuser_tasks%2Cuser_access_expire_time&"
        )
    );
    for read in reads {
        assert!(
            read.contains("&appsecret_proof=") && read.contains("&appsecret_time="),
            "{read}"
        );
    }
}

#[tokio::test]
async fn an_id_of_another_kind_is_not_sent() {
    let stub = Stub::start(|_, call| reply_to_all(&call.ids())).await;
    let proofs = probe(&client(&stub.url), &[target(AssetKind::Page, "act_1")]).await;
    assert_eq!(refusal(&proofs[0]).kind, RefusalKind::RequestFault);
    assert!(stub.calls().is_empty());
    assert!(probe(&client(&stub.url), &[]).await.is_empty());
}

#[tokio::test]
async fn chunks_arrive_as_they_end_and_cover_every_target() {
    let stub = Stub::start(|_, call| {
        let slow = call.ids().contains(&"1".to_owned());
        Reply {
            delay: Duration::from_millis(if slow { 150 } else { 0 }),
            ..reply_to_all(&call.ids())
        }
    })
    .await;
    let (client, app, token, person, targets) = (
        client(&stub.url),
        app(),
        token(TOKEN),
        person("7"),
        businesses(101),
    );
    let chunks: Vec<_> = client
        .stream_probes(&app, &token, &person, &targets)
        .collect()
        .await;
    assert_eq!(chunks.last().unwrap().indices[0], 0);
    let seen: HashSet<_> = chunks.iter().flat_map(|it| it.indices.clone()).collect();
    assert_eq!(seen.len(), 101);
    assert!(chunks.iter().all(|it| it.indices.len() == it.results.len()));
}

#[tokio::test]
async fn batches_in_flight_are_bounded_over_the_whole_client() {
    let delay = Duration::from_millis(100);
    let stub = Stub::start(move |_, call| Reply {
        delay,
        ..reply_to_all(&call.ids())
    })
    .await;
    let client = Client::new(
        Settings {
            max_in_flight: 2,
            ..settings(&stub.url)
        },
        Clock::System,
    )
    .unwrap();
    let (one, two) = (businesses(150), businesses(150));
    let begin = Instant::now();
    let (first, second) = tokio::join!(probe(&client, &one), probe(&client, &two));
    assert!(begin.elapsed() >= delay * 3, "six batches, two at a time");
    assert!(first.iter().chain(&second).all(is_proven));
}

#[tokio::test]
async fn a_probe_that_graph_refuses_for_the_business_is_sent_again_without_it() {
    for error in [
        json!({"code": 200, "message": "(#200) Requires business_management permission to manage the object"}),
        json!({"code": 100, "message": "(#100) Tried accessing nonexisting field (business) on node type (Page)"}),
    ] {
        let stub = Stub::start(move |_, call| {
            let answer = |(id, fields): (&String, &String)| {
                if fields.contains("business") {
                    return item(400, &json!({ "error": error }));
                }
                item(
                    200,
                    &json!({"id": id, "tasks": ["MANAGE"], "access_token": "minted-token"}),
                )
            };
            let (ids, fields) = (call.ids(), call.each("fields"));
            Reply::json(&ids.iter().zip(&fields).map(answer).collect())
        })
        .await;
        let page = target(AssetKind::Page, "1");
        let with_business = Target {
            reads_business: true,
            ..target(AssetKind::Page, "2")
        };
        let proofs = probe(&client(&stub.url), &[page, with_business]).await;
        assert!(proofs.iter().all(is_proven));
        let calls = stub.calls();
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[1].ids(), ["2"], "only the item that asked for it");
    }
}
