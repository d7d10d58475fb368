//! The containers of `deploy/`: onboarding, a reconnect of hundreds of assets, and a replica killed during it.
//!
//! The rule: if Docker does not answer, or the images cannot be built without pulling any, the test prints that it was
//! skipped; `REGRANT_REQUIRE_COMPOSE=1` makes that a failure. The test always removes the containers that it started.

mod images;

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::{APP, Fleet, SECRET, Tenant, free_port, http};

const REQUIRED: &str = "REGRANT_REQUIRE_COMPOSE";

const REGRANT: &str = "regrant-test";

const POSTGRES: &str = "regrant-test-postgres";

const ASSETS: usize = 400;

/// A compose project in a directory of its own; dropping it removes the containers.
struct Stack {
    compose: Vec<&'static str>,
    directory: tempfile::TempDir,
    project: String,
    /// The ports of the two replicas and of the operators' listener.
    ports: [u16; 3],
}

impl Stack {
    /// Copies the files of `deploy/` and makes secrets for them; starts nothing.
    fn new(compose: Vec<&'static str>, world: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (deploy, to) = (root().join("deploy"), directory.path());
        done(Command::new("cp").arg("-R").arg(deploy.join(".")).arg(to));
        fs::copy(
            root().join("tests/compose/compose.test.yaml"),
            to.join("compose.test.yaml"),
        )
        .expect("a file");
        fs::write(to.join("world.yaml"), world).expect("the file is written");
        if !to.join("secrets").exists() {
            done(Command::new(to.join("make-secrets")).arg(to.join("secrets")));
        }
        let project = format!("regrant{}", uuid::Uuid::now_v7().simple());
        Self {
            compose,
            directory,
            project,
            ports: [free_port(), free_port(), free_port()],
        }
    }

    fn compose(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.compose[0]);
        command.args(&self.compose[1..]).args(["-p", &self.project]);
        for file in [
            "compose.yaml",
            "compose.rehearsal.yaml",
            "compose.test.yaml",
        ] {
            command.args(["-f", file]);
        }
        let [one, two, admin] = self.ports.map(|it| it.to_string());
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env("REGRANT_SECRETS", self.directory.path().join("secrets"))
            .env("REGRANT_IMAGE", REGRANT)
            .env("POSTGRES_IMAGE", POSTGRES)
            .env("REGRANT_PORT_1", one)
            .env("REGRANT_PORT_2", two)
            .env("REGRANT_ADMIN_PORT", admin)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command as in `docs/operations.md` and returns its output.
    fn cli(&self, arguments: &[&str]) -> String {
        let all = [&["run", "--rm", "-T", "cli"], arguments].concat();
        printed(&done(&mut self.compose(&all)))
    }

