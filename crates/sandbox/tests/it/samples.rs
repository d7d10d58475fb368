//! The requests that Meta's pages show run as they are written there.

use std::process::{Command, Stdio};

use hmac::{Hmac, KeyInit, Mac};
use regrant_sandbox::World;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::bench::{APP, Bench, error_codes};

const SAMPLES: &str = include_str!("samples/requests.txt");
const OWNER: (&str, &str) = ("100000000000001", "200000000000001");
const PARTNER: (&str, &str) = ("100000000000009", "200000000000009");
const PAGE: &str = "300000000010001";
const WORLD: &str = r#"
apps: [{id: "400100200300499", secret: fedcba9876543210fedcba9876543210, name: App}]
businesses: [{id: "200000000000001", name: Owner}, {id: "200000000000009", name: Partner}]
persons:
  - {id: "100000000000001", name: One, roles: [{business: "200000000000001"}]}
  - {id: "100000000000002", name: Managed, is_work_account: true}
  - {id: "100000000000009", name: Nine, roles: [{business: "200000000000009"}]}
assets:
  - {id: "300000000010001", kind: page, business: "200000000000001", name: Page}
  - {id: act_500000000010001, kind: ad_account, business: "200000000000001", name: Account}
onbehalf_requests:
  - {id: "77", receiving_business: "200000000000001", requesting_business: "200000000000009", asset: act_500000000010001}
"#;

struct Tokens {
    owner: String,
    partner: String,
    page: String,
}

#[tokio::test]
async fn the_requests_of_metas_pages_run_as_written() {
    let bench = Bench::start_with(World::from_yaml(WORLD).unwrap()).await;
    let tokens = Tokens {
        owner: token_of(&bench, OWNER.0).await,
        partner: token_of(&bench, PARTNER.0).await,
        page: bench.page_token(&token_of(&bench, OWNER.0).await).await,
    };
    let mut answers = Vec::new();
    for request in read_requests(&bench, &tokens) {
        let answer = run_request(request.clone()).await;
        assert!(answer.get("error").is_none(), "{request}\n{answer}");
        answers.push(answer);
    }
    assert_eq!(answers.len(), 20);
    assert_eq!(answers[0]["is_work_account"], json!(false));
    assert_eq!(
        answers[5],
        json!({"access_status": "CLIENT_RESPONSE_PENDING"})
    );
    let shared = &answers[7]["data"][0];
    assert_eq!(
        shared["page_permissions"][0]["permitted_tasks"],
        json!(["ADVERTISE", "ANALYZE"])
    );
    assert_eq!(answers[10]["data"][0]["id"], PARTNER.1);
    assert_eq!(answers[15]["status"], "IN_PROGRESS");
    assert_eq!(
        answers[17],
        json!({"data": [{"id": "77"}], "paging": answers[17]["paging"]})
    );
    assert_eq!(answers[18]["data"][0]["id"], "77");
}

#[tokio::test]
async fn the_time_of_a_cut_off_is_read_until_it_has_passed() {
    let bench = Bench::start_with(World::from_yaml(WORLD).unwrap()).await;
    let token = token_of(&bench, OWNER.0).await;
    let read = || bench.read(&token, "300000000010001?fields=user_access_expire_time");
    assert_eq!(read().await.1, json!({"id": PAGE}));
    let move_on = json!({"person": OWNER.0, "business": OWNER.1, "new_person": "100000000000002"});
    bench.post_control("migrations", move_on).await;
    assert!(read().await.1["user_access_expire_time"].is_string());
    bench.clock.advance(chrono::Duration::days(31));
    let (_, refused) = read().await;
    assert_eq!(error_codes(&refused), (100, None));
    assert_eq!(refused["error"]["type"], "OAuthException");
}

async fn token_of(bench: &Bench, person: &str) -> String {
    bench
        .issue_token(json!({"person": person, "app": APP.0}))
        .await
}

/// The samples as commands, with every placeholder filled in.
fn read_requests(bench: &Bench, tokens: &Tokens) -> Vec<String> {
    let (mut caller, mut business) = (&tokens.owner, OWNER.1);
    let mut requests = Vec::new();
    for line in SAMPLES
        .lines()
        .filter(|it| !it.is_empty() && !it.starts_with('#'))
    {
        if let Some(said) = line.strip_prefix("@ ") {
            let (who, whose) = said.split_once(' ').unwrap();
            caller = match who {
                "page" => &tokens.page,
                "partner" => &tokens.partner,
                _ => &tokens.owner,
            };
            business = if whose == "partner" {
                PARTNER.1
            } else {
                OWNER.1
            };
        } else {
            requests.push(fill_in(bench, line, caller, business));
        }
    }
    requests
}

fn fill_in(bench: &Bench, sample: &str, token: &str, business: &str) -> String {
    let command = match sample.strip_prefix("GET ") {
        Some(target) => format!("curl \"{target}\" -H 'Authorization: Bearer <ACCESS_TOKEN>'"),
        None => sample.to_owned(),
    };
    let time = bench.clock.now().timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(APP.1.as_bytes()).unwrap();
    mac.update(format!("{token}|{time}").as_bytes());
    let proof = hex::encode(mac.finalize().into_bytes());
    [
        ("https://graph.facebook.com", bench.sandbox.url().as_str()),
        (
            "\"/<API_VERSION>",
            &format!("\"{}/<API_VERSION>", bench.sandbox.url()),
        ),
        ("<API_VERSION>", "v26.0"),
        ("<USER_ID>", "me"),
        ("<OBJECT_ID>", PAGE),
        ("<PAGE_ID>", PAGE),
        ("<AD_ACCOUNT_ID>", "500000000010001"),
        ("<BUSINESS_ID>", business),
        ("<OBO_REQUEST_ID>", "77"),
        ("<STATUS>", "IN_PROGRESS"),
        ("<ACCESS_TOKEN>", token),
        ("{access-token}", token),
        ("{appsecret_proof}", &proof),
        ("{appsecret_time}", &time.to_string()),
    ]
    .into_iter()
    .fold(command, |text, (from, to)| text.replace(from, to))
}

async fn run_request(command: String) -> Value {
    let run = move || {
        Command::new("bash")
            .args(["-c", &format!("{command} -sS --max-time 10")])
            .stdin(Stdio::null())
            .output()
            .expect("bash and curl are installed")
    };
    let done = tokio::task::spawn_blocking(run).await.unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    let answer = serde_json::from_str(&out);
    assert!(answer.is_ok(), "{out}\n{err}");
    answer.unwrap()
}
