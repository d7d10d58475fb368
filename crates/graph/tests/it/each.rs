//! Fixture tokens at once: each is probed on its own asset, and none delays another.

use futures_util::StreamExt;
use regrant_domain::{AccessToken, AssetKind, CredentialKind, PersonId, ProbeResult, RefusalKind};
use regrant_graph::{Client, Probe, Target};
use serde_json::{Value, json};

use crate::{
    bench::{
        APP_ID, APP_SECRET, app, businesses, client, is_proven, person, refusal, target, token,
    },
    stub::{Call, Reply, Stub, business, item},
};

/// Assets with a token and a person each: asset, token and person with number n belong together.
struct Fixture {
    targets: Vec<Target>,
    tokens: Vec<AccessToken>,
    persons: Vec<PersonId>,
}

impl Fixture {
    fn of(count: usize) -> Self {
        Self {
            targets: businesses(count),
            tokens: (1..=count).map(|it| token(&text_of(it))).collect(),
            persons: (1..=count).map(|it| person(&it.to_string())).collect(),
        }
    }

    fn probes(&self) -> Vec<Probe<'_>> {
        let probe = |((target, token), person)| Probe {
            target,
            token,
            kind: CredentialKind::User,
            person: Some(person),
        };
        self.targets
            .iter()
            .zip(&self.tokens)
            .zip(&self.persons)
            .map(probe)
            .collect()
    }

    async fn probe(&self, client: &Client) -> Vec<ProbeResult> {
        each(client, &self.probes()).await
    }
}

fn text_of(number: usize) -> String {
    format!("EAABcanaryTokenOfPerson{number:04}0123456789")
}

