//! The keyed codes that link the rows of a chain.
//!
//! The rule: the link of a row is the keyed code of the link before it, of the row's position and of the
//! digest of the row's content. Without the key no row can be changed, moved, removed or inserted
//! unnoticed, and content past retention can be deleted. This crate does not hold the keys:
//! [`AuditChain`] is given a function. From a row that records a change of the key on, the next key links (`key_change.rs`).

use std::{fmt, sync::Arc};

use regrant_domain::{EventId, TenantId};

use crate::Error;

/// The link before the first row.
pub(crate) const START: [u8; 32] = [0; 32];
/// These tags are part of each code, so that a digest is never a link.
const LINK_TAG: &[u8] = b"link";
const CONTENT_TAG: &[u8] = b"words";

/// Computes the keyed code of a message of a tenant under the key with this number; `None` if the key is not known.
type Code = dyn Fn(u32, TenantId, &[u8]) -> Option<[u8; 32]> + Send + Sync;

/// Computes the keyed codes of chains.
#[derive(Clone)]
pub struct AuditChain(Arc<Code>);

/// The part of a row that is never deleted.
pub(crate) struct ChainPosition<'a> {
    pub(crate) seq: i64,
    pub(crate) id: EventId,
    pub(crate) at: i64,
    pub(crate) action: &'a str,
}

/// The part of a row that is deleted once it is past retention.
pub(crate) struct RowContent<'a> {
    pub(crate) actor: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) detail: &'a str,
}

impl AuditChain {
    /// A chain whose codes this function computes.
    #[must_use]
    pub fn new(
        code: impl Fn(u32, TenantId, &[u8]) -> Option<[u8; 32]> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(code))
    }

    /// The digest of a row's content. It is keyed, so that a reader of the database cannot guess deleted
    /// content.
    ///
    /// # Errors
    /// [`Error::UnknownAuditKey`].
    pub(crate) fn digest_content(
        &self,
        key: u32,
        tenant: TenantId,
        content: &RowContent<'_>,
    ) -> Result<[u8; 32], Error> {
        let fields = [
            CONTENT_TAG,
            content.actor.as_bytes(),
            content.subject.as_bytes(),
            content.detail.as_bytes(),
        ];
        self.compute_code(key, tenant, &encode_fields(&fields))
    }

    /// The link of the row at this position whose content has this digest, after the link `previous`.
    ///
    /// # Errors
    /// [`Error::UnknownAuditKey`].
    pub(crate) fn compute_link(
        &self,
        key: u32,
        tenant: TenantId,
        previous: &[u8],
        position: &ChainPosition<'_>,
        digest: &[u8],
    ) -> Result<[u8; 32], Error> {
        let message = encode_fields(&[
            LINK_TAG,
            previous,
            tenant.uuid().as_bytes(),
            &position.seq.to_be_bytes(),
            position.id.uuid().as_bytes(),
            &position.at.to_be_bytes(),
            position.action.as_bytes(),
            digest,
        ]);
        self.compute_code(key, tenant, &message)
    }

    fn compute_code(&self, key: u32, tenant: TenantId, message: &[u8]) -> Result<[u8; 32], Error> {
        (self.0)(key, tenant, message).ok_or(Error::UnknownAuditKey(key))
    }
}

impl fmt::Debug for AuditChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditChain(…)")
    }
}

/// The fields one after the other, each after its length.
fn encode_fields(fields: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::with_capacity(fields.iter().map(|it| it.len() + 8).sum());
    for field in fields {
        message.extend_from_slice(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        message.extend_from_slice(field);
    }
    message
}
