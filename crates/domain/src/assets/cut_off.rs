//! Cut-offs: when a person's access to an asset ends, and how Regrant learned it.
//!
//! The rule: a date read on the asset itself is certain; a notice about its person is an announcement
//! that must be confirmed on each asset; no date means unknown, never safe.

use crate::{Timestamp, closed_list};

/// The end of a person's access to an asset (`user_access_expire_time`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// When access ends.
    pub at: Timestamp,
    /// How Regrant learned it.
    pub source: CutOffSource,
    /// When Regrant learned it.
    pub learned_at: Timestamp,
}

closed_list! {
    /// How Regrant learned of a cut-off.
    pub enum CutOffSource: "source of a cut-off", serde {
        /// Read on the asset with its own credential.
        Probe = "probe",
        /// Announced by a webhook for the person, without naming assets.
        Webhook = "webhook",
        /// Read on another asset of the same person and business; for kinds without the field.
        Sibling = "sibling",
    }
}

impl CutOffSource {
    /// How reliable a cut-off from this source is.
    #[must_use]
    pub const fn to_confidence(self) -> Confidence {
        match self {
            Self::Probe => Confidence::Certain,
            Self::Webhook => Confidence::Announced,
            Self::Sibling => Confidence::Likely,
        }
    }
}

closed_list! {
    /// How reliable the date of an ending is.
    pub enum Confidence: "degree of confidence", serde {
        /// Graph returned it for this very token or asset.
        Certain = "certain",
        /// Meta announced it for the person; it may not apply to this asset.
        Announced = "announced",
        /// Derived from another asset of the same business.
        Likely = "likely",
    }
}
