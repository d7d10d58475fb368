//! Fields whose absence and whose null mean two things.

use serde::{Deserialize, Deserializer};

/// A value that is given, null among them.
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
