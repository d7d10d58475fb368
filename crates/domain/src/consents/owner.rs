//! To whom a consent is bound.
//!
//! The rule: what seals a consent's token binds the text of its owner, so the text never changes.

use std::fmt;

use uuid::Uuid;

use crate::{ClientId, ReconnectSessionId};

/// The only caller that may use a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsentOwner {
    /// A browser session, also one that a link opened. It has one consent at most.
    Session(ReconnectSessionId),
    /// A client of the tenant.
    Client(ClientId),
}

impl ConsentOwner {
    /// The kind of owner and its bare id, for storage.
    #[must_use]
    pub const fn to_parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Session(id) => ("session", id.uuid()),
            Self::Client(id) => ("client", id.uuid()),
        }
    }

    /// The owner of this kind with this bare id; `None` if there is no such kind.
    #[must_use]
    pub fn from_parts(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "session" => Some(Self::Session(ReconnectSessionId::from_uuid(id))),
            "client" => Some(Self::Client(ClientId::from_uuid(id))),
            _ => None,
        }
    }

    /// Whether the owner has one consent at most, so that a newer one replaces the older.
    #[must_use]
    pub const fn has_one_consent(self) -> bool {
        matches!(self, Self::Session(_))
    }
}

impl fmt::Display for ConsentOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "{id}"),
            Self::Client(id) => write!(f, "{id}"),
        }
    }
}
