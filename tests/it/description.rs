//! What is answered is what the descriptions tell, role by role (goal G29): generated calls by schemathesis.
//!
//! `REGRANT_API_EXAMPLES` sets how many each call is tried with; the usual few give well over 2,000 cases.

use std::{path::Path, process::Stdio, time::Duration};

use regrant_domain::{Permission, Permissions};
use regrant_testdb::TestDatabase;

use crate::bench::{Bench, Fleet};

/// Calls that would end the very log-in that is tried.
const ENDS_ITSELF: [&str; 0] = [];

struct Role {
    name: &'static str,
    url: String,
    description: &'static str,
    bearer: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_is_answered_as_described() {
    if !installed("python3").await {
        assert!(std::env::var_os("CI").is_none(), "python3 is needed");
        eprintln!("DESCRIPTION RING SKIPPED: python3 is needed");
        return;
    }
    let fleet = Fleet::new(1, 3, 0);
    let bench = Bench::start(TestDatabase::sqlite().await, &fleet.world()).await;
    let tenant = bench.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    tenant.reconnect(&bench.sandbox.token(Fleet::PERSON).await, &fleet.ids()).await;
    let mut cases = 0;
    for role in roles(&bench).await {
        cases += generated(&role).await;
    }
    eprintln!("{cases} generated calls were answered as described");
    assert!(cases >= 2_000, "{cases}");
}

async fn roles(bench: &Bench) -> Vec<Role> {
    let everything = bench.tenant("Everything").await.bearer;
    let reader: Permissions = [Permission::AssetsRead, Permission::ForecastRead].into_iter().collect();
    let reader = bench.tenant_with("Reader", reader).await.bearer;
    let public = |name, bearer| Role { name, url: bench.api.clone(), description: "openapi.yaml", bearer };
    vec![public("every scope", everything), public("reader", reader), public("nobody", String::new())]
}

/// How many calls were generated; none was answered otherwise than described.
async fn generated(role: &Role) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let examples = std::env::var("REGRANT_API_EXAMPLES").unwrap_or_else(|_| "8".to_owned());
    let run = tokio::process::Command::new("bash")
        .arg(root.join("tests/api/run.sh"))
        .arg(&role.url)
        .arg(root.join(role.description))
        .arg(examples)
        .args(ENDS_ITSELF)
        .env("REGRANT_BEARER", &role.bearer)
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(Duration::from_mins(60), run).await.expect("it ends in time");
    let output = output.expect("bash starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {out}\n{err}", role.name);
    let last = out.lines().last().unwrap_or_default();
    eprintln!("{}: {last}", role.name);
    last.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("no count: {last}"))
}

async fn installed(program: &str) -> bool {
    let version = tokio::process::Command::new(program).arg("--version").output().await;
    version.is_ok_and(|it| it.status.success())
}
