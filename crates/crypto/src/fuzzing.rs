//! Entry points of the fuzz targets (`tests/fuzz`): the functions that read stored bytes, with keys that never change.
//!
//! The rule: nothing of the product is compiled with the feature of this module.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regrant_domain::TenantId;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Context, DataKey, KekRef, KekState, KeyRef, Keyring, Purpose, Strength,
    keyring::{
        Kek,
        sealed::{KeyringFile, seal_keyring},
    },
};

/// What [`seal_record`] seals.
pub const PLAIN: &[u8] = b"a token";

/// The stretched passphrase of [`seal_keyring_file`].
const STRETCHED: [u8; 32] = [7; 32];

/// A data key with bytes that never change.
#[must_use]
pub fn fixed_data_key() -> DataKey {
    let key = KeyRef {
        id: Uuid::from_u128(7),
        version: 1,
    };
    DataKey::from_parts(TenantId::SYSTEM, key, Zeroizing::new([7; 32]))
}

/// The context of [`seal_record`].
#[must_use]
pub fn fixed_context() -> Context<'static> {
    Context::of_installation(Purpose::AppSecret, "7")
}

/// A record of the fixed key.
#[must_use]
pub fn seal_record() -> Vec<u8> {
    let sealed = fixed_data_key().seal_record(&fixed_context(), PLAIN);
    sealed.map(|it| it.as_bytes().to_vec()).unwrap_or_default()
}

/// A keyring of one key that never changes.
#[must_use]
pub fn fixed_keyring() -> Keyring {
    let at = KekRef {
        id: Uuid::from_u128(7),
        version: 1,
    };
    let active = Kek {
        at,
        state: KekState::Active,
        created: 0,
        secret: Zeroizing::new([7; 32]),
    };
    Keyring::from_keys(active, Vec::new())
}

/// Its file.
#[must_use]
pub fn seal_keyring_file() -> Vec<u8> {
    let strength = Strength::floor();
    seal_keyring(&fixed_keyring(), &STRETCHED, strength, &[7; 16], [7; 12]).unwrap_or_default()
}

/// Opens a keyring file with the fixed stretched passphrase; returns how many keys it has.
#[must_use]
pub fn open_keyring_file(bytes: &[u8]) -> Option<usize> {
    let keyring = KeyringFile::parse(bytes)?.open_keyring(&STRETCHED)?;
    Some(keyring.list_keks().count())
}

/// Base64 as tokens have it.
#[must_use]
pub fn encode_base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
