//! A reconnect session as every answer tells it; its token is in the answer that opened it.

use chrono::{DateTime, Utc};
use regrant_domain::{AssetId, AssetKind, ClientId, PersonId, ReconnectSessionId};
use regrant_vault::{NamedAsset, OpenedSession, OwnSession, SessionView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// A reconnect session without its assets.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectSessionSummary)]
pub(crate) struct SessionSummary {
    /// Its id.
    #[schema(value_type = String, example = "rse_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: ReconnectSessionId,
    /// The client that opened it.
    #[schema(value_type = String)]
    client_id: ClientId,
    /// For whom.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// Whether nobody else's token may be handed in.
    require_person: bool,
    /// How many reconnects it may still start.
    uses_left: u32,
    /// How many previews it may still look at.
    previews_left: u32,
    /// Whether it lets anybody in.
    open: bool,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// When it ends, or ended.
    expires_at: DateTime<Utc>,
}

/// A reconnect session.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectSession)]
pub(crate) struct SessionOut {
    /// What a list tells, too.
    #[serde(flatten)]
    summary: SessionSummary,
    /// The assets it reaches.
    #[schema(value_type = Vec<String>)]
    asset_ids: Vec<AssetId>,
}

/// A reconnect session with its token, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenedReconnectSession)]
pub(crate) struct OpenedSessionOut {
    /// What every answer tells.
    #[serde(flatten)]
    session: SessionOut,
    /// What the page sends as `Authorization: Bearer …`; null where the call repeats the one that opened the session.
    token: Option<String>,
}

/// What a reconnect session is to the page that calls.
#[derive(Serialize, ToSchema)]
#[schema(as = CurrentReconnectSession)]
pub(crate) struct OwnSessionOut {
    /// What a list tells, too.
    #[serde(flatten)]
    summary: SessionSummary,
    /// The assets it reaches, by id.
    assets: Vec<NamedAssetOut>,
}

/// An asset as a page is told of it.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedAsset)]
pub(crate) struct NamedAssetOut {
    /// Its id.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// Its kind.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// A name for people.
    name: Option<String>,
}

impl From<SessionView> for SessionSummary {
    fn from(it: SessionView) -> Self {
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

impl From<SessionView> for SessionOut {
    fn from(mut it: SessionView) -> Self {
        let asset_ids = std::mem::take(&mut it.session.asset_ids);
        Self {
            summary: it.into(),
            asset_ids,
        }
    }
}

impl From<OpenedSession> for OpenedSessionOut {
    fn from(it: OpenedSession) -> Self {
        Self {
            session: it.session.into(),
            token: it.token,
        }
    }
}

impl From<OwnSession> for OwnSessionOut {
    fn from(it: OwnSession) -> Self {
        let assets = it.assets.into_iter().map(NamedAssetOut::from).collect();
        Self {
            summary: it.session.into(),
            assets,
        }
    }
}

impl From<NamedAsset> for NamedAssetOut {
    fn from(it: NamedAsset) -> Self {
        Self {
            id: it.id,
            kind: it.kind,
            name: it.name,
        }
    }
}
