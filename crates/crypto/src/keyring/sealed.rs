//! The format of the keyring file, version 1.
//!
//! `"RGKR" 1 m4 t4 p4 salt16 commitment32 nonce12 body tag16`; the body is `u16 count` and per key
//! `kek_id16 version4 state1 created8 secret32`. The rule: compare the commitment before the tag.
//! With plain GCM, an attacker could craft a file that tests many passphrases at once.

use zeroize::Zeroizing;

use super::{Kek, KekRef, KekState, Keyring, Strength};
use crate::primitives::{Commitment, MessageKey, Reader, TAG, build_aad};

const MAGIC: &[u8] = b"RGKR\x01";
/// The length of everything that the derivation binds: magic, version, strength, salt.
const PREFIX: usize = 33;
const HEADER: usize = 77;
const ENTRY: usize = 61;
const INFO: &[u8] = b"regrant/keyring/v1/keys\0";
const DOMAIN: &[u8] = b"regrant/keyring/v1\0";

/// A parsed keyring file that is not verified yet.
pub(crate) struct KeyringFile<'a> {
    strength: Strength,
    salt: &'a [u8; 16],
    commitment: &'a [u8; 32],
    nonce: &'a [u8; 12],
    prefix: &'a [u8],
    header: &'a [u8],
    body: &'a [u8],
    tag: &'a [u8; TAG],
}

/// Seals a keyring with the given salt and nonce; `stretched` is the key of the passphrase for that salt.
pub(crate) fn seal_keyring(
    keyring: &Keyring,
    stretched: &[u8; 32],
    strength: Strength,
    salt: &[u8; 16],
    nonce: [u8; 12],
) -> Option<Vec<u8>> {
    let mut file = [MAGIC, &strength.to_bytes(), salt].concat();
    let (message_key, commitment) = derive_keys(stretched, &file, nonce);
    file.extend_from_slice(commitment.as_bytes());
    file.extend_from_slice(&nonce);
    let mut body = write_body(keyring)?;
    let tag = message_key.seal_buffer(&build_aad(DOMAIN, &[&file])?, &mut body)?;
    file.extend_from_slice(&body);
    file.extend_from_slice(&tag);
    Some(file)
}

impl<'a> KeyringFile<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, sealed) = bytes.split_at_checked(HEADER)?;
        let (body, tag) = sealed.split_last_chunk()?;
        let prefix = header.get(..PREFIX)?;
        let mut reader = Reader::new(header);
        reader.expect_bytes(MAGIC)?;
        let strength =
            Strength::new(reader.read_u32()?, reader.read_u32()?, reader.read_u32()?).ok()?;
        let (salt, commitment, nonce) = (
            reader.read_array()?,
            reader.read_array()?,
            reader.read_array()?,
        );
        Some(Self {
            strength,
            salt,
            commitment,
            nonce,
            prefix,
            header,
            body,
            tag,
        })
    }

    pub(crate) const fn strength(&self) -> Strength {
        self.strength
    }

    pub(crate) const fn salt(&self) -> &'a [u8; 16] {
        self.salt
    }

    pub(crate) fn open_keyring(&self, stretched: &[u8; 32]) -> Option<Keyring> {
        let (message_key, commitment) = derive_keys(stretched, self.prefix, *self.nonce);
        commitment.check_stored(self.commitment)?;
        let mut body = Zeroizing::new(self.body.to_vec());
        message_key.open_buffer(&build_aad(DOMAIN, &[self.header])?, &mut body, self.tag)?;
        read_body(&body)
    }
}

fn derive_keys(stretched: &[u8; 32], prefix: &[u8], nonce: [u8; 12]) -> (MessageKey, Commitment) {
    MessageKey::derive_with_nonce(stretched, b"", &[INFO, prefix], nonce)
}

fn write_body(keyring: &Keyring) -> Option<Zeroizing<Vec<u8>>> {
    let keys: Vec<&Kek> = keyring.all_keks().collect();
    let count = u16::try_from(keys.len()).ok()?;
    let mut body = Zeroizing::new(Vec::with_capacity(2 + ENTRY * keys.len()));
    body.extend_from_slice(&count.to_be_bytes());
    for kek in keys {
        body.extend_from_slice(kek.at.id.as_bytes());
        body.extend_from_slice(&kek.at.version.to_be_bytes());
        body.push(kek.state.to_code());
        body.extend_from_slice(&kek.created.to_be_bytes());
        body.extend_from_slice(kek.secret.as_slice());
    }
    Some(body)
}

fn read_body(body: &[u8]) -> Option<Keyring> {
    let mut reader = Reader::new(body);
    let count = reader.read_u16()?;
    let mut keys = (0..count)
        .map(|_| read_kek(&mut reader))
        .collect::<Option<Vec<_>>>()?;
    reader.expect_end()?;
    let at = keys.iter().position(|kek| kek.state == KekState::Active)?;
    let active = keys.remove(at);
    let one = keys.iter().all(|kek| kek.state != KekState::Active);
    one.then(|| Keyring::from_keys(active, keys))
}

fn read_kek(reader: &mut Reader<'_>) -> Option<Kek> {
    let at = KekRef {
        id: reader.read_uuid()?,
        version: reader.read_u32()?,
    };
    let state = KekState::from_code(reader.read_u8()?)?;
    let created = reader.read_i64()?;
    Some(Kek {
        at,
        state,
        created,
        secret: Zeroizing::new(*reader.read_array()?),
    })
}
