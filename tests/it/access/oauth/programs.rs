//! Programs that others wrote log in: oauth4webapi and openid-client, from npm.

use std::process::Stdio;

use regrant_testdb::TestDatabase;
use tokio::io::AsyncWriteExt as _;

use super::start;
use crate::harness::on_both;

on_both!(programs_of_others_configure_themselves_log_in_and_prove_their_calls);

async fn programs_of_others_configure_themselves_log_in_and_prove_their_calls(
    database: TestDatabase,
) {
    if std::process::Command::new("npm")
        .arg("--version")
        .output()
        .is_err()
    {
        assert!(std::env::var_os("CI").is_none(), "npm is needed");
        eprintln!("OAUTH RING SKIPPED: npm is needed");
        return;
    }
    let (harness, tenant) = start(database).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/oauth/run.sh");
    let mut child = tokio::process::Command::new("bash")
        .args([script, &harness.api, &tenant.client_id])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("bash starts");
    let mut stdin = child.stdin.take().expect("piped");
    let secret = tenant.client_secret.as_bytes();
    stdin.write_all(secret).await.expect("the secret is read");
    drop(stdin);
    let ended = tokio::time::timeout(std::time::Duration::from_mins(5), child.wait_with_output());
    let output = ended.await.expect("in time").expect("it ends");
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.trim_end().ends_with(" passed, 0 failed"), "{stdout}");
}
