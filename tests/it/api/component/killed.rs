//! A server that is killed while the component follows a reconnect, and started again.

use regrant_testdb::TestDatabase;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::{PATIENCE, start};
use crate::harness::{APP, Fleet, ServerProcess, free_port};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_no_row_of_the_component() {
    let fleet = Fleet::new(2, 40, 0);
    let mut server =
        ServerProcess::start(TestDatabase::create_sqlite().await, &fleet.world(), "warn").await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let port = free_port();
    let origin = format!("http://localhost:{port}").parse();
    let change = regrant_vault::TenantChange {
        origins: Some(vec![origin.expect("an origin")]),
        ..Default::default()
    };
    let id = tenant.id.parse().expect("an id");
    let changed = server
        .vault
        .change_tenant(regrant_vault::Actor::CommandLine, id, change)
        .await;
    changed.expect("the tenant is there");
    let given = json!({
        "api": server.api, "sandbox": server.sandbox.url, "app": APP, "host_port": port,
        "client_id": tenant.client_id, "client_secret": tenant.client_secret, "asset_ids": fleet.ids(),
    });
    let Some(mut child) = start("component/killed.mjs", &given) else {
        return;
    };
    let mut input = child.stdin.take().expect("piped");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let follow = async {
        let mut printed = String::new();
        while let Some(line) = lines.next_line().await.expect("text") {
            if line == "KILL" {
                server.kill().await;
                tokio::time::sleep(std::time::Duration::from_secs(2)).await;
                server.restart().await;
                input.write_all(b"STARTED\n").await.expect("it reads");
            }
            printed += &line;
            printed.push('\n');
        }
        printed
    };
    let printed = tokio::time::timeout(PATIENCE, follow).await;
    let printed = printed.expect("it ends in time");
    let ended = child.wait_with_output().await.expect("its output");
    assert!(
        ended.status.success(),
        "{printed}\n{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}
