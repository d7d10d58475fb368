//! G6: ciphertexts that plain GCM opens under two keys. Our format opens them under one key.
//!
//! A tag is a polynomial in the key's hash point, plus a mask. One free block makes the two tags equal:
//! a linear equation over GF(2^128), solved here.

use aes_gcm::{
    AeadInOut, Aes256Gcm, KeyInit,
    aes::{Aes256, cipher::BlockCipherEncrypt},
};
use regrant_domain::SealedRecord;

use super::{context, data_key, tenant};
use crate::{
    OpenError,
    data_key::DataKey,
    record::{Context, envelope},
};

const BLOCKS: usize = 16;
/// Any block except the first, which holds the payload's length.
const FREE: usize = 5;

#[test]
fn a_thousand_ciphertexts_that_gcm_opens_under_two_keys_open_under_one_key_only() {
    let mut both = 0;
    let mut refused = 0;
    for round in 0..1_000_u16 {
        let forgery = forge_record(round);
        both += usize::from(
            forgery.gcm_accepts(&forgery.first) && forgery.gcm_accepts(&forgery.second),
        );
        assert!(
            forgery
                .first
                .open_record(&forgery.context, &forgery.record)
                .is_ok(),
            "the committed key opens"
        );
        refused += usize::from(
            forgery
                .second
                .open_record(&forgery.context, &forgery.record)
                .err()
                == Some(OpenError),
        );
    }
    assert_eq!((both, refused), (1_000, 1_000));
}

struct Forgery {
    first: DataKey,
    second: DataKey,
    context: Context<'static>,
    salt: [u8; 32],
    record: SealedRecord,
}

/// A record of the first key with a tag that is valid for the second key too.
fn forge_record(round: u16) -> Forgery {
    let context = context(tenant());
    let [high, low] = round.to_be_bytes();
    let (first, second) = (data_key(tenant(), 1), data_key(tenant(), 2));
    let mut salt = [high; 32];
    salt[0] = low;
    // A payload that fills the record, so that the free block is payload, not padding.
    let honest = first.seal_with_salt(&context, &[low; 254], &salt).unwrap();
    let (header, body) = honest.as_bytes().split_at(88);
    let mut blocks: Vec<u128> = body.chunks_exact(16).map(block).collect();
    blocks.pop();
    let aad = context.encode_aad(header).unwrap();
    let (one, two) = (
        Gcm::of(&first, &context, &salt),
        Gcm::of(&second, &context, &salt),
    );
    blocks[FREE] = 0;
    let difference = one.tag(&aad, &blocks) ^ two.tag(&aad, &blocks);
    // The block at FREE is multiplied by the point to the power of the blocks after it, with the
    // length block, plus one.
    let power = u32::try_from(BLOCKS - FREE).unwrap() + 1;
    let slope = pow(one.point, power) ^ pow(two.point, power);
    blocks[FREE] = mul(difference, inverse(slope));
    let tag = one.tag(&aad, &blocks);
    let mut record = header.to_vec();
    record.extend(
        blocks
            .iter()
            .chain([&tag])
            .flat_map(|block| block.to_be_bytes()),
    );
    Forgery {
        first,
        second,
        context,
        salt,
        record: SealedRecord::from_bytes(record),
    }
}

impl Forgery {
    fn gcm_accepts(&self, key: &DataKey) -> bool {
        let (header, body) = self.record.as_bytes().split_at(88);
        let (ciphertext, tag) = body.split_last_chunk::<16>().unwrap();
        let (message_key, nonce) = message_key(key, &self.context, &self.salt);
        let mut buffer = ciphertext.to_vec();
        Aes256Gcm::new(&message_key.into())
            .decrypt_inout_detached(
                &nonce.into(),
                &self.context.encode_aad(header).unwrap(),
                buffer.as_mut_slice().into(),
                &(*tag).into(),
            )
            .is_ok()
    }
}

fn message_key(key: &DataKey, context: &Context<'_>, salt: &[u8; 32]) -> ([u8; 32], [u8; 12]) {
    envelope::derive_message_key(key.secret(), &key.key().to_prefix(), salt, context)
        .0
        .to_parts()
}

/// GCM's hash point and mask under one key and nonce.
struct Gcm {
    point: u128,
    mask: u128,
}

impl Gcm {
    fn of(key: &DataKey, context: &Context<'_>, salt: &[u8; 32]) -> Self {
        let (key, nonce) = message_key(key, context, salt);
        let cipher = Aes256::new(&key.into());
        let mut counter = [0; 16];
        counter[..12].copy_from_slice(&nonce);
        counter[15] = 1;
        let encrypt = |bytes: [u8; 16]| {
            let mut block = bytes.into();
            cipher.encrypt_block(&mut block);
            u128::from_be_bytes(block.into())
        };
        Self {
            point: encrypt([0; 16]),
            mask: encrypt(counter),
        }
    }

    fn tag(&self, aad: &[u8], ciphertext: &[u128]) -> u128 {
        let bits = |bytes: usize| u128::try_from(bytes * 8).unwrap();
        let lengths = (bits(aad.len()) << 64) | bits(ciphertext.len() * 16);
        let padded = aad.chunks(16).map(block);
        let sum = padded
            .chain(ciphertext.iter().copied())
            .chain([lengths])
            .fold(0, |sum, block| mul(sum ^ block, self.point));
        sum ^ self.mask
    }
}

fn block(bytes: &[u8]) -> u128 {
    let mut block = [0; 16];
    block[..bytes.len()].copy_from_slice(bytes);
    u128::from_be_bytes(block)
}

/// NIST SP 800-38D, algorithm 1.
fn mul(x: u128, mut v: u128) -> u128 {
    let mut z = 0;
    for bit in (0..128).rev() {
        z ^= v & 0_u128.wrapping_sub(x >> bit & 1);
        v = (v >> 1) ^ (0xE1 << 120 & 0_u128.wrapping_sub(v & 1));
    }
    z
}

fn pow(x: u128, exponent: u32) -> u128 {
    (1..exponent).fold(x, |power, _| mul(power, x))
}

/// `x^(2^128 - 2)`: the product of `x^(2^i)` for i from 1 to 127.
fn inverse(x: u128) -> u128 {
    let one = 1 << 127;
    (1..128)
        .fold((x, one), |(square, product), _| {
            let square = mul(square, square);
            (square, mul(product, square))
        })
        .1
}
