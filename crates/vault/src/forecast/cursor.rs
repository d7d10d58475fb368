//! The cursor of a calendar's page, and its text.

use std::{fmt, str::FromStr};

use chrono::DateTime;
use regrant_domain::Timestamp;
use regrant_storage::ForecastPosition;

/// A position in the calendar of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastCursor {
    /// The moment of the calendar.
    pub as_of: Timestamp,
    /// The position of the last entry on the page.
    pub last: ForecastPosition,
}

impl fmt::Display for ForecastCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (as_of, at) = (
            self.as_of.timestamp_micros(),
            self.last.at.timestamp_micros(),
        );
        write!(f, "{as_of}/{at}/{}/{}", self.last.asset_id, self.last.cause)
    }
}

impl FromStr for ForecastCursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(4, '/');
        let mut part = || parts.next().ok_or(INVALID);
        let moment = |text: &str| {
            text.parse()
                .ok()
                .and_then(DateTime::from_timestamp_micros)
                .ok_or(INVALID)
        };
        let (as_of, at) = (moment(part()?)?, moment(part()?)?);
        let asset_id = part()?.parse().map_err(|_| INVALID)?;
        let cause = part()?.parse().map_err(|_| INVALID)?;
        Ok(Self {
            as_of,
            last: ForecastPosition {
                at,
                asset_id,
                cause,
            },
        })
    }
}

const INVALID: &str = "not a position in a calendar";
