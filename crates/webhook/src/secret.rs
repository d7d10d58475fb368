//! The signing secret of a webhook endpoint: 32 random bytes, shown once as `whsec_…`.
//!
//! The rule: no `Display`, `Serialize`, `Clone` or `PartialEq`; only the response that creates the
//! secret contains its text.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

const SECRET_PREFIX: &str = "whsec_";
const TEXT_LENGTH: usize = SECRET_PREFIX.len() + 44;

/// The random generator of the system failed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct RandomError;

/// The signing secret of one endpoint.
pub struct WebhookSecret(Zeroizing<[u8; 32]>);

impl WebhookSecret {
    /// A new random secret.
    pub fn mint() -> Result<Self, RandomError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| RandomError)?;
        Ok(Self(bytes))
    }

    /// The secret with these bytes; `None` unless there are 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|it| Self(Zeroizing::new(it)))
    }

    /// The raw bytes, to seal or to sign with.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The text for the consumer: `whsec_` and base64.
    #[must_use]
    pub fn expose_text(&self) -> Zeroizing<String> {
        // Allocated at the final size: a growing buffer would leave an unzeroed copy behind.
        let mut text = Zeroizing::new(String::with_capacity(TEXT_LENGTH));
        text.push_str(SECRET_PREFIX);
        STANDARD.encode_string(self.expose(), &mut text);
        text
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

static_assertions::assert_not_impl_any!(WebhookSecret: Clone, fmt::Display, serde::Serialize, PartialEq<WebhookSecret>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_a_known_text_form_and_debug_hides_it() {
        let secret = WebhookSecret::mint().unwrap();
        let text = secret.expose_text();
        assert_eq!(text.len(), TEXT_LENGTH);
        assert_eq!(
            STANDARD
                .decode(text.strip_prefix(SECRET_PREFIX).unwrap())
                .unwrap(),
            secret.expose()
        );
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
        assert!(WebhookSecret::from_bytes(&[0; 31]).is_none());
    }
}
