//! What signs an endpoint's webhooks: 32 random bytes, shown once as `whsec_…`.
//!
//! The rule: no `Display`, `Serialize`, `Clone` or `PartialEq`; the text leaves in the answer that made it.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";
const TEXT: usize = PREFIX.len() + 44;

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct NoRandom;

/// The secret of one endpoint.
pub struct WebhookSecret(Zeroizing<[u8; 32]>);

impl WebhookSecret {
    /// A fresh secret.
    ///
    /// # Errors
    /// The system gave no random bytes.
    pub fn mint() -> Result<Self, NoRandom> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoRandom)?;
        Ok(Self(bytes))
    }

    /// The secret with these bytes; `None`: not 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|it| Self(Zeroizing::new(it)))
    }

    /// The bytes themselves: to seal, and to sign with.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The text a consumer is given.
    #[must_use]
    pub fn expose_text(&self) -> Zeroizing<String> {
        // Allocated at its final size, so growth leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(TEXT));
        text.push_str(PREFIX);
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
    fn a_secret_is_text_of_a_known_form_and_never_prints() {
        let secret = WebhookSecret::mint().unwrap();
        let text = secret.expose_text();
        assert_eq!(text.len(), TEXT);
        assert_eq!(
            STANDARD.decode(text.strip_prefix(PREFIX).unwrap()).unwrap(),
            secret.expose()
        );
        assert_eq!(format!("{secret:?}"), "WebhookSecret(…)");
        assert!(WebhookSecret::from_bytes(&[0; 31]).is_none());
    }
}
