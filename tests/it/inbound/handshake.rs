//! Meta's handshake: the verify token is checked, the challenge is returned.

use regrant_testdb::TestDatabase;

use super::Scene;
use crate::harness::{APP, OTHER_APP, VERIFY_TOKEN, http};

#[tokio::test(flavor = "multi_thread")]
async fn the_handshake_accepts_only_the_verify_token() {
    let scene = Scene::on(TestDatabase::create_sqlite().await).await;
    let ask = async |app: &str, query: &[(&str, &str)]| {
        let call = http()
            .get(format!("{}/meta/webhooks/{app}", scene.harness.api))
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
    let asked = |token| {
        [
            ("hub.mode", "subscribe"),
            ("hub.challenge", "1158201444"),
            ("hub.verify_token", token),
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
    let refused = ask(APP, &asked("another token")).await;
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
