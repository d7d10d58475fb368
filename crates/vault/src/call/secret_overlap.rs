//! How long a secret is accepted after it was changed.
//!
//! The rule: one older secret is kept. A change with an overlap promises that the secret in use stays valid, so it is
//! refused while an older one is: that one may be the secret in use.

use std::time::Duration;

use regrant_domain::Timestamp;

use crate::{Conflict, Error};

/// The end of an overlap that begins now; `None` if there is none.
pub(crate) fn end_of_overlap(overlap: Duration, now: Timestamp) -> Option<Timestamp> {
    (!overlap.is_zero()).then(|| now + overlap)
}

/// Refuses a change that keeps the secret until `until` while an older one is accepted until `older_until`.
///
/// # Errors
/// `Conflict(SecretOverlapOpen)`.
pub(crate) fn require_no_overlap(
    older_until: Option<Timestamp>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    match older_until.filter(|it| *it > now) {
        Some(open) if until.is_some() => Err(Error::Conflict(Conflict::SecretOverlapOpen(open))),
        _ => Ok(()),
    }
}