    fn url(&self, replica: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[replica])
    }

    async fn wait_until_ready(&self) {
        for replica in [0, 1] {
            let (mut ready, url) = (false, format!("{}/readyz", self.url(replica)));
            for _ in 0..600 {
                ready = http()
                    .get(&url)
                    .send()
                    .await
                    .is_ok_and(|it| it.status().is_success());
                if ready {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            assert!(ready, "replica {replica} is not ready:\n{}", self.logs());
        }
    }

    fn logs(&self) -> String {
        let output = self
            .compose(&["logs", "--no-color", "--tail", "60"])
            .output();
        output.map(|it| printed(&it)).unwrap_or_default()
    }

    /// The container of a service.
    fn container(&self, service: &str) -> String {
        printed(&done(&mut self.compose(&["ps", "-q", service])))
            .trim()
            .to_owned()
    }

    /// Creates something through the operators' API.
    async fn operate(&self, what: &str, bearer: &str, body: &Value) -> Value {
        let call = http()
            .post(format!("{}/admin/v1/{what}", self.url(2)))
            .bearer_auth(bearer)
            .json(body);
        let answer = call.send().await.expect("the listener answers");
        let status = answer.status();
        let body = answer.json().await.expect("JSON");
        assert_eq!(status, 201, "{what}: {body}");
        body
    }

    /// Calls the sandbox from inside its container: it listens on loopback only.
    fn sandbox(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{method} /sandbox/{path} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let script = "exec 3<>/dev/tcp/127.0.0.1/8090; printf %s \"$1\" >&3; cat <&3";
        let call = [
            "exec", "-T", "sandbox", "bash", "-c", script, "bash", &request,
        ];
        let answer = printed(&done(&mut self.compose(&call)));
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("no answer: {answer}"));
        assert!(head.starts_with("HTTP/1.1 2"), "{answer}");
        // A chunked body has chunk lengths around the JSON.
        let from = body.find(['{', '[']).unwrap_or(0);
        let to = body.rfind(['}', ']']).map_or(body.len(), |it| it + 1);
        serde_json::from_str(&body[from..to]).unwrap_or(Value::Null)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let down = self
            .compose(&["down", "-v", "--remove-orphans", "-t", "5"])
            .output();
        if !down.as_ref().is_ok_and(|it| it.status.success()) {
            eprintln!("containers of {} were left behind: {down:?}", self.project);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_killed_during_a_reconnect_loses_nothing_and_applies_nothing_twice() {
    let compose = match images::prepare() {
        Ok(compose) => compose,
        Err(reason) => return skip(&reason),
    };
    let fleet = Fleet::new(1, ASSETS - 1, 1);
    let stack = Stack::new(compose, &fleet.world());
    stack.cli(&["keys", "init", "--memory", "64"]);
    done(&mut stack.compose(&["up", "-d"]));
    stack.wait_until_ready().await;
    let tenant = onboard(&stack).await;
    tenant.register(&fleet.assets()).await;
    stack.sandbox("PUT", "latency", &json!({ "ms": 1_000 }));
    let doomed = stack.container("serve1");
    let token = stack.sandbox(
        "POST",
        "tokens",
        &json!({ "person": Fleet::PERSON, "app": APP }),
    );
    let order = json!({ "access_token": token["access_token"], "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (status, accepted) = tenant.post("/v1/reconnects", &order).await;
    assert_eq!(status, 202, "{accepted}");
    let id = accepted["id"].as_str().expect("an id");
    // Read the progress from the other replica; kill the first one as soon as an item is settled.
    let other = tenant.at(&stack.url(1));
    let mut settled = 0;
    for _ in 0..200 {
        settled = settled_of(&other.get(&format!("/v1/reconnects/{id}")).await);
        if settled > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // SIGKILL, like a machine that fails.
    done(Command::new("docker").args(["kill", "-s", "KILL", &doomed]));
    let at_kill = settled_of(&other.get(&format!("/v1/reconnects/{id}")).await);
    println!("{settled} of {ASSETS} were settled before the kill, {at_kill} after it");
    assert!(
        settled > 0 && at_kill < ASSETS,
        "the kill hit a running reconnect: {settled}, {at_kill}"
    );
    let ended = other.ended(id).await;
    assert_eq!(ended["status"], "completed", "{}", ended["counts"]);
    assert_eq!(
        ended["counts"],
        json!({ "replaced": ASSETS }),
        "every item ended as replaced"
    );
    every_asset_moved_once(
        &stack.cli(&["audit", "export", "--tenant", &tenant.id]),
        &fleet,
    );
    // The remaining replica decrypts every stored token.
    let tokens = other.tokens(&fleet.ids()).await;
    assert!(tokens.len() == ASSETS && tokens.values().all(|it| it["access_token"].is_string()));
    let calls = stack.sandbox("GET", "calls", &Value::Null);
    let asked = calls["probes_by_asset"].as_object().expect("the call log");
    assert!(
        fleet.ids().iter().all(|id| asked.contains_key(id)),
        "every asset was probed"
    );
    stack.cli(&["audit", "verify"]);
}

/// Creates the first operator, the app and the first tenant, and logs in the tenant's client.
async fn onboard(stack: &Stack) -> Tenant {
    stack.cli(&["operators", "add", "--name", "ada", "--role", "owner"]);
    let password = fs::read_to_string(stack.directory.path().join("secrets/operator_password"));
    let login = json!({ "name": "ada", "password": password.expect("it was made") });
    let session = stack.operate("session", "", &login).await;
    let bearer = text(&session, "/access_token");
    stack
        .operate(
            "apps",
            &bearer,
            &json!({ "id": APP, "name": "Provider App", "secret": SECRET }),
        )
        .await;
    let made = stack
        .operate("tenants", &bearer, &json!({ "name": "One", "app_id": APP }))
        .await;
    let (tenant, client) = (text(&made, "/tenant/id"), text(&made, "/client/id"));
    Tenant::with_secret(&stack.url(0), tenant, client, text(&made, "/client/secret")).await
}

fn text(answer: &Value, field: &str) -> String {
    let text = answer.pointer(field).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("no {field}: {answer}"))
        .to_owned()
}

fn settled_of(reconnect: &Value) -> usize {
    let counts = reconnect["counts"].as_object();
    let settled = counts
        .into_iter()
        .flatten()
        .filter_map(|(_, n)| n.as_u64())
        .sum::<u64>();
    usize::try_from(settled).expect("not so many")
}

/// Asserts that the audit holds one activation for each asset, each with generation 1.
fn every_asset_moved_once(audit: &str, fleet: &Fleet) {
    let rows = audit
        .lines()
        .filter_map(|it| serde_json::from_str::<Value>(it).ok());
    let moves: Vec<_> = rows
        .filter(|it| it["action"] == "credential.activated")
        .collect();
    assert!(
        moves.iter().all(|it| it["detail"]["generation"] == 1),
        "{moves:?}"
    );
    let assets: BTreeSet<_> = moves
        .iter()
        .filter_map(|it| it["subject"].as_str())
        .map(ToOwned::to_owned)
        .collect();
    assert_eq!(
        (moves.len(), assets),
        (ASSETS, fleet.ids().into_iter().collect())
    );
}

fn done(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|it| panic!("{command:?}: {it}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}",
        printed(&output)
    );
    output
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn skip(reason: &str) {
    let required = std::env::var(REQUIRED).is_ok_and(|it| it == "1");
    assert!(!required, "{REQUIRED}=1, but {reason}");
    eprintln!("=== COMPOSE RING SKIPPED: {reason} ===");
}
