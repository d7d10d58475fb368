//! A moment in RFC 3339, from a body or a query string.

use regrant_domain::Timestamp;
use serde::Deserialize;

/// A moment in RFC 3339.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Moment(pub(crate) Timestamp);

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let moment = chrono::DateTime::parse_from_rfc3339(&text);
        moment
            .map(|it| Self(it.to_utc()))
            .map_err(|_| "expected a time in RFC 3339, as in 2026-01-31T00:00:00Z")
    }
}
