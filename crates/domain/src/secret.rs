//! Secrets in the clear, and what they become when sealed.
//!
//! The rule: a secret has no `Display`, no `Serialize`, no `Clone` and no `PartialEq`; its `Debug`
//! shows its type; its memory is zeroed. `rg 'expose\('` lists every place that looks inside.

use std::fmt;

use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

/// The text cannot be this secret. Says nothing about the text.
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
            /// Takes the secret over; the text it came in is not kept.
            ///
            /// # Errors
            /// The text is empty, too long or holds a character that no such secret has.
            pub fn parse(text: impl Into<Zeroizing<String>>) -> Result<Self, InvalidSecret> {
                let text = text.into();
                let fits = (1..=$max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
                if fits { Ok(Self(text)) } else { Err(InvalidSecret { max: $max }) }
            }

            /// The secret itself. Every call is a place to review.
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
    /// A Graph access token. Opaque: neither its length nor its alphabet is fixed.
    AccessToken max: 4096,
    /// The secret of a Meta app: it mints app tokens and signs proofs and webhooks.
    AppSecret max: 256,
    /// The word Meta repeats when it verifies a webhook address.
    VerifyToken max: 256,
    /// The secret of an API client.
    ClientSecret max: 256,
}

/// What a person types to unlock a keyring. Any text, spaces included.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the passphrase over; a line break at its end, as files have it, is dropped.
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

    /// The passphrase itself.
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

/// What an operator logs in with. Any text of 12 to 256 bytes.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct Password(Zeroizing<String>);

/// The text cannot be a password. Says nothing about the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 12 to 256 bytes")]
pub struct InvalidPassword;

impl Password {
    /// Takes the password over.
    ///
    /// # Errors
    /// It is shorter than 12 or longer than 256 bytes.
    pub fn parse(text: impl Into<Zeroizing<String>>) -> Result<Self, InvalidPassword> {
        let text = text.into();
        if (12..=256).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(InvalidPassword)
        }
    }

    /// The password itself.
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

/// A sealed record: what storage sees. Only the crypto crate makes and opens one.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Wraps bytes that a seal produced or a database returned.
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

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl Zeroize for Sealed {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_shows_itself() -> Result<(), InvalidSecret> {
        let token = AccessToken::parse("EAAB-canary".to_owned())?;
        assert_eq!(format!("{token:?}"), "AccessToken(…)");
        Ok(())
    }

    #[test]
    fn the_refusal_does_not_repeat_the_text() {
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
}
