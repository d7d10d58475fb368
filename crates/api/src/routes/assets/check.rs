//! Checks of assets: probe now, and show the states before and after.
//!
//! The rule: no field holds a token.

use std::time::Duration;

use actix_web::{HttpResponse, http::header};
use chrono::{DateTime, Utc};
use regrant_domain::{
    AssetId, FactName, Who,
    state::{AssetState, Status},
};
use regrant_vault::{CheckRequest, CheckedAsset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::out::EndingOut;
use crate::{
    cursor::Page,
    json::{ListIn, WaitSeconds},
    reason::ReasonOut,
    schema,
};

/// Seconds until a caller should ask again for assets that were not probed yet.
const ASK_AGAIN: u32 = 5;

/// How long to wait for the check of one asset.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckAsset {
    /// How long the call waits for the result, in seconds.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 0, maximum = 60, default = 10)]
    wait_seconds: WaitSeconds,
}

/// Assets to check, at most 500.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckAssets {
    /// Graph ids of the assets.
    #[schema(value_type = Vec<String>, max_items = 500)]
    asset_ids: ListIn<AssetId>,
    /// How long the call waits for the results, in seconds.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 0, maximum = 60, default = 10)]
    wait_seconds: WaitSeconds,
}

/// The result of a check for one asset.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schema(as = AssetCheck)]
pub(crate) enum CheckOut {
    /// The asset was probed since the call. An asset without any token is not probed: its states are equal.
    Checked {
        /// Id of the asset.
        #[schema(schema_with = schema::asset_id)]
        asset_id: AssetId,
        /// State at the call.
        before: Box<StateOut>,
        /// State now.
        after: Box<StateOut>,
        /// When the asset was last probed.
        checked_at: Option<DateTime<Utc>>,
    },
    /// Graph has given no answer yet, or another process is about to probe the asset; the check continues by itself.
    Running {
        /// Id of the asset.
        #[schema(schema_with = schema::asset_id)]
        asset_id: AssetId,
        /// State at the call.
        before: Box<StateOut>,
        /// Null until the asset is probed.
        after: Option<Box<StateOut>>,
        /// When the asset was last probed.
        checked_at: Option<DateTime<Utc>>,
    },
    /// The tenant has no such asset.
    UnknownAsset {
        /// Id as requested.
        #[schema(schema_with = schema::asset_id)]
        asset_id: AssetId,
    },
}

/// The state of an asset at a moment.
#[derive(Serialize, ToSchema)]
#[schema(as = AssetState)]
pub(crate) struct StateOut {
    /// State of the asset.
    #[schema(schema_with = schema::asset_state)]
    state: Status,
    /// When the asset entered this state.
    since: DateTime<Utc>,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: Who,
    /// Why the asset is in this state, and the next step.
    reason: ReasonOut,
    /// Name of the fact that explains the state.
    #[schema(schema_with = schema::fact_name)]
    fact: FactName,
    /// Earliest known ending; null if none is known.
    ending: Option<EndingOut>,
    /// Time of the next probe; null if there is no token to probe with.
    next_check_at: Option<DateTime<Utc>>,
}

impl CheckAsset {
    pub(super) const fn wait(&self) -> Duration {
        self.wait_seconds.to_duration()
    }
}

impl From<CheckAssets> for CheckRequest {
    fn from(it: CheckAssets) -> Self {
        Self {
            asset_ids: it.asset_ids.0,
            wait: it.wait_seconds.to_duration(),
            repeatable: None,
        }
    }
}

/// 200 where the asset was probed, else 202.
pub(super) fn check_response(checked: CheckedAsset) -> HttpResponse {
    let is_running = checked.is_running();
    respond(is_running, &CheckOut::from(checked))
}

/// 200 where every asset was probed, else 202.
pub(super) fn checks_response(checked: Vec<CheckedAsset>) -> HttpResponse {
    let is_running = checked.iter().any(CheckedAsset::is_running);
    let data = checked.into_iter().map(CheckOut::from).collect();
    respond(is_running, &Page::only_page(data))
}

fn respond(is_running: bool, body: &impl Serialize) -> HttpResponse {
    if is_running {
        HttpResponse::Accepted()
            .insert_header((header::RETRY_AFTER, ASK_AGAIN))
            .json(body)
    } else {
        HttpResponse::Ok().json(body)
    }
}

impl From<CheckedAsset> for CheckOut {
    fn from(it: CheckedAsset) -> Self {
        let out = |state: Box<AssetState>| Box::new(StateOut::from(*state));
        match it {
            CheckedAsset::Checked {
                asset_id,
                before,
                after,
                checked_at,
            } => Self::Checked {
                asset_id,
                before: out(before),
                after: out(after),
                checked_at,
            },
            CheckedAsset::Running {
                asset_id,
                before,
                checked_at,
            } => Self::Running {
                asset_id,
                before: out(before),
                after: None,
                checked_at,
            },
            CheckedAsset::Unknown(asset_id) => Self::UnknownAsset { asset_id },
        }
    }
}

impl From<AssetState> for StateOut {
    fn from(it: AssetState) -> Self {
        Self {
            state: it.status,
            since: it.since,
            who: it.who_must_act(),
            reason: it.reason.into(),
            fact: it.fact.name,
            ending: it.ending.map(EndingOut::from),
            next_check_at: it.next_check_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Node, read_request};

    fn parsed(text: &str) -> Option<CheckRequest> {
        let node = Node::parse_document(text.as_bytes()).unwrap();
        read_request::<CheckAssets>(node)
            .ok()
            .map(CheckRequest::from)
    }

    #[test]
    fn a_check_waits_ten_seconds_unless_the_call_says_otherwise() {
        let wait = |text| parsed(text).map(|it| it.wait.as_secs());
        assert_eq!(wait(r#"{"asset_ids":["1"]}"#), Some(10));
        assert_eq!(wait(r#"{"asset_ids":["1"],"wait_seconds":0}"#), Some(0));
    }

    #[test]
    fn a_check_of_anything_else_is_refused() {
        for text in [
            r"{}",
            r#"{"asset_ids":["x"]}"#,
            r#"{"asset_ids":["1"],"wait_seconds":61}"#,
            r#"{"asset_ids":["1"],"access_token":"E"}"#,
        ] {
            assert!(parsed(text).is_none(), "{text}");
        }
    }
}
