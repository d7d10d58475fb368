//! Key-encryption keys: they wrap data keys and nothing else.

use regrant_domain::Timestamp;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::primitives::random;

/// Which key-encryption key wrapped a data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KekRef {
    /// The key; the same through all its versions.
    pub id: Uuid,
    /// Its version.
    pub version: u32,
}

/// Where a key stands in its life. It only moves down this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KekState {
    /// Every node is learning it; it unwraps, and wraps nothing yet.
    Staged,
    /// The one that wraps.
    Active,
    /// It unwraps what it wrapped, until the oldest backup is gone.
    DecryptOnly,
    /// Its bytes are gone; the entry stays as a record.
    Destroyed,
}

/// What may be told about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KekSummary {
    /// Which key.
    pub kek: KekRef,
    /// Where it stands.
    pub state: KekState,
    /// When it was made.
    pub created: Timestamp,
}

pub(crate) struct Kek {
    pub(crate) at: KekRef,
    pub(crate) state: KekState,
    /// Seconds since 1970.
    pub(crate) created: i64,
    pub(crate) secret: Zeroizing<[u8; 32]>,
}

impl Kek {
    pub(crate) fn generate(
        at: KekRef,
        state: KekState,
        created: i64,
    ) -> Result<Self, getrandom::Error> {
        Ok(Self {
            at,
            state,
            created,
            secret: random()?,
        })
    }

    pub(crate) fn summary(&self) -> KekSummary {
        let created = Timestamp::from_timestamp(self.created, 0).unwrap_or_default();
        KekSummary {
            kek: self.at,
            state: self.state,
            created,
        }
    }
}

impl KekState {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Staged => 1,
            Self::Active => 2,
            Self::DecryptOnly => 3,
            Self::Destroyed => 4,
        }
    }

    pub(crate) const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Staged),
            2 => Some(Self::Active),
            3 => Some(Self::DecryptOnly),
            4 => Some(Self::Destroyed),
            _ => None,
        }
    }
}
