//! G2: golden vectors of every stored format. A change that breaks one makes stored data unreadable.

use std::{fs, path::PathBuf};

use regrant_domain::{Passphrase, SealedRecord, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    Strength,
    data_key::{
        DataKey,
        wrapped_key::{self, WrappedKey},
    },
    keyring::{Kek, KekRef, KekState, Keyring, sealed},
    record::{Context, KeyRef, Purpose},
};

#[derive(Serialize, Deserialize)]
struct GoldenRecord {
    data_key: GoldenKey,
    row: Uuid,
    purpose: String,
    asset_kind: String,
    asset_id: String,
    credential_kind: String,
    generation: u64,
    salt: String,
    payload: String,
    result: String,
}

#[derive(Serialize, Deserialize)]
struct GoldenKey {
    tenant: Uuid,
    id: Uuid,
    version: u32,
    secret: String,
}

#[derive(Serialize, Deserialize)]
struct GoldenWrappedKey {
    data_key: GoldenKey,
    kek: Uuid,
    kek_version: u32,
    kek_secret: String,
    salt: String,
    result: String,
}

#[derive(Serialize, Deserialize)]
struct GoldenKeyring {
    passphrase: String,
    m_kib: u32,
    t: u32,
    p: u32,
    salt: String,
    nonce: String,
    keys: Vec<GoldenKek>,
    result: String,
}

#[derive(Serialize, Deserialize)]
struct GoldenKek {
    id: Uuid,
    version: u32,
    state: String,
    created: i64,
    secret: String,
}

#[test]
fn every_golden_record_opens_and_is_sealed_again_to_the_same_bytes() {
    let records: Vec<GoldenRecord> = read("record-v1.json");
    assert_eq!(records.len(), 6);
    for golden in records {
        assert_eq!(hex::encode(seal(&golden).as_bytes()), golden.result);
        let sealed = SealedRecord::from_bytes(hex::decode(&golden.result).unwrap());
        let payload = data_key(&golden.data_key)
            .open_record(&context(&golden), &sealed)
            .unwrap();
        assert_eq!(hex::encode(&*payload), golden.payload);
    }
}

#[test]
fn every_golden_wrapped_key_unwraps_and_is_wrapped_again_to_the_same_bytes() {
    let keys: Vec<GoldenWrappedKey> = read("wrapped-key-v1.json");
    assert_eq!(keys.len(), 2);
    for golden in keys {
        assert_eq!(hex::encode(wrap(&golden).as_bytes()), golden.result);
        let key = data_key(&golden.data_key);
        let wrapped = WrappedKey::from_bytes(hex::decode(&golden.result).unwrap());
        let unwrapped =
            wrapped_key::unwrap_data_key(&kek(&golden), key.tenant(), key.key(), &wrapped).unwrap();
        assert_eq!(
            hex::encode(unwrapped.secret().as_slice()),
            golden.data_key.secret
        );
    }
}

#[test]
fn every_golden_keyring_opens_and_is_written_again_to_the_same_bytes() {
    let files: Vec<GoldenKeyring> = read("keyring-v1.json");
    assert_eq!(files.len(), 1);
    for golden in files {
        assert_eq!(hex::encode(write(&golden)), golden.result);
        let bytes = hex::decode(&golden.result).unwrap();
        let keyring = sealed::KeyringFile::parse(&bytes)
            .unwrap()
            .open_keyring(&stretch(&golden))
            .unwrap();
        let read: Vec<String> = keyring
            .all_keks()
            .map(|kek| hex::encode(kek.secret.as_slice()))
            .collect();
        assert_eq!(
            read,
            golden
                .keys
                .iter()
                .map(|key| key.secret.clone())
                .collect::<Vec<_>>()
        );
    }
}

