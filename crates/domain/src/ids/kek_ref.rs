//! The name of one version of a key-encryption key (KEK).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text does not name a version of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `<id>/<version>` of a key-encryption key")]
pub struct InvalidKekRef;

/// The id and version of a key-encryption key. As text `<id>/<version>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KekRef {
    /// The id, equal for all versions.
    pub id: Uuid,
    /// The version.
    pub version: u32,
}

impl KekRef {
    /// How many bytes [`KekRef::to_bytes`] has.
    pub const BYTES: usize = 20;

    /// The name of no key: a provider that never responded has none.
    pub const NONE: Self = Self {
        id: Uuid::nil(),
        version: 0,
    };

    /// The id and the version, as a wrapped key names them. Newer versions of a key have greater bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let parts = self.id.as_bytes().iter().copied();
        for (byte, from) in bytes
            .iter_mut()
            .zip(parts.chain(self.version.to_be_bytes()))
        {
            *byte = from;
        }
        bytes
    }

    /// Reads what [`KekRef::to_bytes`] wrote. `None`: not 20 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, version) = bytes.split_first_chunk()?;
        Some(Self {
            id: Uuid::from_bytes(*id),
            version: u32::from_be_bytes(version.try_into().ok()?),
        })
    }

    /// Whether this is an older version of the same key.
    #[must_use]
    pub fn is_older_than(self, other: Self) -> bool {
        self.id == other.id && self.version < other.version
    }
}

impl fmt::Display for KekRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.id, self.version)
    }
}

impl FromStr for KekRef {
    type Err = InvalidKekRef;

    fn from_str(text: &str) -> Result<Self, InvalidKekRef> {
        let parsed = text.split_once('/').and_then(|(id, version)| {
            Some(Self {
                id: id.parse().ok()?,
                version: version.parse().ok()?,
            })
        });
        parsed.ok_or(InvalidKekRef)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(version: u32) -> KekRef {
        KekRef {
            id: Uuid::from_u128(7),
            version,
        }
    }

    #[test]
    fn bytes_and_text_name_the_same_key() {
        let kek = version(258);
        assert_eq!(KekRef::from_bytes(&kek.to_bytes()), Some(kek));
        assert_eq!(kek.to_string().parse(), Ok(kek));
        for bytes in [&[0_u8; 19][..], &[0; 21], &[]] {
            assert_eq!(KekRef::from_bytes(bytes), None);
        }
        for text in ["", "1", "x/1", "00000000-0000-0000-0000-000000000007/-1"] {
            assert!(text.parse::<KekRef>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_newer_version_has_greater_bytes_and_another_key_is_not_older() {
        assert!(version(255).to_bytes() < version(256).to_bytes());
        assert!(version(255).is_older_than(version(256)));
        assert!(!version(256).is_older_than(version(256)));
        let other = KekRef {
            id: Uuid::from_u128(8),
            version: 900,
        };
        assert!(!version(1).is_older_than(other));
    }
}
