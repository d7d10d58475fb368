//! The plan id of a preview: a keyed digest of the inputs that the preview judged by.
//!
//! The rule: a plan has no stored row. A reconnect that names a plan computes the digest again and compares, so that
//! it notices any change since the preview.

use std::{fmt, str::FromStr};

use chrono::DateTime;

use crate::{InvalidId, Timestamp};

const PREFIX: &str = "pln_";
const VERSION_DIGITS: usize = 8;
const TIME_DIGITS: usize = 16;
const DIGITS: usize = VERSION_DIGITS + TIME_DIGITS + 32;

/// The digest of a preview's inputs: `pln_` and 56 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanId {
    /// The version of the tenant's data key that keyed the digest.
    pub key_version: u32,
    /// When the plan expires, in whole seconds.
    pub expires_at: Timestamp,
    /// Keyed hash of the token, the assets and their active credentials.
    pub digest: [u8; 16],
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, digest) = (
            self.expires_at.timestamp(),
            u128::from_be_bytes(self.digest),
        );
        write!(
            f,
            "{PREFIX}{:08x}{seconds:016x}{digest:032x}",
            self.key_version
        )
    }
}

impl FromStr for PlanId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.strip_prefix(PREFIX).filter(|it| it.len() == DIGITS);
        let is_lower_hex = |it: &&str| it.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        digits
            .filter(is_lower_hex)
            .and_then(parse_digits)
            .ok_or(InvalidId { expected: PREFIX })
    }
}

impl<'de> serde::Deserialize<'de> for PlanId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn parse_digits(digits: &str) -> Option<PlanId> {
    let (version, rest) = digits.split_at_checked(VERSION_DIGITS)?;
    let (seconds, digest) = rest.split_at_checked(TIME_DIGITS)?;
    let seconds = i64::from_str_radix(seconds, 16).ok()?;
    Some(PlanId {
        key_version: u32::from_str_radix(version, 16).ok()?,
        expires_at: DateTime::from_timestamp(seconds, 0)?,
        digest: u128::from_str_radix(digest, 16).ok()?.to_be_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_id_parses_its_own_text_and_no_other() {
        let plan = PlanId {
            key_version: 3,
            expires_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            digest: *b"0123456789abcdef",
        };
        let text = plan.to_string();
        assert_eq!((text.len(), text.parse()), (60, Ok(plan)));
        let bad = [
            text.to_uppercase(),
            text.replacen("pln_0", "pln_+", 1),
            text.replacen("pln_", "rcn_", 1),
            format!("{text}0"),
            text[..59].to_owned(),
            "pln_00000001ffffffffffffffff00000000000000000000000000000000".to_owned(),
            "pln_000000017fffffffffffffff00000000000000000000000000000000".to_owned(),
            String::new(),
        ];
        for text in bad {
            assert!(text.parse::<PlanId>().is_err(), "{text}");
        }
    }
}
