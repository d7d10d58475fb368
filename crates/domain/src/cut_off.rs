//! Cut-offs: when a person's access to an asset ends, and who said so.
//!
//! The rule: a reading on the asset itself is certain; a message about its person is an announcement
//! that still has to be read on each asset; an absent reading means unknown, never safe.

use crate::{Timestamp, closed_list};

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

closed_list! {
    /// How a cut-off was learned.
    pub enum CutOffSource: "source of a cut-off", serde {
        /// Read on the asset, with its own credential.
        Probe = "probe",
        /// Announced by a webhook for the person; it names no assets.
        Webhook = "webhook",
        /// Read on another asset of the same person and business, for a kind that does not carry the field.
        Sibling = "sibling",
    }
}

impl CutOffSource {
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

closed_list! {
    /// How far an ending may be relied on.
    pub enum Confidence: "degree of confidence", serde {
        /// Graph said so of this very token or asset.
        Certain = "certain",
        /// Meta announced it for the person; whether this asset is meant is not known.
        Announced = "announced",
        /// Concluded from another asset of the same business.
        Likely = "likely",
    }
}
