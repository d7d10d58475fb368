//! Optional fields for which null has a meaning of its own.

use serde::{Deserialize, Deserializer};

/// `Some` if the field is present, even if it is null; with `#[serde(default)]`, `None` if it is absent.
#[expect(clippy::option_option, reason = "absent and null are two things")]
pub(crate) fn deserialize_nullable<'de, D, T>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
