//! What each provider needs to know. The types are there whether or not the provider is compiled.

use std::path::PathBuf;

use url::Url;
use zeroize::Zeroizing;

/// The secret could not be read.
pub type SecretReadError = Box<dyn std::error::Error + Send + Sync>;

/// Reads a secret; called at the start and whenever the service refuses the one that was read last.
pub type SecretReader = Box<dyn Fn() -> Result<Zeroizing<String>, SecretReadError> + Send + Sync>;

/// Which keys to use.
pub struct AwsKmsSettings {
    /// The ARN of the key that wraps: `arn:aws:kms:<region>:<account>:key/<id>`, not of an alias.
    pub key_arn: String,
    /// The ARNs of keys that only open.
    pub former_key_arns: Vec<String>,
    /// Another address of the service, for tests.
    pub endpoint: Option<String>,
}

/// Where the key is.
pub struct Pkcs11Settings {
    /// The library of the device.
    pub module: PathBuf,
    /// The label of the token.
    pub token_label: String,
    /// The label of the key; its versions differ in `CKA_ID`.
    pub key_label: String,
    /// Reads the PIN of the user.
    pub read_pin: SecretReader,
}

/// How to reach a key of the engine.
pub struct TransitSettings {
    /// The address of the server, such as `https://vault.internal:8200`.
    pub address: Url,
    /// Where the engine is mounted.
    pub mount: String,
    /// The name of the key.
    pub key: String,
    /// The namespace, if the server has some.
    pub namespace: Option<String>,
    /// Certificates to trust besides those of the system, as PEM.
    pub ca_certificate: Option<Vec<u8>>,
    /// Reads the token.
    pub read_token: SecretReader,
}

impl AwsKmsSettings {
    /// The service and the keys, for errors.
    #[must_use]
    pub fn describe(&self) -> String {
        let arns = std::iter::once(&self.key_arn).chain(&self.former_key_arns);
        let arns: Vec<_> = arns.map(String::as_str).collect();
        format!("AWS KMS with {}", arns.join(", "))
    }
}

impl Pkcs11Settings {
    /// The device and the key, for errors.
    #[must_use]
    pub fn describe(&self) -> String {
        format!(
            "the PKCS#11 device of {}, token {:?}, key {:?}",
            self.module.display(),
            self.token_label,
            self.key_label
        )
    }
}

impl TransitSettings {
    /// The engine and the key, for errors.
    #[must_use]
    pub fn describe(&self) -> String {
        // The origin alone: an address may carry more than an error should show.
        let origin = self.address.origin().ascii_serialization();
        format!(
            "the transit engine {} at {origin}, key {:?}",
            self.mount, self.key
        )
    }
}
