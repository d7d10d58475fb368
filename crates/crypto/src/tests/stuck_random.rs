//! G7: random bytes that never change still give every row its own key and nonce.

use std::collections::HashSet;

use uuid::Uuid;

use super::{context, tenant};
use crate::record::{Context, envelope::derive_message_key};

const SALT: [u8; 32] = [0x5A; 32];

#[test]
fn a_constant_salt_gives_ten_thousand_rows_ten_thousand_keys_and_nonces() {
    let rows = (0..10_000).map(|row| Context {
        row: Uuid::from_u128(row),
        ..context(tenant())
    });
    assert_eq!(keys_and_nonces(rows).len(), 10_000);
}

#[test]
fn a_constant_salt_gives_one_row_a_new_key_and_nonce_at_each_generation() {
    let generations = (0..1_000).map(|generation| Context {
        generation,
        ..context(tenant())
    });
    assert_eq!(keys_and_nonces(generations).len(), 1_000);
}

fn keys_and_nonces(
    contexts: impl Iterator<Item = Context<'static>>,
) -> HashSet<([u8; 32], [u8; 12])> {
    contexts
        .map(|context| {
            derive_message_key(&[1; 32], b"prefix", &SALT, &context)
                .0
                .to_parts()
        })
        .collect()
}
