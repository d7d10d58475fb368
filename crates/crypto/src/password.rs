//! Passwords of operators: Argon2id hashes in the PHC string format.
//!
//! The rule: a stored hash is hostile until it parses, so its numbers are checked before any work, and no hash weaker
//! than the floor can be made. A log-in with an unknown name is compared with an unmatchable hash, so that it takes as
//! long as any other.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use regrant_domain::Password;
use subtle::ConstantTimeEq;

use crate::primitives::{Argon2Costs, random_bytes, stretch_secret};

const MEMORY: std::ops::RangeInclusive<u32> = 19_456..=1_048_576;
const PASSES: std::ops::RangeInclusive<u32> = 2..=16;
const LANES: std::ops::RangeInclusive<u32> = 1..=16;
/// The length limit of a stored hash.
const MAX_HASH_LENGTH: usize = 160;

/// Memory, passes and lanes of Argon2id for a password, within the floor and the ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordStrength(Argon2Costs);

/// The parameters are weaker or far stronger than a password's hash may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password's hash needs 19 MiB to 1 GiB, 2 to 16 passes and 1 to 16 lanes")]
pub struct InvalidPasswordStrength;

/// Why a password could not be hashed or compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The stored hash is not of our format.
    #[error("the stored hash of a password does not parse")]
    Malformed,
    /// The system returned no random bytes.
    #[error("the system returned no random bytes")]
    Random,
    /// There is not enough memory.
    #[error("there is not enough memory to hash a password")]
    Memory,
}

/// The stored hash of a password.
pub struct PasswordHash {
    strength: PasswordStrength,
    salt: [u8; 16],
    output: [u8; 32],
}

impl PasswordStrength {
    /// The strength of an installation: 64 MiB, 3 passes, 1 lane.
    pub const PRODUCTION: Self = Self(Argon2Costs {
        m_kib: 65_536,
        t: 3,
        p: 1,
    });
    /// The least that is accepted: 19 MiB, 2 passes, 1 lane (OWASP).
    pub const MINIMUM: Self = Self(Argon2Costs {
        m_kib: 19_456,
        t: 2,
        p: 1,
    });

    /// Memory in KiB, passes, lanes.
    ///
    /// # Errors
    /// A number is below the floor or above the ceiling.
    pub fn new(m_kib: u32, t: u32, p: u32) -> Result<Self, InvalidPasswordStrength> {
        let fits = MEMORY.contains(&m_kib) && PASSES.contains(&t) && LANES.contains(&p);
        if fits {
            Ok(Self(Argon2Costs { m_kib, t, p }))
        } else {
            Err(InvalidPasswordStrength)
        }
    }
}

impl Default for PasswordStrength {
    fn default() -> Self {
        Self::PRODUCTION
    }
}

impl PasswordHash {
    /// Hashes a password with a fresh salt. Takes a tenth of a second and much memory, so call it outside the threads that
    /// serve requests.
    ///
    /// # Errors
    /// There are no random bytes, or there is not enough memory.
    pub fn hash_password(
        password: &Password,
        strength: PasswordStrength,
    ) -> Result<Self, PasswordError> {
        let salt = *random_bytes().map_err(|_| PasswordError::Random)?;
        let output = stretch_secret(strength.0, password.expose().as_bytes(), &salt)
            .ok_or(PasswordError::Memory)?;
        Ok(Self {
            strength,
            salt,
            output: *output,
        })
    }

    /// A hash that matches no password. Comparing with it takes as long as with a real one.
    ///
    /// # Errors
    /// There are no random bytes.
    pub fn unmatchable(strength: PasswordStrength) -> Result<Self, PasswordError> {
        let salt = *random_bytes().map_err(|_| PasswordError::Random)?;
        let output = *random_bytes().map_err(|_| PasswordError::Random)?;
        Ok(Self {
            strength,
            salt,
            output,
        })
    }

    /// Reads a stored hash.
    ///
    /// # Errors
    /// [`PasswordError::Malformed`]: it is not of our format, or its numbers are out of bounds.
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        parse_phc(text).ok_or(PasswordError::Malformed)
    }

    /// Whether this is the hash of the password, compared in constant time. Takes as long as hashing.
    ///
    /// # Errors
    /// There is not enough memory.
    pub fn matches_password(&self, password: &Password) -> Result<bool, PasswordError> {
        let output = stretch_secret(self.strength.0, password.expose().as_bytes(), &self.salt);
        let output = output.ok_or(PasswordError::Memory)?;
        Ok(output.ct_eq(&self.output).into())
    }

    /// The text to store.
    #[must_use]
    pub fn to_phc(&self) -> String {
        let Argon2Costs { m_kib, t, p } = self.strength.0;
        let (salt, output) = (
            STANDARD_NO_PAD.encode(self.salt),
            STANDARD_NO_PAD.encode(self.output),
        );
        format!("$argon2id$v=19$m={m_kib},t={t},p={p}${salt}${output}")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

static_assertions::assert_not_impl_any!(PasswordHash: fmt::Display, serde::Serialize);

fn parse_phc(text: &str) -> Option<PasswordHash> {
    let rest = text
        .strip_prefix("$argon2id$v=19$")
        .filter(|_| text.len() <= MAX_HASH_LENGTH)?;
    let mut parts = rest.split('$');
    let (numbers, salt, output) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let mut numbers = numbers.split(',');
    let mut number = |name: &str| numbers.next()?.strip_prefix(name)?.parse().ok();
    let (m_kib, t, p) = (number("m=")?, number("t=")?, number("p=")?);
    if numbers.next().is_some() {
        return None;
    }
    let strength = PasswordStrength::new(m_kib, t, p).ok()?;
    Some(PasswordHash {
        strength,
        salt: decode_bytes(salt)?,
        output: decode_bytes(output)?,
    })
}

fn decode_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD_NO_PAD.decode(text).ok()?.try_into().ok()
}
