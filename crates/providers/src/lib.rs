//! Key services outside of this process: AWS KMS, PKCS#11 devices, and the transit engine of Vault or OpenBao.
//!
//! The rule: a provider is compiled only with its feature. Each authenticates the context of a data key, says whether a
//! retry can help, and never puts a secret into an error. A call is bounded in time and in tries.
//! Start at [`regrant_crypto::KeyService`]; each provider has a module of its own.

#![forbid(unsafe_code)]

#[cfg(feature = "aws-kms")]
mod aws_kms;
#[cfg(any(feature = "aws-kms", feature = "pkcs11", feature = "transit"))]
mod kek_id;
#[cfg(feature = "pkcs11")]
mod pkcs11;
#[cfg(any(feature = "pkcs11", feature = "transit"))]
mod retry;
mod settings;
#[cfg(feature = "transit")]
mod transit;

#[cfg(feature = "aws-kms")]
pub use aws_kms::AwsKms;
#[cfg(feature = "pkcs11")]
pub use pkcs11::Pkcs11;
#[cfg(feature = "transit")]
pub use transit::Transit;

pub use settings::{
    AwsKmsSettings, Pkcs11Settings, SecretReadError, SecretReader, TransitSettings,
};
