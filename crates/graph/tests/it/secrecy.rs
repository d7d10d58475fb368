//! No secret appears in a log, error or result, even at level `trace` and if Graph repeats secrets.

use std::{
    io,
    sync::{Arc, Mutex},
};

use regrant_domain::AssetKind;
use serde_json::{Value, json};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{
    bench::{APP_SECRET, TOKEN, app, businesses, client, person, probe, token},
    stub::{Reply, Stub, item},
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_leaves_the_client_holds_a_secret() {
    let log = Log::default();
    let filter = EnvFilter::new("trace");
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(log.clone())
        .with_ansi(false)
        .init();
    // Graph repeats the request: in the error, in the trace id, in headers.
    let stub = Stub::start(|number, call| {
        let message = format!("Malformed access token {TOKEN} {APP_SECRET} {}", call.line);
        let error =
            json!({"code": 424_242, "message": message, "type": TOKEN, "fbtrace_id": TOKEN});
        let headers = vec![
            ("x-fb-trace-id", TOKEN.to_owned()),
            ("facebook-api-version", APP_SECRET.to_owned()),
        ];
        let status = if number % 3 == 0 { 400 } else { 500 };
        Reply {
            headers,
            ..Reply::error(status, &error)
        }
    })
    .await;
    let client = client(&stub.url);
    let unreachable = crate::bench::client("http://127.0.0.1:1");
    let output = [
        format!("{:?}", client.inspect_token(&app(), &token(TOKEN)).await),
        format!(
            "{:?}",
            client
                .exchange_token(&app(), &token(TOKEN), &person("7"))
                .await
        ),
        format!("{:?}", probe(&client, &businesses(2)).await),
        format!(
            "{:?}",
            unreachable.inspect_token(&app(), &token(TOKEN)).await
        ),
        format!(
            "{:?}",
            unreachable
                .exchange_token(&app(), &token(TOKEN), &person("7"))
                .await
        ),
        String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned(),
    ];
    let output = output.concat();
    assert!(output.contains("Graph refused") && output.contains("Graph could not be reached"));
    for secret in [TOKEN, APP_SECRET] {
        let before_secret = output
            .find(secret)
            .map(|at| output[at.saturating_sub(200)..at].to_owned());
        assert_eq!(before_secret, None, "a secret follows this");
    }
}

#[tokio::test]
async fn an_unknown_error_is_kept_and_counted_without_secret_and_a_known_one_is_not() {
    let stub = Stub::start(|_, call| {
        let error = |message: String| json!({"error": {"code": 424_242, "message": message, "type": "OAuthException"}});
        let items: Vec<_> = call
            .ids()
            .iter()
            .map(|id| match id.as_str() {
                "3" => item(400, &json!({"error": {"code": 190, "error_subcode": 460, "message": "changed"}})),
                _ => item(400, &error(format!("brand new: {TOKEN} on 1784140000000000{id}"))),
            })
            .collect();
        Reply::json(&Value::from(items))
    })
    .await;
    let client = client(&stub.url);
    probe(&client, &businesses(3)).await;
    let errors = client.take_unknown_errors();
    let [error] = errors.as_slice() else {
        panic!("{errors:?}")
    };
    assert_eq!((error.code, error.count), (Some(424_242), 2));
    assert_eq!(error.object, Some(AssetKind::Business));
    assert_eq!(error.text, "brand new: … on #");
    assert!(client.take_unknown_errors().is_empty());
}
