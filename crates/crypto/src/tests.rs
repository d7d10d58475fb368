//! Tests that need crate internals: fixed salts, derived keys, known answers.

mod crafted;
mod golden;
mod keyring_bits;
mod known_answers;
mod stuck_random;
mod two_keys;
mod wycheproof;

use regrant_domain::TenantId;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    data_key::DataKey,
    record::{Context, KeyRef, Purpose},
};

/// A key whose bytes are all `byte`.
fn data_key(tenant: TenantId, byte: u8) -> DataKey {
    let key = KeyRef {
        id: Uuid::from_u128(0xD1),
        version: 3,
    };
    DataKey::from_parts(tenant, key, Zeroizing::new([byte; 32]))
}

fn context(tenant: TenantId) -> Context<'static> {
    Context {
        tenant,
        row: Uuid::from_u128(0xA0),
        purpose: Purpose::Credential,
        asset_kind: "page",
        asset_id: "1029384756",
        credential_kind: "page_token",
        generation: 7,
    }
}

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(0x7E))
}
