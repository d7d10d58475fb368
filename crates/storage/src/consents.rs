//! Consents: log-ins that were handed over and not yet used, and the codes that were exchanged for them.

mod code;
mod consent;

pub use code::{NewConsentCode, StoredConsentCode};
pub use consent::StoredConsent;
