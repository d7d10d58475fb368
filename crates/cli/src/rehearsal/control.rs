//! A client of the sandbox: its control API (world, tokens, time, migrations) and its Graph API.

use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::http;

/// Controls a running sandbox, and probes assets at its Graph API.
#[derive(Clone)]
pub(crate) struct Control {
    http: reqwest::Client,
    url: String,
}

/// The time, apps and assets of the world.
#[derive(Deserialize)]
pub(crate) struct WorldOverview {
    pub now: DateTime<Utc>,
    pub apps: Vec<WorldApp>,
    pub assets: Vec<WorldAsset>,
}

/// An app of the world.
#[derive(Deserialize)]
pub(crate) struct WorldApp {
    pub id: String,
    pub name: String,
    pub secret: String,
    pub verify_token: Option<String>,
}

/// An asset of the world.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct WorldAsset {
    pub id: String,
    pub kind: String,
    pub business: String,
    pub name: String,
}

#[derive(Deserialize)]
struct TokenResponse {
    access_token: String,
}

#[derive(Deserialize)]
struct CodeResponse {
    code: String,
}

#[derive(Deserialize)]
struct MigrationResponse {
    id: String,
}

/// The response of the simulated Graph to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProbeReply {
    /// The token works.
    Works,
    /// Graph refused the token with this error code.
    Refused(i64),
}

/// A token with its app secret proof; a token that was never proved has none.
pub(crate) struct TokenWithProof<'a> {
    pub access_token: &'a str,
    pub appsecret_proof: Option<&'a str>,
    pub appsecret_time: Option<i64>,
}

impl Control {
    pub fn new(url: impl Into<String>) -> anyhow::Result<Self> {
        Ok(Self {
            http: http::build_client(Duration::from_secs(30))?,
            url: url.into(),
        })
    }

    pub async fn read_overview(&self) -> anyhow::Result<WorldOverview> {
        http::send_for_json(self.http.get(self.control_url("world")))
            .await
            .context("cannot read the sandbox's world")
    }

    /// Makes the sandbox send an app's webhooks and callbacks to the API at `api`.
    pub async fn wire_callbacks(&self, app: &str, api: &str) -> anyhow::Result<()> {
        let webhook = json!({ "url": format!("{api}/meta/webhooks/{app}") });
        http::send_expecting_success(
            self.http
                .put(self.control_url(&format!("apps/{app}/webhook")))
                .json(&webhook),
        )
        .await?;
        let callbacks = json!({
            "deauthorize_url": format!("{api}/meta/deauthorize/{app}"),
            "data_deletion_url": format!("{api}/meta/data-deletion/{app}"),
        });
        http::send_expecting_success(
            self.http
                .put(self.control_url(&format!("apps/{app}/callbacks")))
                .json(&callbacks),
        )
        .await
        .map(drop)
    }

    /// Mints a token, as a login would.
    pub async fn mint_token(&self, person: &str, app: &str) -> anyhow::Result<String> {
        let body = json!({ "person": person, "app": app });
        let token: TokenResponse =
            http::send_for_json(self.http.post(self.control_url("tokens")).json(&body)).await?;
        Ok(token.access_token)
    }

    /// Mints an authorization code, as a log-in with Meta's JavaScript SDK ends with it.
    pub async fn mint_code(&self, person: &str, app: &str) -> anyhow::Result<String> {
        let body = json!({ "person": person, "app": app });
        let minted: CodeResponse =
            http::send_for_json(self.http.post(self.control_url("codes")).json(&body)).await?;
        Ok(minted.code)
    }

    /// Schedules a person's migration in one business; returns its id.
    pub async fn schedule_migration(
        &self,
        (person, managed): (&str, &str),
        business: &str,
        cut_off: DateTime<Utc>,
    ) -> anyhow::Result<String> {
        let cut_off = cut_off.to_rfc3339();
        let body = json!({ "person": person, "new_person": managed, "business": business, "cut_off": cut_off });
        let migration: MigrationResponse =
            http::send_for_json(self.http.post(self.control_url("migrations")).json(&body)).await?;
        Ok(migration.id)
    }

    /// Completes a migration: the managed account gets the role.
    pub async fn complete_migration(&self, migration: &str) -> anyhow::Result<()> {
        let path = format!("migrations/{migration}/complete");
        http::send_expecting_success(self.http.post(self.control_url(&path)))
            .await
            .map(drop)
    }

    /// How often which path was called.
    pub async fn read_calls(&self) -> anyhow::Result<serde_json::Value> {
        http::send_for_json(self.http.get(self.control_url("calls")))
            .await
            .context("cannot read the sandbox's calls")
    }

    /// Moves the clock that the sandbox and the vault share, by a period such as `11d`.
    pub async fn advance_clock(&self, by: &str) -> anyhow::Result<()> {
        http::send_expecting_success(
            self.http
                .post(self.control_url("clock"))
                .json(&json!({ "advance": by })),
        )
        .await
        .map(drop)
    }

    /// Requests the asset from the simulated Graph with this token.
    pub async fn probe_asset(
        &self,
        asset: &str,
        token: &TokenWithProof<'_>,
    ) -> anyhow::Result<ProbeReply> {
        let time = token.appsecret_time.map(|it| it.to_string());
        let proof = token.appsecret_proof.zip(time.as_deref());
        let mut query = vec![("fields", "id")];
        query.extend(
            proof
                .into_iter()
                .flat_map(|(proof, time)| [("appsecret_proof", proof), ("appsecret_time", time)]),
        );
        let request = self
            .http
            .get(format!("{}/v26.0/{asset}", self.url))
            .query(&query);
        let response = request
            .bearer_auth(token.access_token)
            .send()
            .await
            .map_err(reqwest::Error::without_url)?;
        if response.status() == StatusCode::OK {
            return Ok(ProbeReply::Works);
        }
        let body: serde_json::Value = response.json().await.map_err(reqwest::Error::without_url)?;
        let code = body
            .pointer("/error/code")
            .and_then(serde_json::Value::as_i64);
        code.map(ProbeReply::Refused)
            .context("the sandbox sent neither an asset nor an error")
    }

    fn control_url(&self, path: &str) -> String {
        format!("{}/sandbox/{path}", self.url)
    }
}
