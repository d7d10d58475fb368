//! A reconnect session as responses show it.
//!
//! The rule: only the response that opened the session contains its token.

use chrono::{DateTime, Utc};
use regrant_domain::{
    AssetId, AssetKind, ClientId, Locale, PersonId, ReconnectSessionId, Who, state::Status,
};
use regrant_vault::{BrowserSession, ListedSession, SessionAsset, SessionView, SessionWithToken};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{cursor::encode_cursor, reason::ReasonOut, routes::assets::EndingOut, schema};

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
    /// Assets of the session, ordered by id: one page.
    assets: Vec<SessionAssetOut>,
    /// Whether more assets follow.
    has_more: bool,
    /// Send it as `cursor` to get the next assets.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// An asset as a page sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionAsset)]
struct SessionAssetOut {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// Kind of the asset.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// Display name.
    name: Option<String>,
    /// Business that owns the asset.
    #[schema(schema_with = schema::graph_id_or_null)]
    business_id: Option<AssetId>,
    /// Display name of the business; null unless it is registered, too.
    business_name: Option<String>,
    /// State of the asset.
    #[schema(schema_with = schema::asset_state)]
    state: Status,
    /// When the asset entered this state.
    since: DateTime<Utc>,
    /// Earliest known ending; null if none is known.
    ending: Option<EndingOut>,
    /// Person whose token serves the asset; null if none does.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// Name of that person; null if the Graph API gave none.
    person_name: Option<String>,
    /// When the token that serves the asset was stored for it, or took over; null if none does.
    token_since: Option<DateTime<Utc>>,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: Who,
    /// Why the asset is in this state, the next step, and what heals.
    reason: ReasonOut,
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

impl OwnSessionOut {
    /// The session with its sentences in this language.
    pub(crate) fn in_language(it: BrowserSession, locale: Locale) -> Self {
        let assets = it.assets.into_iter();
        Self {
            summary: it.session.to_listed().into(),
            assets: assets
                .map(|it| SessionAssetOut::in_language(it, locale))
                .collect(),
            has_more: it.next.is_some(),
            next_cursor: it.next.as_ref().map(encode_cursor),
        }
    }
}

impl SessionAssetOut {
    fn in_language(it: SessionAsset, locale: Locale) -> Self {
        Self {
            id: it.id,
            kind: it.kind,
            name: it.name,
            business_id: it.business_id,
            business_name: it.business_name,
            state: it.state.status,
            since: it.state.since,
            ending: it.state.ending.map(EndingOut::from),
            person_id: it.person_id,
            person_name: it.person_name,
            token_since: it.token_since,
            who: it.state.who_must_act(),
            reason: ReasonOut::in_language(&it.state.reason, locale),
        }
    }
}
