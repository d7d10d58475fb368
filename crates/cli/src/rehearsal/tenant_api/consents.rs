//! Log-ins without a token in the tenant's hands: consents, previews, undo, and whom to ask.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;

use super::{Reconnect, TenantApi};
use crate::http;

/// A log-in that was not used yet.
#[derive(Deserialize)]
pub(crate) struct Consent {
    pub consent_id: String,
    pub person: ConsentingPerson,
}

/// Who logged in.
#[derive(Deserialize)]
pub(crate) struct ConsentingPerson {
    pub id: String,
}

/// What a reconnect would do.
#[derive(Deserialize)]
pub(crate) struct Preview {
    pub id: String,
    pub status: String,
    pub plan_id: Option<String>,
    pub counts: BTreeMap<String, usize>,
}

/// Whom to ask to log in.
#[derive(Deserialize)]
pub(crate) struct Plan {
    pub at_risk: usize,
    pub is_minimal: bool,
    pub persons: Vec<PlannedPerson>,
}

/// A person to ask.
#[derive(Deserialize)]
pub(crate) struct PlannedPerson {
    pub id: String,
    pub name: Option<String>,
    pub assets: PlannedAssets,
    pub needs_other_account: usize,
}

/// What a person is asked for.
#[derive(Deserialize)]
pub(crate) struct PlannedAssets {
    pub count: usize,
}

impl TenantApi {
    /// Hands an authorization code over; no token comes back.
    pub async fn give_consent(&self, code: &str) -> anyhow::Result<Consent> {
        let order = json!({ "code": code });
        http::send_for_json(self.post_request("v1/consents").json(&order))
            .await
            .context("the code was not accepted")
    }

    /// Starts a preview with a consent and does not wait for its end.
    pub async fn start_preview(&self, consent: &str, ids: &[String]) -> anyhow::Result<Preview> {
        let order = json!({ "consent_id": consent, "asset_ids": ids, "wait_seconds": 0 });
        http::send_for_json(self.post_request("v1/reconnect-previews").json(&order))
            .await
            .context("the preview was not accepted")
    }

    /// Reads a preview.
    pub async fn read_preview(&self, id: &str) -> anyhow::Result<Preview> {
        http::send_for_json(self.get_request(&format!("v1/reconnect-previews/{id}")))
            .await
            .context("cannot read the preview")
    }

    /// Undoes a reconnect, and waits for the end.
    pub async fn undo_reconnect(&self, id: &str) -> anyhow::Result<Reconnect> {
        let order = json!({ "wait_seconds": 60 });
        let path = format!("v1/reconnects/{id}/undo");
        http::send_for_json(self.post_request(&path).json(&order))
            .await
            .context("the reconnect cannot be undone")
    }

    /// Whom to ask, so that everything that ends within so many days keeps working.
    pub async fn plan_asks(&self, days: u32) -> anyhow::Result<Plan> {
        let request = self.get_request("v1/reconnect-plan");
        http::send_for_json(request.query(&[("within_days", days)]))
            .await
            .context("cannot plan")
    }
}
