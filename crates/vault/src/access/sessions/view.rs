//! Reconnect sessions as the API shows them, to the tenant's clients and to the browser.

use regrant_domain::{Asset, AssetId, AssetKind, ReconnectSessionId, Timestamp};
use regrant_storage::{ReconnectSession, ReconnectSessionSummary};

/// A new session with its token.
pub struct SessionWithToken {
    /// The session.
    pub session: SessionView,
    /// The token, shown once; `None` if this request repeats the one that opened the session.
    pub token: Option<String>,
}

/// A session as the tenant's clients see it.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// The session.
    pub session: ReconnectSession,
    /// Whether the session has neither ended nor expired.
    pub is_open: bool,
}

impl SessionView {
    /// The session without its assets.
    #[must_use]
    pub fn to_listed(&self) -> ListedSession {
        ListedSession {
            session: self.session.to_summary(),
            is_open: self.is_open,
        }
    }
}

/// A session in a list, without its assets.
#[derive(Debug, Clone)]
pub struct ListedSession {
    /// The session.
    pub session: ReconnectSessionSummary,
    /// Whether the session has neither ended nor expired.
    pub is_open: bool,
}

impl ListedSession {
    /// When the session ended, or else when it expires.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.session.ended_at.unwrap_or(self.session.expires_at)
    }
}

/// A session as the browser that holds its token sees it.
#[derive(Debug, Clone)]
pub struct BrowserSession {
    /// The session.
    pub session: SessionView,
    /// The assets that the session reaches, ordered by id.
    pub assets: Vec<SessionAsset>,
}

/// The facts about an asset that a browser may see.
#[derive(Debug, Clone)]
pub struct SessionAsset {
    /// The id at Meta.
    pub id: AssetId,
    /// Page, ad account or another kind.
    pub kind: AssetKind,
    /// The display name.
    pub name: Option<String>,
}

/// One page of sessions, newest first.
pub struct SessionList {
    /// The sessions.
    pub data: Vec<ListedSession>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<ReconnectSessionId>,
}

pub(super) fn view_session(session: ReconnectSession, now: Timestamp) -> SessionView {
    SessionView {
        is_open: session.is_open(now),
        session,
    }
}

pub(super) fn list_session(session: ReconnectSessionSummary, now: Timestamp) -> ListedSession {
    ListedSession {
        is_open: session.is_open(now),
        session,
    }
}

impl From<Asset> for SessionAsset {
    fn from(asset: Asset) -> Self {
        Self {
            id: asset.id,
            kind: asset.kind,
            name: asset.name,
        }
    }
}
