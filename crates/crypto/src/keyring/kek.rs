//! Key-encryption keys (KEKs): they wrap data keys and nothing else.

use regrant_domain::{KekRef, Timestamp};
use zeroize::Zeroizing;

use super::ProviderKind;
use crate::primitives::random_bytes;

/// The state of a key. It only moves down this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KekState {
    /// It can unwrap, but wraps nothing until every node has loaded it.
    Staged,
    /// The one key that wraps.
    Active,
    /// It only unwraps; it is needed as long as backups with its data keys exist.
    DecryptOnly,
    /// Its bytes are erased; the entry stays as a record.
    Destroyed,
}

/// The public facts of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KekSummary {
    /// The id and version of the key.
    pub kek: KekRef,
    /// The provider that holds the key.
    pub provider: ProviderKind,
    /// The state of the key.
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
            secret: random_bytes()?,
        })
    }

    pub(crate) fn to_summary(&self) -> KekSummary {
        let created = Timestamp::from_timestamp(self.created, 0).unwrap_or_default();
        KekSummary {
            kek: self.at,
            provider: ProviderKind::Local,
            state: self.state,
            created,
        }
    }
}

impl KekState {
    pub(crate) const fn to_code(self) -> u8 {
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
