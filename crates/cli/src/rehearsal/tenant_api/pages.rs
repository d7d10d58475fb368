//! What a tenant's backend does for a page in a browser: sessions and links.

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;

use super::TenantApi;
use crate::http;

/// The lifetime of a session in minutes.
const MINUTES: u32 = 30;

/// A session of a page. No `Debug`: the token is in the clear.
#[derive(Deserialize)]
pub(crate) struct OpenedSession {
    pub id: String,
    pub token: String,
}

/// A link to hosted pages.
#[derive(Deserialize)]
pub(crate) struct PageLink {
    pub id: String,
    pub status: String,
    /// The session in which its consent is used.
    pub session_id: Option<String>,
    /// Its address; only the call that made the link gives it.
    #[serde(default)]
    pub url: Option<String>,
}

impl TenantApi {
    /// Opens a session for these assets.
    pub async fn open_session(&self, asset_ids: &[String]) -> anyhow::Result<OpenedSession> {
        let body = json!({ "asset_ids": asset_ids, "minutes": MINUTES, "uses": 20 });
        let request = self.post_request("v1/reconnect-sessions").json(&body);
        http::send_for_json(request)
            .await
            .context("cannot open a session")
    }

    /// Gets a new token for the same session; the token before stays valid for a minute, for other tabs.
    pub async fn refresh_session(&self, id: &str) -> anyhow::Result<OpenedSession> {
        let path = format!("v1/reconnect-sessions/{id}/refresh");
        let body = json!({ "minutes": MINUTES, "overlap_seconds": 60 });
        http::send_for_json(self.post_request(&path).json(&body))
            .await
            .context("cannot refresh the session")
    }

    /// Makes a link for these assets.
    pub async fn make_link(&self, asset_ids: &[String]) -> anyhow::Result<PageLink> {
        let body = json!({ "asset_ids": asset_ids });
        http::send_for_json(self.post_request("v1/reconnect-links").json(&body))
            .await
            .context("cannot make a link")
    }

    /// Reads a link, without its address.
    pub async fn read_link(&self, id: &str) -> anyhow::Result<PageLink> {
        let request = self.get_request(&format!("v1/reconnect-links/{id}"));
        http::send_for_json(request)
            .await
            .context("cannot read the link")
    }
}
