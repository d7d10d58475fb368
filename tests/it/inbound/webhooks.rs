//! Notices that arrive as webhooks: signature, effect in each tenant, replay and order.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, Conflict, Error};
use serde_json::{Value, json};

use super::{Scene, answer, each_database, migration, signature};
use crate::harness::{APP, Fleet, OTHER_APP, SECRET};

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_not_signed_by_its_app_is_refused_and_changes_nothing() {
    each_database(async |scene| {
        let raw = migration(Fleet::PERSON, scene.now(), "2030-01-01T00:00:00Z");
        let raw = raw.replace(
            "managed_meta_account\"",
            "managed_meta_account\",\"note\":\"\\u00e9\"",
        );
        let good = signature(SECRET, &raw);
        let reserialised = serde_json::from_str::<Value>(&raw)
            .expect("json")
            .to_string();
        let truncated = &raw[..raw.len() - 1];
        let before = scene.contents().await;
        let refused = answer(scene.webhook(APP, &raw)).await;
        assert_eq!(refused.0, 403);
        assert_eq!(
            serde_json::from_str::<Value>(&refused.1).expect("json")["type"],
            "/problems/not_signed"
        );
        let sha1 = "sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709";
        for (app, raw, header, value) in [
            (APP, raw.as_str(), "X-Hub-Signature", sha1.to_owned()),
            (APP, &raw, "X-Hub-Signature-256", sha1.to_owned()),
            (
                APP,
                &raw,
                "X-Hub-Signature-256",
                signature("another secret", &raw),
            ),
            (
                APP,
                &raw,
                "X-Hub-Signature-256",
                signature("other-secret-other-secret", &raw),
            ),
            (
                APP,
                &raw,
                "X-Hub-Signature-256",
                good.replace("sha256=", ""),
            ),
            (
                APP,
                &raw,
                "X-Hub-Signature-256",
                good.replace("sha256=", "sha1="),
            ),
            (APP, &raw, "X-Hub-Signature-256", format!("{good}00")),
            (
                APP,
                &raw,
                "X-Hub-Signature-256",
                good[..good.len() - 2].to_owned(),
            ),
            (
                APP,
                &raw,
                "X-Hub-Signature-256",
                format!("sha256={}", "z".repeat(64)),
            ),
            (APP, &raw, "X-Hub-Signature-256", "sha256=".to_owned()),
            (APP, &reserialised, "X-Hub-Signature-256", good.clone()),
            (APP, truncated, "X-Hub-Signature-256", good.clone()),
            (APP, "", "X-Hub-Signature-256", good.clone()),
            (OTHER_APP, &raw, "X-Hub-Signature-256", good.clone()),
            ("999", &raw, "X-Hub-Signature-256", good.clone()),
            ("0", &raw, "X-Hub-Signature-256", good.clone()),
            ("not-an-app", &raw, "X-Hub-Signature-256", good.clone()),
            ("%00", &raw, "X-Hub-Signature-256", good.clone()),
        ] {
            let got = answer(scene.webhook(app, raw).header(header, &value)).await;
            assert_eq!(got, refused, "{app} {header}: {value}");
        }
        let twice = scene
            .webhook(APP, &raw)
            .header("X-Hub-Signature-256", "sha256=00");
        assert_eq!(
            answer(twice.header("X-Hub-Signature-256", &good)).await,
            refused
        );
        assert_eq!(scene.receive().await, 0);
        assert!(scene.contents().await == before, "something was written");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_unknown_and_malformed_notices_are_acknowledged_without_effect() {
    each_database(async |scene| {
        let (now, date) = (scene.now(), "2030-01-01T00:00:00Z");
        let before = scene.contents().await;
        for raw in [
            migration(Fleet::PERSON, now - 3 * 86_400 - 5, date),
            migration(Fleet::PERSON, now + 700, date),
            migration("not a person", now, date),
            json!({ "object": "page", "entry": [{ "id": "1", "time": now, "changes": [] }] })
                .to_string(),
            json!({ "object": "managed_meta_account", "entry": [{ "id": "1", "time": now,
                "changes": [{ "field": "unheard_of", "value": 1 }] }] })
            .to_string(),
            "{".to_owned(),
            "[]".to_owned(),
            "\u{0}".to_owned(),
            "[".repeat(60_000),
        ] {
            scene.send_notice(&raw).await;
        }
        assert_eq!(scene.receive().await, 0);
        assert!(scene.contents().await == before, "something was written");
        let large = "x".repeat(3 * 1024 * 1024 + 1);
        let call = scene
            .webhook(APP, &large)
            .header("X-Hub-Signature-256", signature(SECRET, &large));
        assert_eq!(answer(call).await.0, 413);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_notice_reaches_every_tenant_of_the_person_once_and_the_latest_wins() {
    each_database(async |scene| {
        let now = scene.now();
        let announced = migration(Fleet::PERSON, now, "2030-01-01T00:00:00Z");
        scene.send_notice(&announced).await;
        assert_eq!(scene.receive().await, 2);
        for tenant in [&scene.one, &scene.two] {
            assert_eq!(scene.cut_off(tenant).await, "2030-01-01T00:00:00Z");
            let asset = tenant.get(&format!("/v1/assets/{}", scene.ids[0])).await;
            assert_eq!(asset["state"], "migrating");
            let next = asset["next_check_at"].as_str().expect("a plan");
            let next = chrono::DateTime::parse_from_rfc3339(next).expect("a moment");
            assert!(
                next.timestamp() <= scene.now(),
                "it is due at once, not at {next}"
            );
        }
        assert_eq!(
            scene.cut_off(&scene.third).await,
            Value::Null,
            "another person's assets stay as they are"
        );
        assert!(scene.holds("forecast.changed").await);

        let before = scene.contents().await;
        scene.send_notice(&announced).await;
        assert_eq!(scene.receive().await, 0, "a replay is no new notice");
        assert!(scene.contents().await == before, "a replay wrote something");

        scene
            .send_notice(&migration(Fleet::PERSON, now - 60, "2029-01-01T00:00:00Z"))
            .await;
        assert_eq!(scene.receive().await, 2);
        assert_eq!(
            scene.cut_off(&scene.one).await,
            "2030-01-01T00:00:00Z",
            "an older notice that arrives late changes nothing"
        );

        scene
            .send_notice(&migration(Fleet::PERSON, now + 1, "2031-01-01T00:00:00Z"))
            .await;
        assert_eq!(scene.receive().await, 2);
        assert_eq!(
            scene.cut_off(&scene.two).await,
            "2031-01-01T00:00:00Z",
            "an extension moves it later"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_updates_in_one_webhook_are_stored_and_applied() {
    each_database(async |scene| {
        let (now, date) = (scene.now(), "2030-01-01T00:00:00Z");
        let strangers = (1..=998).map(|n| format!("99000000000{n:04}"));
        let people = [Fleet::PERSON.to_owned()].into_iter().chain(strangers);
        let people = people.chain([Fleet::MANAGED.to_owned()]);
        let entries: Vec<Value> = people
            .map(|person| {
                let one = migration(&person, now, date);
                serde_json::from_str::<Value>(&one).expect("json")["entry"][0].take()
            })
            .collect();
        let raw = json!({ "object": "managed_meta_account", "entry": entries }).to_string();
        assert!(raw.len() > 128 * 1024, "{}", raw.len());
        scene.send_notice(&raw).await;
        let stored = "SELECT count(*) FROM inbox";
        assert_eq!(
            scene.harness.database.count_as_superuser(stored).await,
            1_000
        );
        assert_eq!(
            scene.receive().await,
            3,
            "one of each tenant that knows the person"
        );
        for tenant in [&scene.one, &scene.two, &scene.third] {
            assert_eq!(scene.cut_off(tenant).await, date);
        }
        scene.send_notice(&raw).await;
        assert_eq!(scene.receive().await, 0, "a repeated webhook is no new one");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_without_values_and_of_permissions_make_the_assets_due() {
    let scene = Scene::on(TestDatabase::create_sqlite().await).await;
    let (now, person) = (scene.now(), Fleet::PERSON.parse::<u64>().expect("a number"));
    for body in [
        json!({ "object": "managed_meta_account",
            "entry": [{ "id": "0", "uid": person, "time": now, "changed_fields": ["migration_expire_time"] }] }),
        json!({ "object": "permissions", "entry": [{ "id": Fleet::PERSON, "time": now,
            "changes": [{ "field": "ads_management", "value": { "verb": "revoked" } }] }] }),
    ] {
        scene.send_notice(&body.to_string()).await;
        assert_eq!(scene.receive().await, 2);
        let asset = scene.one.get(&format!("/v1/assets/{}", scene.ids[1])).await;
        let next =
            chrono::DateTime::parse_from_rfc3339(asset["next_check_at"].as_str().expect("a plan"));
        assert!(next.expect("a moment").timestamp() <= scene.now());
        assert_eq!(asset["cut_off"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_signed_with_either_app_secret_are_accepted_during_a_rotation() {
    each_database(async |scene| {
        let app = APP.parse().expect("an app id");
        let change = async |secret: &str, hours: u64| {
            let secret = regrant_domain::AppSecret::parse(secret.to_owned()).expect("a secret");
            let (vault, overlap) = (&scene.harness.vault, Duration::from_hours(hours));
            vault
                .set_app_secret(Actor::CommandLine, &app, &secret, overlap, None)
                .await
                .map(|it| it.older_secret_until)
        };
        let send = async |secret: &str, date: &str| {
            let raw = migration(Fleet::PERSON, scene.now(), date);
            answer(
                scene
                    .webhook(APP, &raw)
                    .header("X-Hub-Signature-256", signature(secret, &raw)),
            )
            .await
            .0
        };
        let until = change("the-second-secret", 24).await.expect("it is set");
        assert!(until.is_some());
        assert_eq!(send(SECRET, "2030-01-01T00:00:00Z").await, 200);
        assert_eq!(send("the-second-secret", "2030-01-02T00:00:00Z").await, 200);
        scene.harness.clock.advance_by(chrono::Duration::hours(1));
        let again = change("the-second-secret", 24).await;
        assert_eq!(again.expect("it is the same"), until, "nothing changes");
        let third = change("the-third-secret", 24).await;
        assert!(
            matches!(&third, Err(Error::Conflict(Conflict::SecretOverlapOpen(open))) if Some(*open) == until),
            "{third:?}"
        );
        assert_eq!(
            send(SECRET, "2030-01-03T00:00:00Z").await,
            200,
            "Meta may sign with it still"
        );
        let sooner = change("the-second-secret", 2).await.expect("it is the same");
        assert!(sooner.is_some() && sooner < until, "{sooner:?}");
        scene.harness.clock.advance_by(chrono::Duration::hours(3));
        assert_eq!(
            send(SECRET, "2030-01-04T00:00:00Z").await,
            403,
            "its overlap is over"
        );
        assert_eq!(send("the-second-secret", "2030-01-05T00:00:00Z").await, 200);
        change("the-third-secret", 24).await.expect("it is set");
        let fourth = change("the-fourth-secret", 0).await;
        assert_eq!(fourth.expect("it is set"), None);
        for ended in ["the-second-secret", "the-third-secret"] {
            assert_eq!(send(ended, "2030-01-06T00:00:00Z").await, 403, "{ended}");
        }
        assert_eq!(send("the-fourth-secret", "2030-01-07T00:00:00Z").await, 200);
    })
    .await;
}
