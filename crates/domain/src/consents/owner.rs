//! To whom a consent is bound.
//!
//! The rule: what seals a consent's token binds the text of its owner, so the text never changes.

use std::fmt;

use uuid::Uuid;

use crate::{ClientId, LinkId, ReconnectSessionId};

/// The only caller that may use a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConsentOwner {
    /// A browser session. It has one consent at most.
    Session(ReconnectSessionId),
    /// A client of the tenant.
    Client(ClientId),
    /// A link to a hosted page. It has one consent at most.
    Link(LinkId),
}

impl ConsentOwner {
    /// The kind of owner and its bare id, for storage.
    #[must_use]
    pub const fn to_parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Session(id) => ("session", id.uuid()),
            Self::Client(id) => ("client", id.uuid()),
            Self::Link(id) => ("link", id.uuid()),
        }
    }

    /// The owner of this kind with this bare id; `None` if there is no such kind.
    #[must_use]
    pub fn from_parts(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "session" => Some(Self::Session(ReconnectSessionId::from_uuid(id))),
            "client" => Some(Self::Client(ClientId::from_uuid(id))),
            "link" => Some(Self::Link(LinkId::from_uuid(id))),
            _ => None,
        }
    }

    /// Whether the owner has one consent at most, so that a newer one replaces the older.
    #[must_use]
    pub const fn has_one_consent(self) -> bool {
        match self {
            Self::Session(_) | Self::Link(_) => true,
            Self::Client(_) => false,
        }
    }
}

impl fmt::Display for ConsentOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => write!(f, "{id}"),
            Self::Client(id) => write!(f, "{id}"),
            Self::Link(id) => write!(f, "{id}"),
        }
    }
}
