//! A reconnect session as responses show it.
//!
//! The rule: only the response that opened the session contains its token.

use chrono::{DateTime, Utc};
use regrant_domain::{AssetId, AssetKind, ClientId, PersonId, ReconnectSessionId};
use regrant_vault::{BrowserSession, ListedSession, SessionAsset, SessionView, SessionWithToken};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// A reconnect session without its assets.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectSessionSummary)]
pub(crate) struct SessionSummary {
    /// Id of the session.
    #[schema(value_type = String, example = "rse_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: ReconnectSessionId,
    /// Client that opened the session.
    #[schema(value_type = String)]
    client_id: ClientId,
    /// Person whose token the page should submit; null if not set.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// Whether tokens of other persons are refused.
    require_person: bool,
    /// Number of reconnects that the session may still start.
    uses_left: u32,
    /// Number of previews that the session may still run.
    previews_left: u32,
    /// Whether the session can still be used.
    open: bool,
    /// When the session was opened.
    created_at: DateTime<Utc>,
    /// When the session ends or ended.
    expires_at: DateTime<Utc>,
}

/// A reconnect session.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectSession)]
pub(crate) struct ReconnectSessionOut {
    /// The session without its assets.
    #[serde(flatten)]
    summary: SessionSummary,
    /// Assets of the session.
    #[schema(value_type = Vec<String>)]
    asset_ids: Vec<AssetId>,
}

/// A reconnect session with its token, which no other response contains.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenedReconnectSession)]
pub(crate) struct OpenedSessionOut {
    /// The session.
    #[serde(flatten)]
    session: ReconnectSessionOut,
    /// Access token, to be sent as `Authorization: Bearer …`; null if the call repeats the one that opened the session.
    token: Option<String>,
}

/// A reconnect session as its page sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = CurrentReconnectSession)]
pub(crate) struct OwnSessionOut {
    /// The session without its assets.
    #[serde(flatten)]
    summary: SessionSummary,
    /// Assets of the session, ordered by id.
    assets: Vec<NamedAssetOut>,
}

/// An asset as a page sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedAsset)]
pub(crate) struct NamedAssetOut {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// Kind of the asset.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// Display name.
    name: Option<String>,
}

impl From<ListedSession> for SessionSummary {
    fn from(it: ListedSession) -> Self {
        let expires_at = it.ends_at();
        let session = it.session;
        Self {
            id: session.id,
            client_id: session.client,
            person_id: session.person_id,
            require_person: session.require_person,
            uses_left: session.uses_left,
            previews_left: session.previews_left,
            open: it.is_open,
            created_at: session.created_at,
            expires_at,
        }
    }
}

impl From<SessionView> for ReconnectSessionOut {
    fn from(it: SessionView) -> Self {
        Self {
            summary: it.to_listed().into(),
            asset_ids: it.session.asset_ids,
        }
    }
}

impl From<SessionWithToken> for OpenedSessionOut {
    fn from(it: SessionWithToken) -> Self {
        Self {
            session: it.session.into(),
            token: it.token,
        }
    }
}

impl From<BrowserSession> for OwnSessionOut {
    fn from(it: BrowserSession) -> Self {
        let assets = it.assets.into_iter().map(NamedAssetOut::from).collect();
        Self {
            summary: it.session.to_listed().into(),
            assets,
        }
    }
}

impl From<SessionAsset> for NamedAssetOut {
    fn from(it: SessionAsset) -> Self {
        Self {
            id: it.id,
            kind: it.kind,
            name: it.name,
        }
    }
}
