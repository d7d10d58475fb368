//! When a standby credential is probed for an asset.

use crate::{Certainty, watch::Verdict};

/// Whether an asset may have lost the credential that serves it, so that its standbys are probed too.
///
/// `verdict` is what the probe of the serving credential said, `is_serving` whether the asset is served by its stored
/// state, `has_failed` whether an earlier probe was refused.
#[must_use]
pub const fn needs_standby(verdict: Option<&Verdict>, is_serving: bool, has_failed: bool) -> bool {
    match verdict {
        Some(Verdict::Refused { certainty, .. }) => {
            matches!(certainty, Certainty::Definitive) || !is_serving || has_failed
        }
        Some(Verdict::Alive) => false,
        Some(Verdict::Unknown(_)) | None => !is_serving,
    }
}
