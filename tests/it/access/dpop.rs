//! Calls that a client proves with a key of its own (DPoP, RFC 9449).

mod calls;
mod forms;
mod key;
mod log_in;
mod processes;

use regrant_testdb::TestDatabase;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use self::key::{Key, hash};
use crate::harness::{Fleet, Harness, Options, Tenant, http, problem_code};

/// The list of assets, which most tests call.
const LIST: &str = "/v1/assets";

/// A tenant whose client has a token that is bound to a key.
struct Stage {
    harness: Harness,
    tenant: Tenant,
    key: Key,
    token: String,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        Self::with(database, Options::default()).await
    }

    async fn with(database: TestDatabase, options: Options) -> Self {
        let harness = Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await;
        let tenant = harness.tenant("One").await;
        let mut stage = Self {
            harness,
            tenant,
            key: Key::p256(),
            token: String::new(),
        };
        stage.token = stage.bind(&stage.tenant, &stage.key).await;
        stage
    }

    async fn nonce(&self) -> String {
        self.harness.vault.proof_nonce().await.expect("a nonce")
    }

    /// What a proof says of a call to the list of assets with this token.
    async fn claims_of_call(&self, token: &str) -> Value {
        let claims = json!({ "htm": "GET", "htu": self.at(LIST), "ath": hash(token) });
        changed(&self.claims().await, &claims)
    }

    /// What a proof says of a call that asks for a token.
    async fn claims_of_log_in(&self) -> Value {
        let claims = json!({ "htm": "POST", "htu": self.at("/oauth/token") });
        changed(&self.claims().await, &claims)
    }

    async fn claims(&self) -> Value {
        json!({
            "jti": uuid::Uuid::now_v7().to_string(),
            "iat": self.harness.clock.now().timestamp(),
            "nonce": self.nonce().await,
        })
    }

    /// A new proof of the usual call.
    async fn proof(&self) -> String {
        self.key.sign(&self.claims_of_call(&self.token).await)
    }

    /// A proof of the usual call that says something else.
    async fn other_proof(&self, change: &Value) -> String {
        let usual = self.claims_of_call(&self.token).await;
        self.key.sign(&changed(&usual, change))
    }

    /// How many proofs are kept as used.
    async fn count_used(&self) -> i64 {
        let count = "SELECT count(*) FROM client_proofs";
        self.harness.database.count_as_superuser(count).await
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.harness.api)
    }

    /// Asks for a token with this proof.
    async fn log_in(&self, client: &Tenant, proof: Option<&str>) -> Response {
        let call = http()
            .post(self.at("/oauth/token"))
            .basic_auth(&client.client_id, Some(&client.client_secret))
            .form(&[("grant_type", "client_credentials")]);
        send(match proof {
            Some(proof) => call.header("DPoP", proof),
            None => call,
        })
        .await
    }

    /// A token of the client that is bound to the key.
    async fn bind(&self, client: &Tenant, key: &Key) -> String {
        let proof = key.sign(&self.claims_of_log_in().await);
        let answer = self.log_in(client, Some(&proof)).await;
        let body: Value = answer.json().await.expect("json");
        assert_eq!(body["token_type"], "DPoP", "{body}");
        body["access_token"].as_str().expect("a token").to_owned()
    }

    /// A call to the list of assets with a bound token and these proofs.
    async fn list(&self, token: &str, proofs: &[&str]) -> Response {
        send(proved(Method::GET, &self.at(LIST), token, proofs)).await
    }

    /// The status of the usual call with this proof.
    async fn status(&self, proof: &str) -> u16 {
        self.list(&self.token, &[proof]).await.status().as_u16()
    }

    /// How the usual call with this proof is refused.
    async fn refusal(&self, proof: &str) -> Refusal {
        refusal(self.list(&self.token, &[proof]).await).await
    }
}

/// A call with a bound token and these proofs.
fn proved(method: Method, url: &str, token: &str, proofs: &[&str]) -> RequestBuilder {
    let call = http()
        .request(method, url)
        .header("Authorization", format!("DPoP {token}"));
    proofs
        .iter()
        .fold(call, |it, proof| it.header("DPoP", *proof))
}

async fn send(call: RequestBuilder) -> Response {
    call.send().await.expect("the server answers")
}

/// The object with other members.
fn changed(value: &Value, change: &Value) -> Value {
    let mut changed = value.clone();
    for (name, value) in change.as_object().expect("an object") {
        changed[name] = value.clone();
    }
    changed
}

/// The status, the code of the problem, and the error of the first challenge.
type Refusal = (u16, String, String);

async fn refusal(answer: Response) -> Refusal {
    let status = answer.status().as_u16();
    let challenges = challenges(&answer);
    let challenge = challenges.first().map_or("", String::as_str);
    let error = challenge.split_once("error=\"").map_or("", |it| it.1);
    let error = error.split('"').next().unwrap_or_default().to_owned();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, problem_code(&body).to_owned(), error)
}

fn challenges(answer: &Response) -> Vec<String> {
    let all = answer.headers().get_all("www-authenticate").iter();
    all.map(|it| it.to_str().expect("text").to_owned())
        .collect()
}

fn refused(status: u16, code: &str, error: &str) -> Refusal {
    (status, code.to_owned(), error.to_owned())
}

/// How a call is refused whose proof is missing or not valid.
fn not_proved() -> Refusal {
    refused(401, "proof_required", "invalid_dpop_proof")
}

/// How a call is refused whose proof needs another nonce.
fn nonce_needed() -> Refusal {
    refused(401, "nonce_required", "use_dpop_nonce")
}
