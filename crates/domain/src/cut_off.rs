//! Cut-offs: when a person's access to an asset ends, and who said so.
//!
//! The rule: a reading on the asset itself is certain; a message about its person is an announcement
//! that still has to be read on each asset; an absent reading means unknown, never safe.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The end of a person's access to an asset (`user_access_expire_time`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// When access ends.
    pub at: Timestamp,
    /// How it was learned.
    pub source: CutOffSource,
    /// When it was learned.
    pub learned_at: Timestamp,
}

/// How a cut-off was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutOffSource {
    /// Read on the asset, with its own credential.
    Probe,
    /// Announced by a webhook for the person; it names no assets.
    Webhook,
    /// Read on another asset of the same person and business, for a kind that does not carry the field.
    Sibling,
}

impl CutOffSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Probe, Self::Webhook, Self::Sibling];

    /// The name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Webhook => "webhook",
            Self::Sibling => "sibling",
        }
    }

    /// How far it may be relied on.
    #[must_use]
    pub const fn confidence(self) -> Confidence {
        match self {
            Self::Probe => Confidence::Certain,
            Self::Webhook => Confidence::Announced,
            Self::Sibling => Confidence::Likely,
        }
    }
}

/// How far an ending may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Graph said so of this very token or asset.
    Certain,
    /// Meta announced it for the person; whether this asset is meant is not known.
    Announced,
    /// Concluded from another asset of the same business.
    Likely,
}

impl Confidence {
    /// Every degree.
    pub const ALL: [Self; 3] = [Self::Certain, Self::Announced, Self::Likely];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Announced => "announced",
            Self::Likely => "likely",
        }
    }
}

impl fmt::Display for CutOffSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CutOffSource {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or("unknown source of a cut-off")
    }
}

impl FromStr for Confidence {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or("unknown degree of confidence")
    }
}
