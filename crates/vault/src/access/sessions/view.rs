//! Reconnect sessions as the tenant's clients see them.

use regrant_domain::{ReconnectSessionId, Timestamp};
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