async fn each(client: &Client, probes: &[Probe<'_>]) -> Vec<ProbeResult> {
    let app = app();
    let chunks: Vec<_> = client.probe_each_token(&app, probes).collect().await;
    let mut proofs: Vec<_> = chunks
        .into_iter()
        .flat_map(|it| it.indices.into_iter().zip(it.results))
        .collect();
    proofs.sort_by_key(|(index, _)| *index);
    assert!(
        proofs.iter().map(|(index, _)| *index).eq(0..probes.len()),
        "one result for each probe"
    );
    proofs.into_iter().map(|(_, proof)| proof).collect()
}

fn error(code: u32, subcode: Option<u32>, message: &str) -> Value {
    json!({"error": {"code": code, "error_subcode": subcode, "message": message, "fbtrace_id": "T"}})
}

/// Responds to each item by its id.
fn reply_by_id(call: &Call, answer: impl Fn(&str) -> Value) -> Reply {
    Reply::json(&call.ids().iter().map(|it| answer(it)).collect())
}

fn proof_of(text: &str, time: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.update(format!("{text}|{time}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn different_tokens_share_batches_of_the_app_and_each_item_has_a_proof() {
    let stub = Stub::start(|_, call| reply_by_id(call, business)).await;
    let many = Fixture::of(120);
    assert!(many.probe(&client(&stub.url)).await.iter().all(is_proven));
    let calls = stub.calls();
    let mut sizes: Vec<_> = calls.iter().map(|it| it.ids().len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [20, 50, 50]);
    for call in &calls {
        let bearer = format!("authorization: bearer {APP_ID}|{APP_SECRET}");
        assert!(
            call.head.to_lowercase().contains(&bearer.to_lowercase()),
            "{}",
            call.head
        );
        assert!(!call.line.contains("EAAB") && !call.line.contains("access_token"));
        let (tokens, proofs, times) = (
            call.each("access_token"),
            call.each("appsecret_proof"),
            call.each("appsecret_time"),
        );
        for (index, id) in call.ids().iter().enumerate() {
            assert_eq!(tokens[index], text_of(id.parse().unwrap()));
            assert_eq!(proofs[index], proof_of(&tokens[index], &times[index]));
        }
    }
}

#[tokio::test]
async fn probes_of_one_token_are_made_with_it_and_do_not_name_it() {
    let stub = Stub::start(|_, call| reply_by_id(call, business)).await;
    let many = Fixture::of(60);
    let mut probes = many.probes();
    for probe in probes.iter_mut().take(30) {
        probe.token = &many.tokens[0];
        probe.person = Some(&many.persons[0]);
    }
    assert!(
        each(&client(&stub.url), &probes)
            .await
            .iter()
            .all(is_proven)
    );
    let calls = stub.calls();
    assert_eq!(calls.len(), 2);
    let shared = calls
        .iter()
        .find(|it| it.head.contains(&text_of(1)))
        .unwrap();
    assert_eq!(shared.ids().len(), 30);
    assert!(shared.each("access_token").iter().all(String::is_empty));
}

#[tokio::test]
async fn a_dead_token_fails_no_other_probe() {
    let stub = Stub::start(|_, call| {
        reply_by_id(call, |id| match id {
            "3" => item(400, &error(190, Some(460), "changed")),
            _ => business(id),
        })
    })
    .await;
    let proofs = Fixture::of(6).probe(&client(&stub.url)).await;
    for (number, proof) in (1..).zip(&proofs) {
        assert_eq!(is_proven(proof), number != 3, "{number}: {proof:?}");
    }
    assert_eq!(refusal(&proofs[2]).kind, RefusalKind::TokenDead);
    assert_eq!(stub.calls().len(), 1);
}

#[tokio::test]
async fn a_throttled_person_is_paused_and_not_sent_again() {
    let stub = Stub::start(|_, call| {
        reply_by_id(call, |id| match id {
            "2" => item(400, &error(17, None, "User request limit reached")),
            _ => business(id),
        })
    })
    .await;
    let (client, many) = (client(&stub.url), Fixture::of(4));
    for _ in 0..2 {
        let proofs = many.probe(&client).await;
        assert!(matches!(
            refusal(&proofs[1]).kind,
            RefusalKind::Throttled { .. }
        ));
        assert_eq!(proofs.iter().filter(|it| is_proven(it)).count(), 3);
    }
    let asked = stub
        .calls()
        .iter()
        .filter(|it| it.ids().contains(&"2".to_owned()))
        .count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn only_what_was_not_completed_is_sent_again() {
    let stub = Stub::start(|number, call| {
        reply_by_id(call, |id| {
            if number == 0 && id == "2" {
                Value::Null
            } else {
                business(id)
            }
        })
    })
    .await;
    assert!(
        Fixture::of(3)
            .probe(&client(&stub.url))
            .await
            .iter()
            .all(is_proven)
    );
    let calls = stub.calls();
    assert_eq!((calls.len(), calls[1].ids()), (2, vec!["2".to_owned()]));
}

#[tokio::test]
async fn a_refused_app_token_is_the_apps_fault_and_no_tokens_death() {
    let stub = Stub::start(|_, _| {
        Reply::error(
            400,
            &json!({"code": 190, "message": "Invalid OAuth access token signature."}),
        )
    })
    .await;
    let client = client(&stub.url);
    let proofs = Fixture::of(12).probe(&client).await;
    assert!(
        proofs
            .iter()
            .all(|it| refusal(it).kind == RefusalKind::AppFault)
    );
    assert!(client.is_app_tripped(&app().id));
}

#[tokio::test]
async fn a_refusal_of_the_whole_batch_is_reported_for_no_asset() {
    let missing = json!({"code": 100, "error_subcode": 33, "message": "Unsupported post request."});
    let stub = Stub::start(move |_, _| Reply::error(400, &missing)).await;
    let proofs = Fixture::of(3).probe(&client(&stub.url)).await;
    assert!(
        proofs
            .iter()
            .all(|it| refusal(it).kind == RefusalKind::Unclassified)
    );
}

#[tokio::test]
async fn an_outage_of_a_mixed_batch_stays_transient() {
    for (status, body) in [
        (500, ""),
        (502, "<html>Bad Gateway</html>"),
        (200, "[null]"),
        (200, "{"),
    ] {
        let stub = Stub::start(move |_, _| Reply {
            status,
            body: body.to_owned(),
            ..Reply::default()
        })
        .await;
        let proofs = Fixture::of(3).probe(&client(&stub.url)).await;
        assert!(
            proofs
                .iter()
                .all(|it| refusal(it).kind == RefusalKind::Unavailable),
            "{body:?}"
        );
    }
}

#[tokio::test]
async fn messages_repeat_no_token_of_the_batch() {
    let stub = Stub::start(|_, call| {
        let all = call.each("access_token").join(" and ");
        reply_by_id(call, |_| {
            item(
                400,
                &error(100, Some(33), &format!("Unsupported, see {all}")),
            )
        })
    })
    .await;
    for proof in Fixture::of(5).probe(&client(&stub.url)).await {
        let message = &refusal(&proof).message;
        assert!(
            message.contains("Unsupported") && !message.contains("canary"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_pages_own_token_is_probed_with_fields_that_it_can_read() {
    let stub = Stub::start(|_, call| {
        reply_by_id(call, |id| item(200, &json!({"id": id, "is_published": true, "user_access_expire_time": "2030-01-01T00:00:00+0000"})))
    })
    .await;
    let (page, page_token) = (target(AssetKind::Page, "5"), token(&text_of(5)));
    let probe = Probe {
        target: &page,
        token: &page_token,
        kind: CredentialKind::Page,
        person: None,
    };
    let proofs = each(&client(&stub.url), &[probe]).await;
    assert!(
        matches!(&proofs[0], ProbeResult::Works(it) if it.cut_off.is_some() && it.page_token.is_none())
    );
    let fields = stub.calls()[0].each("fields");
    assert!(
        fields[0].contains("user_access_expire_time") && !fields[0].contains("access_token"),
        "{fields:?}"
    );
}
