//! The versions of the key in the token.
//!
//! The rule: `CKA_LABEL` is the name of the key and `CKA_ID` its version, a number. A staged version has the label with
//! ` (staged)` behind it; the newest of the others is active. So the token itself says what every process wraps with.

use std::collections::BTreeMap;

use cryptoki::{
    mechanism::Mechanism,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::Session,
};
use regrant_crypto::{KekRef, KekState, KekSummary, ProviderKind};
use regrant_domain::Timestamp;
use uuid::Uuid;

use super::device::{Device, DeviceError};

const KEY_BYTES: u64 = 32;

/// All versions, the active one first.
pub(super) fn list_keks(
    device: &Device,
    session: &Session,
    id: Uuid,
) -> Result<Vec<KekSummary>, DeviceError> {
    let label = &device.settings.key_label;
    let usable = list_versions(session, label)?;
    let active = usable.keys().next_back().copied();
    let mut keks: Vec<KekSummary> = Vec::new();
    for (version, key) in usable {
        check_key(session, key)?;
        let state = if Some(version) == active {
            KekState::Active
        } else {
            KekState::DecryptOnly
        };
        keks.push(view(id, version, state));
    }
    keks.reverse();
    let staged = list_versions(session, &staged_label(label))?;
    let staged = staged.into_keys().filter(|it| Some(*it) > active);
    keks.extend(staged.map(|version| view(id, version, KekState::Staged)));
    Ok(keks)
}

/// The key of this version, staged or not.
pub(super) fn find_key(
    device: &Device,
    session: &Session,
    version: u32,
) -> Result<ObjectHandle, DeviceError> {
    let label = &device.settings.key_label;
    for label in [label.clone(), staged_label(label)] {
        if let Some(key) = list_versions(session, &label)?.remove(&version) {
            return Ok(key);
        }
    }
    Err(DeviceError::NoKey)
}

/// Makes a key of this version, which wraps nothing yet.
pub(super) fn make_staged(
    device: &Device,
    session: &Session,
    version: u32,
) -> Result<(), DeviceError> {
    let label = staged_label(&device.settings.key_label);
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::ValueLen(KEY_BYTES.into()),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        Attribute::Label(label.into_bytes()),
        Attribute::Id(version.to_be_bytes().to_vec()),
    ];
    session.generate_key(&Mechanism::AesKeyGen, &template)?;
    Ok(())
}

pub(super) fn promote(device: &Device, session: &Session, version: u32) -> Result<(), DeviceError> {
    let key = find_key(device, session, version)?;
    let label = device.settings.key_label.clone().into_bytes();
    Ok(session.update_attributes(key, &[Attribute::Label(label)])?)
}

pub(super) fn destroy(device: &Device, session: &Session, version: u32) -> Result<(), DeviceError> {
    let key = find_key(device, session, version)?;
    Ok(session.destroy_object(key)?)
}

/// Whether the token once had this version and has it no more. Only a newer version of the key shows that the token knows
/// what came after: an empty token, or one that was restored from before, does not.
pub(super) fn is_gone(
    device: &Device,
    session: &Session,
    version: u32,
) -> Result<bool, DeviceError> {
    let label = &device.settings.key_label;
    let usable = list_versions(session, label)?;
    let staged = list_versions(session, &staged_label(label))?;
    let is_there = usable.contains_key(&version) || staged.contains_key(&version);
    Ok(!is_there && usable.keys().any(|it| *it > version))
}

fn list_versions(
    session: &Session,
    label: &str,
) -> Result<BTreeMap<u32, ObjectHandle>, DeviceError> {
    let template = [
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::Label(label.as_bytes().to_vec()),
    ];
    let mut versions = BTreeMap::new();
    for key in session.find_objects(&template)? {
        let version = read_version(session, key)?;
        if versions.insert(version, key).is_some() {
            let reason = format!("the token has two keys {label} with the CKA_ID {version}");
            return Err(DeviceError::Refused(reason));
        }
    }
    Ok(versions)
}

fn read_version(session: &Session, key: ObjectHandle) -> Result<u32, DeviceError> {
    let read = session.get_attributes(key, &[AttributeType::Id])?;
    let version = read.iter().find_map(|it| match it {
        Attribute::Id(bytes) if matches!(bytes.len(), 1..=4) => {
            let number = bytes.iter().fold(0_u32, |n, it| n << 8 | u32::from(*it));
            (number > 0).then_some(number)
        }
        _ => None,
    });
    version.ok_or_else(|| {
        DeviceError::Refused(
            "the CKA_ID of a key is not a version: a number of 1 to 4 bytes".into(),
        )
    })
}

/// Refuses a key that could leave the token, or is too short.
fn check_key(session: &Session, key: ObjectHandle) -> Result<(), DeviceError> {
    let wanted = [
        Attribute::KeyType(KeyType::AES),
        Attribute::ValueLen(KEY_BYTES.into()),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
    ];
    let names: Vec<AttributeType> = wanted.iter().map(Attribute::attribute_type).collect();
    let read = session.get_attributes(key, &names)?;
    if wanted.iter().all(|it| read.contains(it)) {
        return Ok(());
    }
    let reason = "the key must be an AES key of 32 bytes, sensitive and not extractable";
    Err(DeviceError::Refused(reason.to_owned()))
}

fn staged_label(label: &str) -> String {
    format!("{label} (staged)")
}

fn view(id: Uuid, version: u32, state: KekState) -> KekSummary {
    KekSummary {
        kek: KekRef { id, version },
        provider: ProviderKind::Pkcs11,
        state,
        created: Timestamp::default(),
    }
}
