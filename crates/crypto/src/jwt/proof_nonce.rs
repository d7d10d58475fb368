//! Nonces for proofs of a key (RFC 9449 §8): a client shows with it that it made the proof lately.
//!
//! The rule: a nonce is a time with a code under a key that every process derives from a signing key, so that one process
//! accepts what another gave out, and nothing is stored.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use super::SigningKey;
use crate::primitives::{derive_key, hmac_sha256};

/// How long one nonce is given out, in seconds.
const TURN_SECONDS: i64 = 60;
/// How many turns a nonce is accepted after its own.
const LATE_TURNS: i64 = 5;
const SALT: &[u8] = b"regrant/proof-nonce/v1";
const CODE_BYTES: usize = 16;

impl SigningKey {
    /// The nonce that is given out at this time.
    #[must_use]
    pub fn proof_nonce(&self, now_unix: i64) -> String {
        let turn = now_unix.div_euclid(TURN_SECONDS);
        let mut nonce = turn.to_be_bytes().to_vec();
        nonce.extend_from_slice(&self.nonce_code(turn));
        URL_SAFE_NO_PAD.encode(nonce)
    }

    /// Whether this key made the nonce within the last minutes; compared in constant time.
    #[must_use]
    pub fn accepts_proof_nonce(&self, nonce: &str, now_unix: i64) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(nonce) else {
            return false;
        };
        let Some((turn, code)) = bytes.split_first_chunk::<8>() else {
            return false;
        };
        let turn = i64::from_be_bytes(*turn);
        let age = now_unix.div_euclid(TURN_SECONDS).checked_sub(turn);
        // The clock of another process may be ahead.
        let is_timely = age.is_some_and(|it| (-1..=LATE_TURNS).contains(&it));
        is_timely && self.nonce_code(turn).as_slice().ct_eq(code).into()
    }

    fn nonce_code(&self, turn: i64) -> [u8; CODE_BYTES] {
        let key = derive_key::<32>(&self.private_pkcs8(), SALT, &[]);
        let [code @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            hmac_sha256(key.as_slice(), &turn.to_be_bytes());
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000;

    #[test]
    fn a_nonce_is_accepted_for_minutes_by_every_process_with_the_key() {
        let key = SigningKey::generate().unwrap();
        let same = SigningKey::from_pkcs8(key.kid(), &key.private_pkcs8()).unwrap();
        let nonce = key.proof_nonce(NOW);
        for (now, accepted) in [
            (NOW, true),
            (NOW + 300, true),
            (NOW + 420, false),
            (NOW - 60, true),
            (NOW - 180, false),
            (i64::MIN, false),
            (i64::MAX, false),
        ] {
            assert_eq!(same.accepts_proof_nonce(&nonce, now), accepted, "{now}");
        }
    }

    #[test]
    fn any_other_nonce_is_refused() {
        let (key, other) = (
            SigningKey::generate().unwrap(),
            SigningKey::generate().unwrap(),
        );
        let nonce = key.proof_nonce(NOW);
        assert!(!other.accepts_proof_nonce(&nonce, NOW));
        let later = other.proof_nonce(NOW + 60);
        for text in [
            "",
            "AA",
            "!",
            &nonce[..nonce.len() - 2],
            &format!("{nonce}AA"),
            &later,
        ] {
            assert!(!key.accepts_proof_nonce(text, NOW), "{text}");
        }
    }
}