/// Writes the results into the vectors. Run it once when you add a format; a changed result means a broken format.
#[test]
#[ignore = "writes the vectors"]
fn write_the_vectors() {
    let mut records: Vec<GoldenRecord> = read("record-v1.json");
    for golden in &mut records {
        golden.result = hex::encode(seal(golden).as_bytes());
    }
    store("record-v1.json", &records);
    let mut keys: Vec<GoldenWrappedKey> = read("wrapped-key-v1.json");
    for golden in &mut keys {
        golden.result = hex::encode(wrap(golden).as_bytes());
    }
    store("wrapped-key-v1.json", &keys);
    let mut files: Vec<GoldenKeyring> = read("keyring-v1.json");
    for golden in &mut files {
        golden.result = hex::encode(write(golden));
    }
    store("keyring-v1.json", &files);
}

fn seal(golden: &GoldenRecord) -> SealedRecord {
    let payload = hex::decode(&golden.payload).unwrap();
    data_key(&golden.data_key)
        .seal_with_salt(&context(golden), &payload, &array(&golden.salt))
        .unwrap()
}

fn wrap(golden: &GoldenWrappedKey) -> WrappedKey {
    wrapped_key::wrap_data_key(
        &kek(golden),
        &data_key(&golden.data_key),
        &array(&golden.salt),
    )
    .unwrap()
}

fn write(golden: &GoldenKeyring) -> Vec<u8> {
    let mut keys = golden.keys.iter().map(|key| Kek {
        at: KekRef {
            id: key.id,
            version: key.version,
        },
        state: state(&key.state),
        created: key.created,
        secret: Zeroizing::new(array(&key.secret)),
    });
    let keyring = Keyring::from_keys(keys.next().unwrap(), keys.collect());
    let strength = Strength::new(golden.m_kib, golden.t, golden.p).unwrap();
    sealed::seal_keyring(
        &keyring,
        &stretch(golden),
        strength,
        &array(&golden.salt),
        array(&golden.nonce),
    )
    .unwrap()
}

fn stretch(golden: &GoldenKeyring) -> Zeroizing<[u8; 32]> {
    let passphrase = Passphrase::parse(golden.passphrase.clone()).unwrap();
    let strength = Strength::new(golden.m_kib, golden.t, golden.p).unwrap();
    strength
        .stretch_passphrase(&passphrase, &array(&golden.salt))
        .unwrap()
}

fn data_key(key: &GoldenKey) -> DataKey {
    let at = KeyRef {
        id: key.id,
        version: key.version,
    };
    DataKey::from_parts(
        TenantId::from_uuid(key.tenant),
        at,
        Zeroizing::new(array(&key.secret)),
    )
}

fn kek(golden: &GoldenWrappedKey) -> Kek {
    Kek {
        at: KekRef {
            id: golden.kek,
            version: golden.kek_version,
        },
        state: KekState::Active,
        created: 0,
        secret: Zeroizing::new(array(&golden.kek_secret)),
    }
}

fn context(golden: &GoldenRecord) -> Context<'_> {
    Context {
        tenant: TenantId::from_uuid(golden.data_key.tenant),
        row: golden.row,
        purpose: purpose(&golden.purpose),
        asset_kind: &golden.asset_kind,
        asset_id: &golden.asset_id,
        credential_kind: &golden.credential_kind,
        generation: golden.generation,
    }
}

fn purpose(text: &str) -> Purpose {
    use Purpose::{AppSecret, Credential, SigningKey, SubmittedToken, VerifyToken};
    let all = [
        Credential,
        SubmittedToken,
        AppSecret,
        VerifyToken,
        SigningKey,
    ];
    all.into_iter()
        .find(|purpose| purpose.as_str() == text)
        .unwrap()
}

fn state(text: &str) -> KekState {
    match text {
        "staged" => KekState::Staged,
        "active" => KekState::Active,
        "decrypt_only" => KekState::DecryptOnly,
        "destroyed" => KekState::Destroyed,
        other => panic!("no state {other}"),
    }
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "testkit", name]
        .iter()
        .collect()
}

fn read<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap()
}

fn store<T: Serialize>(name: &str, vectors: &T) {
    fs::write(
        path(name),
        serde_json::to_string_pretty(vectors).unwrap() + "\n",
    )
    .unwrap();
}
