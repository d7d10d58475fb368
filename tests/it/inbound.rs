//! What Meta sends: believed only when it is signed, done once, in every tenant of the person and no other.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use regrant_testdb::TestDatabase;
use regrant_vault::Acting;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::bench::{APP, Bench, Fleet, OTHER_APP, SECRET, Tenant, VERIFY_TOKEN, http};

fn hmac(secret: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn signature(secret: &str, raw: &str) -> String {
    format!("sha256={}", hex::encode(hmac(secret, raw.as_bytes())))
}

fn signed_request(secret: &str, payload: &Value) -> String {
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    format!(
        "{}.{payload}",
        URL_SAFE_NO_PAD.encode(hmac(secret, payload.as_bytes()))
    )
}

fn migration(person: &str, time: i64, date: &str) -> String {
    let value = json!({ "user_id": person, "migration_expire_time": date });
    let change = json!({ "field": "migration_expire_time", "value": value });
    let entry = json!({ "id": person, "time": time, "changes": [change] });
    json!({ "object": "managed_meta_account", "entry": [entry] }).to_string()
}

/// A bench, two tenants whose assets the same person serves, and one that does not know the person.
struct Scene {
    bench: Bench,
    one: Tenant,
    two: Tenant,
    third: Tenant,
    ids: Vec<String>,
}

impl Scene {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 3, 1);
        let bench = Bench::start(database, &fleet.world()).await;
        let tenants = [
            bench.tenant("One").await,
            bench.tenant("Two").await,
            bench.tenant("Third").await,
        ];
        for tenant in &tenants {
            tenant.register(&fleet.assets()).await;
        }
        let [one, two, third] = tenants;
        for (tenant, person) in [
            (&one, Fleet::PERSON),
            (&two, Fleet::PERSON),
            (&third, Fleet::MANAGED),
        ] {
            let ended = tenant
                .reconnect(&bench.sandbox.token(person).await, &fleet.ids())
                .await;
            assert_eq!(ended["counts"]["replaced"], 4, "{ended}");
        }
        Self {
            bench,
            one,
            two,
            third,
            ids: fleet.ids(),
        }
    }

    fn now(&self) -> i64 {
        self.bench.clock.now().timestamp()
    }

    fn post(&self, path: &str) -> RequestBuilder {
        http()
            .post(format!("{}{path}", self.bench.api))
            .header("X-Request-Id", "same")
    }

    fn webhook(&self, app: &str, raw: &str) -> RequestBuilder {
        self.post(&format!("/meta/webhooks/{app}"))
            .header("Content-Type", "application/json")
            .body(raw.to_owned())
    }

    async fn tell(&self, raw: &str) {
        let call = self
            .webhook(APP, raw)
            .header("X-Hub-Signature-256", signature(SECRET, raw));
        assert_eq!(answer(call).await.0, 200);
    }

    async fn callback(&self, path: &str, request: &str) -> (u16, String) {
        answer(self.post(path).form(&[("signed_request", request)])).await
    }

    fn said(&self, ago: i64) -> Value {
        json!({ "algorithm": "HMAC-SHA256", "issued_at": self.now() - ago, "user_id": Fleet::PERSON })
    }

    /// Works off everything.
    async fn receive(&self) -> usize {
        let mut n = 0;
        loop {
            match self
                .bench
                .vault
                .receive_due(50)
                .await
                .expect("the database answers")
            {
                0 => return n,
                more => n += more,
            }
        }
    }

    async fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let mut contents = self.bench.database.contents().await;
        // The index of SQLite's log holds locks, not rows.
        contents.retain(|(name, _)| !name.ends_with("-shm"));
        contents
    }

    async fn holds(&self, text: &str) -> bool {
        let contents = self.bench.database.contents().await;
        contents
            .iter()
            .any(|(_, bytes)| bytes.windows(text.len()).any(|it| it == text.as_bytes()))
    }

    /// The cut-offs of a tenant's assets; one asset's is every asset's.
    async fn cut_off(&self, tenant: &Tenant) -> Value {
        let mut cut_offs = Vec::new();
        for id in &self.ids {
            cut_offs.push(tenant.get(&format!("/v1/assets/{id}")).await["cut_off"].clone());
        }
        cut_offs.dedup();
        assert_eq!(cut_offs.len(), 1, "{cut_offs:?}");
        cut_offs.remove(0)
    }
}

