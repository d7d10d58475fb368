//! The key providers, each through the same conformance suite, and each with every fault of [`faults`].
//!
//! Transit: a stub that was written from the API's documentation, never the real service. PKCS#11: `SoftHSM2`. AWS
//! KMS: moto.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

#[cfg(feature = "aws-kms")]
mod aws_kms;
mod conformance;
mod faults;
mod local;
#[cfg(feature = "pkcs11")]
mod pkcs11;
#[cfg(feature = "transit")]
mod transit;
