//! The generated clients are current, compile, and reconnect against a real server.

use std::{process::Stdio, time::Duration};

use regrant_testdb::TestDatabase;

use crate::harness::{Fleet, Harness};

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_are_current_and_replace_the_tokens_of_a_tenant() {
    if !installed("python3").await || !installed("npm").await {
        assert!(
            std::env::var_os("CI").is_none(),
            "python3 and npm are needed"
        );
        eprintln!("CLIENT RING SKIPPED: python3 and npm are needed");
        return;
    }
    let fleet = Fleet::new(2, 3, 0);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let run = tokio::process::Command::new("bash")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/run.sh"))
        .env("REGRANT_API", &harness.api)
        .env("REGRANT_CLIENT_ID", &tenant.client_id)
        .env("REGRANT_CLIENT_SECRET", &tenant.client_secret)
        .env(
            "REGRANT_PERSON_TOKEN",
            harness.sandbox.token(Fleet::PERSON).await,
        )
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(Duration::from_mins(10), run)
        .await
        .expect("it ends in time")
        .expect("bash starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    let all = fleet.ids().len();
    assert!(
        out.contains(&format!("typescript: {{\"replaced\":{all}}}")),
        "{out}"
    );
    assert!(
        out.contains(&format!("python: {{\"unchanged\": {all}}}")),
        "{out}"
    );
}

async fn installed(program: &str) -> bool {
    let version = tokio::process::Command::new(program)
        .arg("--version")
        .output()
        .await;
    version.is_ok_and(|it| it.status.success())
}