async fn answer(call: RequestBuilder) -> (u16, String) {
    let answer = call.send().await.expect("the server answers");
    (
        answer.status().as_u16(),
        answer.text().await.expect("a body"),
    )
}

async fn each_database(check: impl AsyncFn(Scene)) {
    for database in TestDatabase::all().await {
        check(Scene::on(database).await).await;
    }
}

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
async fn what_is_signed_but_old_unknown_or_malformed_is_acknowledged_without_effect() {
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
            "[".repeat(100_000),
        ] {
            scene.tell(&raw).await;
        }
        assert_eq!(scene.receive().await, 0);
        assert!(scene.contents().await == before, "something was written");
        let large = "x".repeat(1024 * 1024 + 1);
        let call = scene
            .webhook(APP, &large)
            .header("X-Hub-Signature-256", signature(SECRET, &large));
        assert_eq!(answer(call).await.0, 413);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_reaches_every_tenant_of_the_person_once_and_the_later_message_wins() {
    each_database(async |scene| {
        let now = scene.now();
        let announced = migration(Fleet::PERSON, now, "2030-01-01T00:00:00Z");
        scene.tell(&announced).await;
        assert_eq!(scene.receive().await, 2);
        for tenant in [&scene.one, &scene.two] {
            assert_eq!(scene.cut_off(tenant).await, "2030-01-01T00:00:00Z");
            let asset = tenant.get(&format!("/v1/assets/{}", scene.ids[0])).await;
            assert_eq!(asset["state"], "migrating");
            let next = asset["next_check_at"].as_str().expect("a plan");
            let next = chrono::DateTime::parse_from_rfc3339(next).expect("a moment");
            assert!(
                next.timestamp() <= scene.now(),
                "it is read again at once, not at {next}"
            );
        }
        assert_eq!(
            scene.cut_off(&scene.third).await,
            Value::Null,
            "another person's assets stay as they are"
        );
        assert!(scene.holds("forecast.changed").await);

        let before = scene.contents().await;
        scene.tell(&announced).await;
        assert_eq!(scene.receive().await, 0, "a replay is no new message");
        assert!(scene.contents().await == before, "a replay wrote something");

        scene
            .tell(&migration(Fleet::PERSON, now - 60, "2029-01-01T00:00:00Z"))
            .await;
        assert_eq!(scene.receive().await, 2);
        assert_eq!(
            scene.cut_off(&scene.one).await,
            "2030-01-01T00:00:00Z",
            "an older message came late"
        );

        scene
            .tell(&migration(Fleet::PERSON, now + 1, "2031-01-01T00:00:00Z"))
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
async fn messages_without_values_and_of_permissions_have_the_assets_read_again() {
    let scene = Scene::on(TestDatabase::sqlite().await).await;
    let (now, person) = (scene.now(), Fleet::PERSON.parse::<u64>().expect("a number"));
    for body in [
        json!({ "object": "managed_meta_account",
            "entry": [{ "id": "0", "uid": person, "time": now, "changed_fields": ["migration_expire_time"] }] }),
        json!({ "object": "permissions", "entry": [{ "id": Fleet::PERSON, "time": now,
            "changes": [{ "field": "ads_management", "value": { "verb": "revoked" } }] }] }),
    ] {
        scene.tell(&body.to_string()).await;
        assert_eq!(scene.receive().await, 2);
        let asset = scene.one.get(&format!("/v1/assets/{}", scene.ids[1])).await;
        let next =
            chrono::DateTime::parse_from_rfc3339(asset["next_check_at"].as_str().expect("a plan"));
        assert!(next.expect("a moment").timestamp() <= scene.now());
        assert_eq!(asset["cut_off"], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handshake_answers_the_word_agreed_on_and_nothing_else() {
    let scene = Scene::on(TestDatabase::sqlite().await).await;
    let ask = async |app: &str, query: &[(&str, &str)]| {
        let call = http()
            .get(format!("{}/meta/webhooks/{app}", scene.bench.api))
            .query(query);
        let answer = call
            .header("X-Request-Id", "same")
            .send()
            .await
            .expect("an answer");
        let kind = answer.headers()["content-type"]
            .to_str()
            .expect("text")
            .to_owned();
        (
            answer.status().as_u16(),
            kind,
            answer.text().await.expect("a body"),
        )
    };
    let asked = |word| {
        [
            ("hub.mode", "subscribe"),
            ("hub.challenge", "1158201444"),
            ("hub.verify_token", word),
        ]
    };
    let good = ask(APP, &asked(VERIFY_TOKEN)).await;
    assert_eq!(
        good,
        (
            200,
            "text/plain; charset=utf-8".to_owned(),
            "1158201444".to_owned()
        )
    );
    let refused = ask(APP, &asked("another word")).await;
    assert_eq!(refused.0, 403);
    for (app, query) in [
        (APP, asked("").to_vec()),
        (APP, asked("agreed-with-met").to_vec()),
        (APP, asked("AGREED-WITH-META").to_vec()),
        (OTHER_APP, asked(VERIFY_TOKEN).to_vec()),
        ("999", asked(VERIFY_TOKEN).to_vec()),
        ("x", asked(VERIFY_TOKEN).to_vec()),
        (APP, Vec::new()),
        (APP, asked(VERIFY_TOKEN)[1..].to_vec()),
        (APP, asked(VERIFY_TOKEN)[..2].to_vec()),
        (
            APP,
            [&asked(VERIFY_TOKEN)[..], &asked("twice")[2..]].concat(),
        ),
        (
            APP,
            vec![
                ("hub.mode", "unsubscribe"),
                ("hub.challenge", "1"),
                ("hub.verify_token", VERIFY_TOKEN),
            ],
        ),
        (
            APP,
            vec![
                ("hub.mode", "subscribe"),
                ("hub.challenge", ""),
                ("hub.verify_token", VERIFY_TOKEN),
            ],
        ),
        (
            APP,
            vec![
                ("hub.mode", "subscribe"),
                ("hub.challenge", "<b>"),
                ("hub.verify_token", VERIFY_TOKEN),
            ],
        ),
    ] {
        assert_eq!(ask(app, &query).await, refused, "{app} {query:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_request_that_is_not_the_apps_is_refused_and_changes_nothing() {
    each_database(async |scene| {
        let said = scene.said(5);
        let good = signed_request(SECRET, &said);
        let (mac, payload) = good.split_once('.').expect("two parts");
        let with = |field: &str, value: Value| {
            let mut said = said.clone();
            said[field] = value;
            signed_request(SECRET, &said)
        };
        let requests = [
            String::new(),
            ".".to_owned(),
            payload.to_owned(),
            mac.to_owned(),
            format!(".{payload}"),
            format!("{mac}."),
            format!("{payload}.{mac}"),
            format!("{}.{payload}", &mac[..42]),
            format!("{mac}.{payload}x"),
            format!("{mac}.{payload}.{payload}"),
            format!("{mac}.{payload}=="),
            format!("!!!.{payload}"),
            signed_request("another secret", &said),
            signed_request("other-secret-other-secret", &said),
            with("algorithm", json!("HMAC-SHA1")),
            with("algorithm", json!("none")),
            with("algorithm", Value::Null),
            with("issued_at", json!(scene.now() - 86_405)),
            with("issued_at", json!(scene.now() + 660)),
            with("issued_at", json!("yesterday")),
            with("user_id", json!("1/../me")),
            with("user_id", Value::Null),
            signed_request(SECRET, &json!([])),
            signed_request(SECRET, &json!("x")),
        ];
        let before = scene.contents().await;
        let refused = scene
            .callback(&format!("/meta/deauthorize/{APP}"), "x")
            .await;
        assert_eq!(refused.0, 403);
        for request in &requests {
            for path in ["/meta/deauthorize", "/meta/data-deletion"] {
                assert_eq!(
                    scene.callback(&format!("{path}/{APP}"), request).await,
                    refused,
                    "{path} {request}"
                );
            }
        }
        for app in [OTHER_APP, "999", "x"] {
            assert_eq!(
                scene
                    .callback(&format!("/meta/data-deletion/{app}"), &good)
                    .await,
                refused,
                "{app}"
            );
        }
        let bare = answer(
            scene
                .post(&format!("/meta/deauthorize/{APP}"))
                .body(good.clone()),
        )
        .await;
        assert_eq!(bare, refused, "a form without the field");
        assert_eq!(scene.receive().await, 0);
        assert!(scene.contents().await == before, "something was written");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deauthorisation_ends_the_persons_credentials_in_every_tenant() {
    each_database(async |scene| {
        let request = signed_request(SECRET, &scene.said(0));
        let path = format!("/meta/deauthorize/{APP}");
        assert_eq!(scene.callback(&path, &request).await.0, 200);
        assert_eq!(scene.receive().await, 2);
        for tenant in [&scene.one, &scene.two] {
            for id in &scene.ids {
                let asset = tenant.get(&format!("/v1/assets/{id}")).await;
                assert_eq!(
                    (&asset["state"], &asset["reason"]["code"]),
                    (&json!("disconnected"), &json!("revoked"))
                );
                assert_eq!(asset["who"], "person");
                assert_eq!(tenant.status(&format!("/v1/assets/{id}/token")).await, 409);
            }
        }
        for id in &scene.ids {
            assert_eq!(
                scene.third.status(&format!("/v1/assets/{id}/token")).await,
                200,
                "another person's"
            );
        }
        assert!(scene.holds("person.revoked").await && scene.holds("person.deauthorized").await);
        let before = scene.contents().await;
        assert_eq!(scene.callback(&path, &request).await.0, 200);
        assert_eq!(scene.receive().await, 0);
        assert!(scene.contents().await == before, "a replay wrote something");

        // A new login after the word is another matter, even when the word comes again.
        scene
            .bench
            .sandbox
            .post("clock", json!({ "advance": "5m" }))
            .await;
        let ended = scene
            .one
            .reconnect(&scene.bench.sandbox.token(Fleet::PERSON).await, &scene.ids)
            .await;
        assert_eq!(ended["counts"]["replaced"], 4, "{ended}");
        assert_eq!(
            scene
                .callback(&path, &signed_request(SECRET, &scene.said(60)))
                .await
                .0,
            200
        );
        assert_eq!(scene.receive().await, 2);
        assert_eq!(
            scene
                .one
                .status(&format!("/v1/assets/{}/token", scene.ids[0]))
                .await,
            200
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_how_far_the_deletion_of_their_data_is() {
    each_database(async |scene| {
        let request = signed_request(SECRET, &scene.said(0));
        let path = format!("/meta/data-deletion/{APP}");
        let (status, receipt) = scene.callback(&path, &request).await;
        assert_eq!(status, 200);
        let told: Value = serde_json::from_str(&receipt).expect("json");
        let (url, code) = (
            told["url"].as_str().expect("url"),
            told["confirmation_code"].as_str().expect("code"),
        );
        assert_eq!(url, format!("{}{path}/{code}", scene.bench.api));
        assert_eq!(
            scene.callback(&path, &request).await,
            (200, receipt.clone()),
            "the same request, the same code"
        );
        let read = async |url: &str| answer(http().get(url).header("X-Request-Id", "same")).await;
        assert!(read(url).await.1.contains("<strong>Received</strong>"));
        assert!(!scene.holds(code).await, "the code itself is not kept");
        assert_eq!(
            scene.bench.vault.receive_due(1).await.expect("an answer"),
            1
        );
        assert!(read(url).await.1.contains("<strong>In progress</strong>"));
        assert_eq!(scene.receive().await, 1);
        let (status, page) = read(url).await;
        assert!(
            status == 200 && page.contains("<strong>Completed</strong>"),
            "{page}"
        );
        assert!(
            !page.contains(Fleet::PERSON) && !page.contains("Person"),
            "{page}"
        );

        for tenant in [&scene.one, &scene.two] {
            let asset = tenant.get(&format!("/v1/assets/{}", scene.ids[1])).await;
            assert_eq!(
                (&asset["slots"]["active"], &asset["person_id"]),
                (&Value::Null, &Value::Null)
            );
            assert_eq!(
                (&asset["state"], &asset["reason"]["code"]),
                (&json!("disconnected"), &json!("revoked"))
            );
        }
        assert_eq!(
            scene
                .third
                .status(&format!("/v1/assets/{}/token", scene.ids[0]))
                .await,
            200
        );

        let unknown = read(&format!("{}{path}/0000", scene.bench.api)).await;
        assert_eq!(unknown.0, 404);
        for path in [
            format!("/meta/data-deletion/{OTHER_APP}/{code}"),
            format!("/meta/data-deletion/x/{code}"),
            format!("{path}/{}", "0".repeat(32)),
            format!("{path}/%3Cscript%3E"),
            format!("{path}/{}", "0".repeat(900)),
        ] {
            assert_eq!(
                read(&format!("{}{path}", scene.bench.api)).await,
                unknown,
                "{path}"
            );
        }
        let answer = http()
            .request(Method::GET, url)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.headers()["x-robots-tag"], "noindex, nofollow");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sandbox_sends_is_believed() {
    let scene = Scene::on(TestDatabase::sqlite().await).await;
    let (api, sandbox) = (&scene.bench.api, &scene.bench.sandbox);
    sandbox
        .put(
            &format!("apps/{APP}/webhook"),
            json!({ "url": format!("{api}/meta/webhooks/{APP}") }),
        )
        .await;
    let callbacks = json!({
        "deauthorize_url": format!("{api}/meta/deauthorize/{APP}"),
        "data_deletion_url": format!("{api}/meta/data-deletion/{APP}"),
    });
    sandbox
        .put(&format!("apps/{APP}/callbacks"), callbacks)
        .await;
    let business = crate::bench::business(1);
    let order =
        json!({ "person": Fleet::PERSON, "business": business, "new_person": Fleet::MANAGED });
    sandbox.post("migrations", order).await;
    delivered(&scene, 1).await;
    assert_eq!(scene.receive().await, 2);
    assert_ne!(scene.cut_off(&scene.one).await, Value::Null);
    let change = json!({ "app": APP, "permission": "ads_read", "verb": "revoked" });
    sandbox
        .post(&format!("persons/{}/permissions", Fleet::PERSON), change)
        .await;
    delivered(&scene, 2).await;
    assert_eq!(scene.receive().await, 2);
    sandbox
        .post(
            &format!("persons/{}/deauthorize", Fleet::PERSON),
            json!({ "app": APP }),
        )
        .await;
    delivered(&scene, 3).await;
    assert_eq!(scene.receive().await, 2);
    assert_eq!(
        scene
            .two
            .status(&format!("/v1/assets/{}/token", scene.ids[0]))
            .await,
        409
    );
    sandbox
        .post(
            &format!("persons/{}/data-deletion", Fleet::PERSON),
            json!({ "app": APP }),
        )
        .await;
    let told = delivered(&scene, 4).await;
    assert_eq!(scene.receive().await, 2);
    let url = told["answer"]["url"].as_str().expect("a page");
    assert!(answer(http().get(url)).await.1.contains("Completed"));
}

/// Waits until the sandbox has delivered `n` messages, each at once; the last one.
async fn delivered(scene: &Scene, n: usize) -> Value {
    for _ in 0..200 {
        let told = scene.bench.sandbox.get("webhooks").await;
        let told = told["data"].as_array().expect("a list");
        if told.len() >= n {
            assert!(told.iter().all(|it| it["status"] == 200), "{told:?}");
            return told[n - 1].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the sandbox delivers nothing")
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_apps_secret_is_changed_messages_signed_with_either_are_believed() {
    each_database(async |scene| {
        let app = APP.parse().expect("an app id");
        let change = async |secret: &str| {
            let secret = regrant_domain::AppSecret::parse(secret.to_owned()).expect("a secret");
            let day = Duration::from_hours(24);
            let set = scene
                .bench
                .vault
                .set_app_secret(Acting::CommandLine, &app, &secret, day, None)
                .await;
            set.expect("the app is there");
        };
        let tell = async |secret: &str, date: &str| {
            let raw = migration(Fleet::PERSON, scene.now(), date);
            answer(
                scene
                    .webhook(APP, &raw)
                    .header("X-Hub-Signature-256", signature(secret, &raw)),
            )
            .await
            .0
        };
        change("the-second-secret").await;
        assert_eq!(tell(SECRET, "2030-01-01T00:00:00Z").await, 200);
        assert_eq!(tell("the-second-secret", "2030-01-02T00:00:00Z").await, 200);
        change("the-third-secret").await;
        assert_eq!(
            tell(SECRET, "2030-01-03T00:00:00Z").await,
            403,
            "the one before the one before is over"
        );
        assert_eq!(tell("the-second-secret", "2030-01-04T00:00:00Z").await, 200);
        scene.bench.clock.advance(chrono::Duration::hours(25));
        assert_eq!(
            tell("the-second-secret", "2030-01-05T00:00:00Z").await,
            403,
            "its overlap is over"
        );
        assert_eq!(tell("the-third-secret", "2030-01-06T00:00:00Z").await, 200);
    })
    .await;
}
