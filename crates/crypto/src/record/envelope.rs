//! The sealed record, version 1: the format of secrets in the database.
//!
//! `"RG" 1 suite dek_id16 dek_version4 salt32 commitment32 ciphertext tag16`, big endian. The plaintext
//! is `u16 length, payload, zeros` to a multiple of 256, so a record shows only the rough length of a token.
//! The rule: the AAD contains the whole context with lengths, and no field that changes without a reseal. Tenant,
//! row and generation are in the derivation too, so equal salts still give different keys.

use regrant_domain::SealedRecord;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Context;
use crate::{
    error::{OpenError, SealError},
    primitives::{Commitment, MessageKey, Reader, TAG},
};

const MAGIC: &[u8] = b"RG\x01";
const SUITE: u8 = 1;
const PREFIX: usize = 24;
const HEADER: usize = 88;
const BLOCK: usize = 256;
const INFO: &[u8] = b"regrant/record/v1/keys\0";

/// The longest payload in bytes. With its length field it fills 256 blocks, 64 KiB under one derived key.
pub const MAX_PAYLOAD: usize = 256 * BLOCK - 2;

/// The data key of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyRef {
    /// The id of the data key.
    pub id: Uuid,
    /// The version of the data key.
    pub version: u32,
}

impl KeyRef {
    /// Reads the key's id and version from a record without opening it; not trustworthy until the record opens.
    ///
    /// # Errors
    /// The bytes are not a record of a known format.
    pub fn from_record(sealed: &SealedRecord) -> Result<Self, OpenError> {
        RecordParts::parse(sealed.as_bytes())
            .map(|record| record.key)
            .ok_or(OpenError)
    }

    pub(crate) fn to_prefix(self) -> Vec<u8> {
        let mut prefix = Vec::with_capacity(PREFIX);
        prefix.extend_from_slice(MAGIC);
        prefix.push(SUITE);
        prefix.extend_from_slice(self.id.as_bytes());
        prefix.extend_from_slice(&self.version.to_be_bytes());
        prefix
    }
}

/// Seals a payload with the given salt. Production passes fresh random bytes; vectors pass fixed ones.
pub(crate) fn seal_record(
    secret: &[u8; 32],
    key: KeyRef,
    context: &Context<'_>,
    payload: &[u8],
    salt: &[u8; 32],
) -> Result<SealedRecord, SealError> {
    let mut buffer = pad_payload(payload).ok_or(SealError::TooLong)?;
    let mut record = key.to_prefix();
    let (message_key, commitment) = derive_message_key(secret, &record, salt, context);
    record.extend_from_slice(salt);
    record.extend_from_slice(commitment.as_bytes());
    let aad = context.encode_aad(&record).ok_or(SealError::TooLong)?;
    let tag = message_key
        .seal_buffer(&aad, &mut buffer)
        .ok_or(SealError::TooLong)?;
    record.extend_from_slice(&buffer);
    record.extend_from_slice(&tag);
    Ok(SealedRecord::from_bytes(record))
}

/// Opens a record. `None`: another key or context, or changed bytes.
pub(crate) fn open_record(
    secret: &[u8; 32],
    key: KeyRef,
    context: &Context<'_>,
    sealed: &SealedRecord,
) -> Option<Zeroizing<Vec<u8>>> {
    let record = RecordParts::parse(sealed.as_bytes()).filter(|record| record.key == key)?;
    let (message_key, commitment) = derive_message_key(secret, record.prefix, record.salt, context);
    commitment.check_stored(record.commitment)?;
    let mut buffer = Zeroizing::new(record.ciphertext.to_vec());
    message_key.open_buffer(&context.encode_aad(record.header)?, &mut buffer, record.tag)?;
    unpad_payload(&buffer)
}

pub(crate) fn derive_message_key(
    secret: &[u8; 32],
    prefix: &[u8],
    salt: &[u8; 32],
    context: &Context<'_>,
) -> (MessageKey, Commitment) {
    let generation = context.generation.to_be_bytes();
    let tenant = context.tenant.uuid();
    let info = [
        INFO,
        prefix,
        tenant.as_bytes(),
        context.row.as_bytes(),
        &generation,
    ];
    MessageKey::derive(secret, salt, &info)
}

struct RecordParts<'a> {
    header: &'a [u8],
    prefix: &'a [u8],
    key: KeyRef,
    salt: &'a [u8; 32],
    commitment: &'a [u8; 32],
    ciphertext: &'a [u8],
    tag: &'a [u8; TAG],
}

impl<'a> RecordParts<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(HEADER)?;
        let (ciphertext, tag) = body.split_last_chunk()?;
        let blocks = ciphertext
            .len()
            .is_multiple_of(BLOCK)
            .then_some(ciphertext.len() / BLOCK)?;
        (1..=256).contains(&blocks).then_some(())?;
        let prefix = header.get(..PREFIX)?;
        let mut reader = Reader::new(header);
        reader.expect_bytes(MAGIC)?;
        reader.expect_bytes(&[SUITE])?;
        let key = KeyRef {
            id: reader.read_uuid()?,
            version: reader.read_u32()?,
        };
        let (salt, commitment) = (reader.read_array()?, reader.read_array()?);
        Some(Self {
            header,
            prefix,
            key,
            salt,
            commitment,
            ciphertext,
            tag,
        })
    }
}

/// `u16 length, payload, zeros`, allocated at its final size so that growth leaves no copy of the payload.
fn pad_payload(payload: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let len = u16::try_from(payload.len())
        .ok()
        .filter(|_| payload.len() <= MAX_PAYLOAD)?;
    let padded = (payload.len() + 2).next_multiple_of(BLOCK);
    let mut buffer = Zeroizing::new(Vec::with_capacity(padded));
    buffer.extend_from_slice(&len.to_be_bytes());
    buffer.extend_from_slice(payload);
    buffer.resize(padded, 0);
    Some(buffer)
}

/// Removes the padding. Each payload has one padded form; any other is refused.
fn unpad_payload(buffer: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut reader = Reader::new(buffer);
    let len = usize::from(reader.read_u16()?);
    let payload = reader.read_slice(len)?;
    let canonical = (len + 2).next_multiple_of(BLOCK) == buffer.len();
    (canonical && reader.remaining_bytes().iter().all(|byte| *byte == 0))
        .then(|| Zeroizing::new(payload.to_vec()))
}
