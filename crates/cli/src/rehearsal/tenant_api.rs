//! A client of Regrant's public API, as a tenant's backend would write it.
//!
//! The rule: the structs hold only the fields that this crate reads.

mod consents;
mod events;
mod pages;

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::control;
use crate::http;

pub(crate) use consents::Preview;
pub(crate) use events::Events;
pub(crate) use pages::{OpenedSession, PageLink};

/// A logged-in client of a tenant.
#[derive(Clone)]
pub(crate) struct TenantApi {
    http: reqwest::Client,
    url: String,
    access_token: String,
}

/// A list, or one page of it.
#[derive(Deserialize)]
struct List<T> {
    data: Vec<T>,
    #[serde(default)]
    next_cursor: Option<String>,
}

/// The result for one registered asset.
#[derive(Deserialize)]
pub(crate) struct Registration {
    pub status: String,
}

/// An asset.
#[derive(Deserialize)]
pub(crate) struct Asset {
    pub id: String,
    pub kind: String,
    pub state: String,
    pub person_id: Option<String>,
    pub ending: Option<Ending>,
}

/// The earliest known time at which an asset stops working.
#[derive(Clone, Deserialize)]
pub(crate) struct Ending {
    pub at: DateTime<Utc>,
    pub cause: String,
    pub source: Option<String>,
}

/// The disconnect calendar.
#[derive(Deserialize)]
pub(crate) struct Forecast {
    pub days: Vec<Day>,
    /// The number of assets without a known ending.
    pub unknown: usize,
}

/// The assets that end on one day.
#[derive(Deserialize)]
pub(crate) struct Day {
    pub date: String,
    pub count: usize,
    pub causes: BTreeMap<String, usize>,
    pub confidence: BTreeMap<String, usize>,
}

/// A reconnect.
#[derive(Deserialize)]
pub(crate) struct Reconnect {
    pub id: String,
    pub status: String,
    pub undo_of: Option<String>,
    #[serde(default)]
    pub items: Vec<Item>,
}

/// One item of a reconnect.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Item {
    pub asset_id: String,
    pub outcome: Option<String>,
    pub serving: Option<String>,
    pub reason: Option<Reason>,
}

/// The reason of an outcome.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Reason {
    pub code: String,
    pub detail: String,
    pub who: String,
    pub next_step: Option<String>,
}

/// A token that serves an asset. No `Debug`: the token is in the clear.
#[derive(Deserialize)]
pub(crate) struct ServedToken {
    pub asset_id: String,
    pub access_token: String,
    pub appsecret_proof: Option<String>,
    pub appsecret_time: Option<i64>,
}

#[derive(Deserialize)]
struct AccessTokenResponse {
    access_token: String,
}

impl TenantApi {
    /// Logs a client in.
    pub async fn log_in(url: &str, client_id: &str, client_secret: &str) -> anyhow::Result<Self> {
        let http = http::build_client(Duration::from_mins(1))?;
        let form = [("grant_type", "client_credentials")];
        let request = http
            .post(format!("{url}/oauth/token"))
            .basic_auth(client_id, Some(client_secret))
            .form(&form);
        let issued: AccessTokenResponse = http::send_for_json(request)
            .await
            .context("cannot log the client in")?;
        Ok(Self {
            http,
            url: url.to_owned(),
            access_token: issued.access_token,
        })
    }

    /// Registers assets.
    pub async fn register_assets(
        &self,
        assets: &[control::WorldAsset],
    ) -> anyhow::Result<Vec<Registration>> {
        let entry = |it: &control::WorldAsset| json!({ "id": it.id, "kind": it.kind, "name": it.name, "business_id": it.business });
        let assets: Vec<_> = assets.iter().map(entry).collect();
        let request = self
            .post_request("v1/assets")
            .json(&json!({ "assets": assets }));
        let list: List<_> = http::send_for_json(request)
            .await
            .context("cannot register the assets")?;
        Ok(list.data)
    }

    /// Every asset of the tenant.
    pub async fn list_assets(&self) -> anyhow::Result<Vec<Asset>> {
        let mut assets = Vec::new();
        let mut cursor = None::<String>;
        loop {
            let mut request = self.get_request("v1/assets").query(&[("limit", "200")]);
            if let Some(cursor) = &cursor {
                request = request.query(&[("cursor", cursor)]);
            }
            let page: List<Asset> = http::send_for_json(request)
                .await
                .context("cannot list the assets")?;
            assets.extend(page.data);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(assets);
            }
        }
    }

    /// The ids of every asset of the tenant.
    pub async fn list_asset_ids(&self) -> anyhow::Result<Vec<String>> {
        let assets = self.list_assets().await?;
        Ok(assets.into_iter().map(|it| it.id).collect())
    }

    /// The newest reconnects of the tenant.
    pub async fn list_reconnects(&self) -> anyhow::Result<Vec<Reconnect>> {
        let list: List<Reconnect> = http::send_for_json(self.get_request("v1/reconnects"))
            .await
            .context("cannot list the reconnects")?;
        Ok(list.data)
    }

    /// The disconnect calendar.
    pub async fn read_forecast(&self) -> anyhow::Result<Forecast> {
        http::send_for_json(self.get_request("v1/forecast"))
            .await
            .context("cannot read the forecast")
    }

    /// The disconnect calendar as an iCalendar file.
    pub async fn read_calendar_file(&self) -> anyhow::Result<String> {
        let response = http::send_expecting_success(self.get_request("v1/forecast.ics"))
            .await
            .context("cannot read the forecast")?;
        response
            .text()
            .await
            .map_err(reqwest::Error::without_url)
            .context("the iCalendar file is not text")
    }

    /// Starts a reconnect.
    pub async fn start_reconnect(&self, order: &serde_json::Value) -> anyhow::Result<Reconnect> {
        let request = self.post_request("v1/reconnects").json(order);
        http::send_for_json(request)
            .await
            .context("the reconnect was not accepted")
    }

    /// Reads a reconnect with its items.
    pub async fn read_reconnect(&self, id: &str) -> anyhow::Result<Reconnect> {
        http::send_for_json(self.get_request(&format!("v1/reconnects/{id}")))
            .await
            .context("cannot read the reconnect")
    }

    /// Opens an event stream, as in `v1/reconnects/{id}/events`.
    pub async fn open_events(&self, path: &str) -> anyhow::Result<Events> {
        let request = self.get_request(path).header("Accept", "text/event-stream");
        Ok(Events::from_response(
            http::send_expecting_success(request)
                .await
                .context("cannot read the events")?,
        ))
    }

    /// Looks up the tokens of these assets; leaves out assets without a token.
    pub async fn lookup_tokens(&self, asset_ids: &[String]) -> anyhow::Result<Vec<ServedToken>> {
        let request = self
            .post_request("v1/tokens/lookup")
            .json(&json!({ "asset_ids": asset_ids }));
        let list: List<serde_json::Value> = http::send_for_json(request)
            .await
            .context("cannot look the tokens up")?;
        // An entry without a token has a reason instead, and does not parse as a token.
        Ok(list
            .data
            .into_iter()
            .filter_map(|it| serde_json::from_value(it).ok())
            .collect())
    }

    fn get_request(&self, path: &str) -> reqwest::RequestBuilder {
        self.http
            .get(format!("{}/{path}", self.url))
            .bearer_auth(&self.access_token)
    }

    fn post_request(&self, path: &str) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}/{path}", self.url))
            .bearer_auth(&self.access_token)
    }
}
