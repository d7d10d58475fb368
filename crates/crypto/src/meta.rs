//! Messages that Meta signs with an app's secret: webhooks and signed requests.
//!
//! The rule: HMAC-SHA256 only, over the raw bytes, compared in constant time before anything is decoded or parsed. A
//! failure gives no reason.

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use regrant_domain::{AppSecret, VerifyToken};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::primitives::hmac_sha256;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether a header `X-Hub-Signature-256` signs these raw bytes with one of the secrets.
#[must_use]
pub fn is_webhook_signed(secrets: &[AppSecret], raw: &[u8], header: &str) -> bool {
    let given = header.strip_prefix("sha256=").and_then(decode_hex);
    matches_any_secret(secrets, raw, given)
}

/// The payload of a `signed_request` that is signed with one of the secrets; not parsed yet.
#[must_use]
pub fn open_signed_request(secrets: &[AppSecret], text: &str) -> Option<Vec<u8>> {
    let (signature, payload) = text.split_once('.').unwrap_or(("", text));
    let given = LENIENT
        .decode(signature)
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    matches_any_secret(secrets, payload.as_bytes(), given)
        .then(|| LENIENT.decode(payload).ok())
        .flatten()
}

/// Whether Meta sent back the configured verify token.
#[must_use]
pub fn matches_verify_token(configured: &VerifyToken, given: &str) -> bool {
    is_same_text(configured.expose(), given)
}

/// Whether this is the stored secret of the app.
#[must_use]
pub fn matches_app_secret(stored: &str, given: &AppSecret) -> bool {
    is_same_text(stored, given.expose())
}

/// Hashes both first, so that the comparison does not reveal the length either.
fn is_same_text(one: &str, other: &str) -> bool {
    Sha256::digest(one).ct_eq(&Sha256::digest(other)).into()
}

/// Tries every secret, even after a match or without a signature, so that the time reveals nothing.
fn matches_any_secret(secrets: &[AppSecret], message: &[u8], given: Option<[u8; 32]>) -> bool {
    let signature = given.unwrap_or_default();
    let any = secrets.iter().fold(Choice::from(0), |any, secret| {
        any | hmac_sha256(secret.expose().as_bytes(), message).ct_eq(&signature)
    });
    bool::from(any) && given.is_some()
}

fn decode_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|it| u8::try_from(it).ok())
    };
    let mut bytes = [0; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(texts: &[&str]) -> Vec<AppSecret> {
        texts
            .iter()
            .map(|it| AppSecret::parse((*it).to_owned()).unwrap())
            .collect()
    }

    fn hex_of(secret: &str, message: &[u8]) -> String {
        hex::encode(hmac_sha256(secret.as_bytes(), message))
    }

    fn signed(secret: &str, payload: &str) -> String {
        let unpadded = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        format!(
            "{}.{payload}",
            unpadded.encode(hmac_sha256(secret.as_bytes(), payload.as_bytes()))
        )
    }

    #[test]
    fn a_webhook_is_signed_over_its_raw_bytes() {
        let (raw, reserialised) = (
            r#"{"name":"\u00e9"}"#.as_bytes(),
            r#"{"name":"é"}"#.as_bytes(),
        );
        let header = format!("sha256={}", hex_of("one", raw));
        assert!(is_webhook_signed(&secrets(&["one"]), raw, &header));
        assert!(
            is_webhook_signed(&secrets(&["two", "one"]), raw, &header),
            "both secrets are valid while a secret is rotated"
        );
        assert!(!is_webhook_signed(
            &secrets(&["one"]),
            reserialised,
            &header
        ));
        assert!(!is_webhook_signed(&secrets(&["two"]), raw, &header));
        assert!(!is_webhook_signed(&[], raw, &header));
    }

    #[test]
    fn anything_but_sha256_and_64_digits_is_refused() {
        let good = hex_of("one", b"x");
        for header in [
            String::new(),
            good.clone(),
            format!("sha1={good}"),
            "sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709".to_owned(),
            format!("SHA256={good}"),
            format!("sha256= {good}"),
            format!("sha256={}", &good[..62]),
            format!("sha256={good}00"),
            format!("sha256={}zz", &good[..62]),
            format!("sha256={}é", &good[..62]),
            format!("sha256={good}\n"),
            "sha256=".to_owned(),
            format!("sha256={}", "0".repeat(64)),
        ] {
            assert!(
                !is_webhook_signed(&secrets(&["one"]), b"x", &header),
                "{header:?}"
            );
        }
    }

    #[test]
    fn a_signed_request_is_signed_over_its_encoded_payload() {
        let good = signed("one", "eyJhIjoxfQ");
        assert_eq!(
            open_signed_request(&secrets(&["one"]), &good).as_deref(),
            Some(&br#"{"a":1}"#[..])
        );
        let padded = signed("one", "eyJhIjoxfQ==");
        assert!(open_signed_request(&secrets(&["one"]), &padded).is_some());
        let (signature, payload) = good.split_once('.').unwrap();
        assert!(
            open_signed_request(&secrets(&["one"]), &format!("{signature}=.{payload}")).is_some()
        );
        for text in [
            "",
            ".",
            payload,
            &format!(".{payload}"),
            &format!("{signature}."),
            &format!("{signature}.{payload}=="),
            &format!("{signature}.{payload}.{payload}"),
            &format!("{}.{payload}", &signature[1..]),
            &format!("{payload}.{signature}"),
            &signed("two", payload),
            &signed("one", "not base64!"),
            &good.replace('-', "+"),
        ] {
            let opened = open_signed_request(&secrets(&["one"]), text);
            assert!(opened.is_none() || *text == good, "{text}");
        }
    }

    #[test]
    fn the_verify_token_must_match_exactly() {
        let configured = VerifyToken::parse("check".to_owned()).unwrap();
        assert!(matches_verify_token(&configured, "check"));
        for given in ["", "chec", "check ", "Check", "checkcheck"] {
            assert!(!matches_verify_token(&configured, given), "{given:?}");
        }
    }
}
