//! The signature of the Standard Webhooks scheme: HMAC-SHA256 over `id.timestamp.body`, version `v1`.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::WebhookSecret;

/// The value of `webhook-signature`: one signature for each secret, separated by spaces.
pub(crate) fn signature_header(
    secrets: &[WebhookSecret],
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> String {
    let signed = secrets
        .iter()
        .map(|it| format!("v1,{}", STANDARD.encode(sign_body(it, id, timestamp, body))));
    signed.collect::<Vec<_>>().join(" ")
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn sign_body(secret: &WebhookSecret, id: &str, timestamp: i64, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose()).expect("a key of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value is from another implementation (Python's `hmac`).
    #[test]
    fn the_signature_follows_the_scheme() {
        let secret = WebhookSecret::from_bytes(&[7; 32]).unwrap();
        let body = br#"{"type":"webhook.test"}"#;
        assert_eq!(
            signature_header(&[secret], "evt_1", 1_614_265_330, body),
            "v1,L9BV1dO4wpwoRd7Rj6ZA46CpuqEOCI4VuvzaNFx9N9w="
        );
    }

    #[test]
    fn each_live_secret_signs() {
        let secrets = [[1; 32], [2; 32]].map(|it| WebhookSecret::from_bytes(&it).unwrap());
        let both = signature_header(&secrets, "evt_1", 1, b"{}");
        let [one, two] = secrets;
        let apart = [
            signature_header(&[one], "evt_1", 1, b"{}"),
            signature_header(&[two], "evt_1", 1, b"{}"),
        ];
        assert_eq!(both, apart.join(" "));
    }
}
