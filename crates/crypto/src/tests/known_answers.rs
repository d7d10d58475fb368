//! G2: published test vectors of the primitives, through our own functions.

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};

use crate::primitives::{derive_key, hmac_sha256};

#[test]
fn hkdf_gives_the_answers_of_rfc_5869() {
    let salt: Vec<u8> = (0..=0x0c).collect();
    let info: Vec<u8> = (0xf0..=0xf9).collect();
    let okm = derive_key::<42>(&[0x0b; 22], &salt, &[&info]);
    assert_eq!(
        hex::encode(okm.as_slice()),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    );
}

#[test]
fn hkdf_gives_the_answer_of_rfc_5869_for_long_inputs() {
    let (ikm, salt, info): (Vec<u8>, Vec<u8>, Vec<u8>) = (
        (0..=0x4f).collect(),
        (0x60..=0xaf).collect(),
        (0xb0..=0xff).collect(),
    );
    let okm = derive_key::<82>(&ikm, &salt, &[&info[..33], &info[33..]]);
    assert_eq!(
        hex::encode(okm.as_slice()),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
         da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
    );
}

#[test]
fn hkdf_gives_the_answer_of_rfc_5869_without_salt_and_info() {
    let okm = derive_key::<42>(&[0x0b; 22], b"", &[]);
    assert_eq!(
        hex::encode(okm.as_slice()),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    );
}

#[test]
fn hmac_gives_the_answer_of_rfc_4231() {
    assert_eq!(
        hex::encode(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

#[test]
fn argon2id_gives_the_answer_of_rfc_9106() {
    let params = ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let mut tag = [0; 32];
    Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params)
        .unwrap()
        .hash_password_into(&[1; 32], &[2; 16], &mut tag)
        .unwrap();
    assert_eq!(
        hex::encode(tag),
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    );
}
