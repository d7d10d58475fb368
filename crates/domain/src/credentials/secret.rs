//! Secrets in plaintext, and the sealed records that storage keeps.
//!
//! The rule: a secret has no `Display`, no `Serialize`, no `Clone` and no `PartialEq`; its `Debug`
//! shows only its type; its memory is zeroed. `rg 'expose\('` lists every use of a plaintext.

use std::fmt;

use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

/// The text is not a valid secret of this type. The error never quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {max} visible ASCII characters without spaces")]
pub struct InvalidSecret {
    max: usize,
}

macro_rules! secret {
    ($($(#[$doc:meta])* $name:ident max: $max:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes ownership of the text, which is zeroed when the secret is dropped.
            ///
            /// # Errors
            /// The text is empty, too long or has a character other than visible ASCII.
            pub fn parse(text: impl Into<Zeroizing<String>>) -> Result<Self, InvalidSecret> {
                let text = text.into();
                let fits = (1..=$max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
                if fits { Ok(Self(text)) } else { Err(InvalidSecret { max: $max }) }
            }

            /// The plaintext. Review every call.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidSecret;

            fn try_from(text: String) -> Result<Self, InvalidSecret> {
                Self::parse(text)
            }
        }

        static_assertions::assert_not_impl_any!($name: Clone, fmt::Display, serde::Serialize, PartialEq<$name>);
    )+};
}

secret! {
    /// A Graph access token. Opaque: Meta guarantees neither length nor alphabet.
    AccessToken max: 4096,
    /// The code that Meta's log-in dialog returns; it is exchanged for a token once.
    AuthorizationCode max: 4096,
    /// The secret of a Meta app: it mints app tokens and signs proofs and webhooks.
    AppSecret max: 256,
    /// The text that Meta must send back when it verifies a webhook address.
    VerifyToken max: 256,
    /// The secret of an API client.
    ClientSecret max: 256,
}

/// The passphrase that unlocks a keyring. Any text, including spaces.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The fewest bytes of a passphrase for a new keyring. Older keyrings may have a shorter one.
    pub const MIN_BYTES: usize = 16;

    /// Takes ownership of the text and drops a line break at its end, as files have one.
    ///
    /// # Errors
    /// The text is empty or longer than 1,024 bytes.
    pub fn parse(text: impl Into<Zeroizing<String>>) -> Result<Self, InvalidSecret> {
        let mut text = text.into();
        let kept = text.trim_end_matches(['\r', '\n']).len();
        text.truncate(kept);
        if (1..=1024).contains(&kept) {
            Ok(Self(text))
        } else {
            Err(InvalidSecret { max: 1024 })
        }
    }

    /// Whether it is too short for a new keyring: a copy of the file could be opened by guessing.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.0.len() < Self::MIN_BYTES
    }

    /// The plaintext. Review every call.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

static_assertions::assert_not_impl_any!(Passphrase: Clone, fmt::Display, serde::Serialize, PartialEq<Passphrase>);

/// The password of an operator: any text of 12 to 256 bytes.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct Password(Zeroizing<String>);

/// The text is not a valid password. The error never quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 12 to 256 bytes")]
pub struct InvalidPassword;

impl Password {
    /// Takes ownership of the text.
    ///
    /// # Errors
    /// The text is shorter than 12 or longer than 256 bytes.
    pub fn parse(text: impl Into<Zeroizing<String>>) -> Result<Self, InvalidPassword> {
        let text = text.into();
        if (12..=256).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(InvalidPassword)
        }
    }

    /// The plaintext. Review every call.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl TryFrom<String> for Password {
    type Error = InvalidPassword;

    fn try_from(text: String) -> Result<Self, InvalidPassword> {
        Self::parse(text)
    }
}

static_assertions::assert_not_impl_any!(Password: Clone, fmt::Display, serde::Serialize, PartialEq<Password>);

/// A sealed record, as storage keeps it. Only the crypto crate makes and opens one.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedRecord(Vec<u8>);

impl SealedRecord {
    /// Wraps the bytes of a seal or of a database row.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The ciphertext.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The ciphertext, moved out.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for SealedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedRecord({} bytes)", self.0.len())
    }
}

impl Zeroize for SealedRecord {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_token() -> Result<(), InvalidSecret> {
        let token = AccessToken::parse("EAAB-canary".to_owned())?;
        assert_eq!(format!("{token:?}"), "AccessToken(…)");
        Ok(())
    }

    #[test]
    fn the_error_does_not_quote_the_text() {
        let refused = AccessToken::parse("EAAB canary".to_owned())
            .err()
            .map(|e| e.to_string());
        assert_eq!(
            refused.as_deref(),
            Some("expected 1 to 4096 visible ASCII characters without spaces")
        );
    }

    #[test]
    fn a_passphrase_from_a_file_loses_its_line_break() -> Result<(), InvalidSecret> {
        assert_eq!(
            Passphrase::parse("correct horse\n".to_owned())?.expose(),
            "correct horse"
        );
        Ok(())
    }

    #[test]
    fn a_passphrase_for_a_new_keyring_has_sixteen_bytes() -> Result<(), InvalidSecret> {
        assert!(Passphrase::parse("fifteen bytes..".to_owned())?.is_short());
        assert!(!Passphrase::parse("sixteen bytes...".to_owned())?.is_short());
        Ok(())
    }
}
