//! Steps for consents.

pub(super) mod s58_consents;
