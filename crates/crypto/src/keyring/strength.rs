//! The Argon2id costs of a keyring's passphrase.
//!
//! The rule: the numbers in a keyring file may come from an attacker until the file opens, so they are checked against
//! a floor and a ceiling before any work. `password.rs` has the bounds for operators' passwords.

use regrant_domain::Passphrase;
use zeroize::Zeroizing;

use crate::primitives::{Argon2Costs, stretch_secret};

const MEMORY: std::ops::RangeInclusive<u32> = 65_536..=1_048_576;
const PASSES: std::ops::RangeInclusive<u32> = 3..=16;
const LANES: std::ops::RangeInclusive<u32> = 1..=16;

/// Memory, passes and lanes of Argon2id, within the floor and the ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strength {
    m_kib: u32,
    t: u32,
    p: u32,
}

/// The parameters are weaker or far stronger than a keyring may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Argon2id needs 64 MiB to 1 GiB, 3 to 16 passes and 1 to 16 lanes")]
pub struct InvalidStrength;

impl Strength {
    /// Memory in KiB, passes, lanes.
    ///
    /// # Errors
    /// A number is below the floor (64 MiB, 3, 1) or above the ceiling (1 GiB, 16, 16).
    pub fn new(m_kib: u32, t: u32, p: u32) -> Result<Self, InvalidStrength> {
        let fits = MEMORY.contains(&m_kib) && PASSES.contains(&t) && LANES.contains(&p);
        if fits {
            Ok(Self { m_kib, t, p })
        } else {
            Err(InvalidStrength)
        }
    }

    /// The least that is accepted: 64 MiB, 3 passes, 1 lane.
    #[must_use]
    pub const fn floor() -> Self {
        Self {
            m_kib: 65_536,
            t: 3,
            p: 1,
        }
    }

    pub(crate) fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        let numbers = [self.m_kib, self.t, self.p];
        for (slot, byte) in bytes
            .iter_mut()
            .zip(numbers.into_iter().flat_map(u32::to_be_bytes))
        {
            *slot = byte;
        }
        bytes
    }

    /// The key of the passphrase. `None`: there is not enough memory.
    pub(crate) fn stretch_passphrase(
        self,
        passphrase: &Passphrase,
        salt: &[u8; 16],
    ) -> Option<Zeroizing<[u8; 32]>> {
        let Self { m_kib, t, p } = self;
        stretch_secret(
            Argon2Costs { m_kib, t, p },
            passphrase.expose().as_bytes(),
            salt,
        )
    }
}

impl Default for Strength {
    /// 256 MiB, 3 passes, 1 lane: about two seconds.
    fn default() -> Self {
        Self {
            m_kib: 262_144,
            t: 3,
            p: 1,
        }
    }
}
