//! `appsecret_proof`: shows Graph that the sender of a call holds the app secret.
//!
//! The rule: a time-stamped proof expires after five minutes, so each request and each retry signs
//! a new one; none is stored.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use regrant_domain::{AccessToken, AppSecret};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A time-stamped proof: the values of the parameters `appsecret_proof` and `appsecret_time`.
#[derive(Clone, PartialEq, Eq)]
pub struct AppSecretProof {
    /// HMAC-SHA256 in lower-case hex.
    pub proof: String,
    /// When it was signed, in Unix seconds.
    pub time: i64,
}

impl AppSecretProof {
    /// Signs `token` at `time`, in Unix seconds.
    pub(crate) fn sign_token(secret: &AppSecret, token: &AccessToken, time: i64) -> Self {
        let message = Zeroizing::new(format!("{}|{time}", token.expose()));
        Self {
            proof: hmac_hex(secret, message.as_bytes()),
            time,
        }
    }

    /// Names and values of the two parameters of a call.
    pub(crate) fn into_parameters(self) -> [(&'static str, String); 2] {
        [
            ("appsecret_proof", self.proof),
            ("appsecret_time", self.time.to_string()),
        ]
    }

    /// The proof without a time, for callers that cannot send `appsecret_time`. It does not expire.
    #[must_use]
    pub fn sign_without_time(secret: &AppSecret, token: &AccessToken) -> String {
        hmac_hex(secret, token.expose().as_bytes())
    }
}

impl fmt::Debug for AppSecretProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppSecretProof(…, {})", self.time)
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn hmac_hex(secret: &AppSecret, message: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("a key of any length");
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> AppSecret {
        AppSecret::parse(text.to_owned()).unwrap()
    }

    fn token(text: &str) -> AccessToken {
        AccessToken::parse(text.to_owned()).unwrap()
    }

    #[test]
    fn the_plain_proof_is_the_known_answer() {
        // printf %s TOKEN | openssl dgst -sha256 -hmac SECRET
        assert_eq!(
            AppSecretProof::sign_without_time(&secret("appsecret"), &token("EAABtoken")),
            KNOWN_PLAIN
        );
    }

    #[test]
    fn the_stamped_proof_is_the_known_answer() {
        let it =
            AppSecretProof::sign_token(&secret("appsecret"), &token("EAABtoken"), 1_790_000_000);
        assert_eq!((it.proof.as_str(), it.time), (KNOWN_STAMPED, 1_790_000_000));
    }

    #[test]
    fn a_proof_does_not_print_itself() {
        let it = AppSecretProof::sign_token(&secret("s"), &token("t"), 7);
        assert_eq!(format!("{it:?}"), "AppSecretProof(…, 7)");
    }

    const KNOWN_PLAIN: &str = "a9b4838836c2979289846fe92208eb2cd097c298f82fb392daa90407139f10e2";
    const KNOWN_STAMPED: &str = "47da31e64002c8734697f24d6da201f29e5258320432cf5d08a087d9e2946dea";
}
