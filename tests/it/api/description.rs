//! Responses match the OpenAPI descriptions, for every role (goal G29): schemathesis generates the calls.
//!
//! `REGRANT_API_EXAMPLES` sets the number of examples for each operation, and `REGRANT_API_CASES` the least number of
//! cases in total; the defaults give well over 2,000 cases.

use std::{path::Path, process::Stdio, time::Duration};

use regrant_api::Rates;
use regrant_domain::{Permission, Permissions};
use regrant_testdb::TestDatabase;
use serde_json::json;

use crate::harness::{Fleet, Harness, Options, Tenant, from_environment};

/// Operations that would end the log-in of the operator that calls them.
const ENDS_ITSELF: [&str; 3] = ["log_out", "change_password", "rotate_keys"];

struct Role {
    name: &'static str,
    url: String,
    description: &'static str,
    bearer: String,
    leaves_out: &'static [&'static str],
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_gets_responses_as_described() {
    if !installed("python3").await {
        assert!(std::env::var_os("CI").is_none(), "python3 is needed");
        eprintln!("DESCRIPTION RING SKIPPED: python3 is needed");
        return;
    }
    let fleet = Fleet::new(1, 3, 0);
    // High rates, so that no call is answered 429.
    let rates = Rates {
        tenant: 10_000,
        session: 10_000,
        address: 10_000,
        callbacks: 10_000,
    };
    let api = regrant_api::Settings {
        rates,
        ..regrant_api::Settings::default()
    };
    let options = Options {
        api,
        ..Options::default()
    };
    let harness = Harness::with(TestDatabase::create_sqlite().await, &fleet.world(), options).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    let mut cases = 0;
    for role in roles(&harness, &tenant, &fleet).await {
        cases += generated(&role).await;
    }
    println!("G29: {cases} generated calls were answered as described");
    assert!(
        cases >= from_environment("REGRANT_API_CASES", 2_000),
        "{cases}"
    );
}

async fn roles(harness: &Harness, tenant: &Tenant, fleet: &Fleet) -> Vec<Role> {
    let everything = harness.tenant("Everything").await.bearer;
    let reader: Permissions = [Permission::AssetsRead, Permission::ForecastRead]
        .into_iter()
        .collect();
    let reader = harness.tenant_with("Reader", reader).await.bearer;
    let order = json!({ "asset_ids": fleet.ids(), "minutes": 60, "uses": 20 });
    let (_, opened) = tenant.post("/v1/reconnect-sessions", &order).await;
    let session = opened["token"].as_str().expect("a token").to_owned();
    let (owner, support) = (harness.owner().await.bearer, harness.support().await.bearer);
    let (public, admin) = ("openapi.yaml", "openapi-admin.yaml");
    let role = |name, description, bearer| {
        let (url, leaves_out): (_, &[&str]) = if description == public {
            (&harness.api, &[])
        } else {
            (&harness.admin, &ENDS_ITSELF)
        };
        Role {
            name,
            url: url.clone(),
            description,
            bearer,
            leaves_out,
        }
    };
    vec![
        role("every scope", public, everything),
        role("reader", public, reader),
        role("session", public, session),
        role("no credential", public, String::new()),
        role("owner", admin, owner),
        role("support", admin, support),
    ]
}

/// Runs the generated calls of a role and returns their number. It panics if a response is not as described.
async fn generated(role: &Role) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let examples = from_environment("REGRANT_API_EXAMPLES", 2);
    let run = tokio::process::Command::new("bash")
        .arg(root.join("tests/api/run.sh"))
        .arg(&role.url)
        .arg(root.join(role.description))
        .arg(examples.to_string())
        .args(role.leaves_out)
        .env("REGRANT_BEARER", &role.bearer)
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(Duration::from_hours(1), run)
        .await
        .expect("it ends in time");
    let output = output.expect("bash starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{}: {out}\n{err}", role.name);
    let last = out.lines().last().unwrap_or_default();
    eprintln!("{}: {last}", role.name);
    last.split(' ')
        .next()
        .and_then(|it| it.parse().ok())
        .unwrap_or_else(|| panic!("no count: {last}"))
}

async fn installed(program: &str) -> bool {
    let version = tokio::process::Command::new(program)
        .arg("--version")
        .output()
        .await;
    version.is_ok_and(|it| it.status.success())
}
