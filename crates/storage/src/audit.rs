//! Audit events: written in the transaction of the act, linked into the tenant's chain, never changed.
//!
//! The rule: a row's link is the keyed code of the link before it, of the row's place and of the digest of its
//! words, so that no row can be changed, moved, left out or put in without the key, and words past retention can
//! go. Events wait in the transaction until it commits; only then the chain's end is locked, so that a tenant's
//! writers wait for each other as briefly as can be. Who has the key is not known here: [`AuditChain`] computes.
//! `audit_walk.rs` looks for what was changed, `audit_prune.rs` takes the words of old rows.

use std::sync::{Arc, Mutex, PoisonError};

use regrant_domain::{EventId, TenantId, Timestamp};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    audit_kind::CHAIN_STARTED,
    query::{CHUNK, json, time},
};

/// What the first link follows.
pub(crate) const START: [u8; 32] = [0; 32];
/// What a code is of, so that a digest is never a link.
const LINK: &[u8] = b"link";
const WORDS: &[u8] = b"words";

/// Something done, by whom and to what. Holds no secret.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: &'static str,
    /// What it was done to.
    pub subject: String,
    /// What else is worth knowing.
    pub detail: serde_json::Value,
}

impl AuditEvent {
    /// An event with this actor, action and subject.
    pub fn new(
        actor: impl Into<String>,
        action: &'static str,
        subject: impl std::fmt::Display,
        detail: serde_json::Value,
    ) -> Self {
        Self {
            actor: actor.into(),
            action,
            subject: subject.to_string(),
            detail,
        }
    }
}

/// The keyed code of a message of a tenant.
type Code = dyn Fn(TenantId, &[u8]) -> [u8; 32] + Send + Sync;

/// Computes the keyed codes of chains.
#[derive(Clone)]
pub struct AuditChain(Arc<Code>);

/// The end of a tenant's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// The number of its last row.
    pub seq: i64,
    /// That row's link.
    pub hash: Vec<u8>,
}

/// What of a row stays for ever.
pub(crate) struct Place<'a> {
    pub(crate) seq: i64,
    pub(crate) id: EventId,
    pub(crate) at: i64,
    pub(crate) action: &'a str,
}

/// What of a row goes once it is past retention.
pub(crate) struct Words<'a> {
    pub(crate) actor: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) detail: &'a str,
}

/// The audit of one transaction: what is to be written when it commits.
pub(crate) struct Ledger {
    pub(crate) chain: Option<AuditChain>,
    writes: bool,
    pending: Mutex<Vec<(AuditEvent, Timestamp)>>,
}

impl AuditChain {
    /// A chain whose codes this function computes.
    #[must_use]
    pub fn new(code: impl Fn(TenantId, &[u8]) -> [u8; 32] + Send + Sync + 'static) -> Self {
        Self(Arc::new(code))
    }

    /// The digest of a row's words. It is keyed: whoever reads the database cannot try which words went.
    pub(crate) fn digest(&self, tenant: TenantId, words: &Words<'_>) -> [u8; 32] {
        let fields = [
            WORDS,
            words.actor.as_bytes(),
            words.subject.as_bytes(),
            words.detail.as_bytes(),
        ];
        (self.0)(tenant, &message(&fields))
    }

    /// The link of the row at this place whose words have this digest, behind the link `previous`.
    pub(crate) fn link(
        &self,
        tenant: TenantId,
        previous: &[u8],
        place: &Place<'_>,
        digest: &[u8],
    ) -> [u8; 32] {
        (self.0)(
            tenant,
            &message(&[
                LINK,
                previous,
                tenant.uuid().as_bytes(),
                &place.seq.to_be_bytes(),
                place.id.uuid().as_bytes(),
                &place.at.to_be_bytes(),
                place.action.as_bytes(),
                digest,
            ]),
        )
    }
}

impl std::fmt::Debug for AuditChain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditChain(…)")
    }
}

impl Ledger {
    /// Of a transaction that may write.
    pub(crate) const fn open(chain: Option<AuditChain>) -> Self {
        Self {
            chain,
            writes: true,
            pending: Mutex::new(Vec::new()),
        }
    }

    /// Of a transaction that only reads.
    pub(crate) const fn closed(chain: Option<AuditChain>) -> Self {
        Self {
            chain,
            writes: false,
            pending: Mutex::new(Vec::new()),
        }
    }

    fn take(&self) -> Vec<(AuditEvent, Timestamp)> {
        std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TenantTx {
    /// Writes the events down when this transaction commits, in their order; all of them or nothing lasts.
    ///
    /// # Errors
    /// [`Error::Unsupported`]: the transaction only reads, or the store was given no chain.
    #[expect(clippy::unused_async, reason = "like every other method that writes")]
    pub async fn audit(&self, events: &[AuditEvent], at: Timestamp) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        if !self.ledger.writes || self.ledger.chain.is_none() {
            return Err(Error::Unsupported(
                "a transaction that cannot write the audit".to_owned(),
            ));
        }
        let mut pending = self
            .ledger
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        pending.extend(events.iter().map(|it| (it.clone(), at)));
        Ok(())
    }

    /// Links what waits to the chain's end. The last thing before a commit: the lock it takes holds up
    /// everybody else who writes for this tenant.
    pub(crate) async fn link_audit(&self) -> Result<(), Error> {
        let (pending, Some(chain)) = (self.ledger.take(), &self.ledger.chain) else {
            return Ok(());
        };
        if pending.is_empty() {
            return Ok(());
        }
        let mut head = self.lock_audit_head(chain).await?;
        for chunk in pending.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|(event, at)| self.append(chain, &mut head, event, *at));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            self.insert_audit(rows).await?;
        }
        self.move_audit_head(&head).await
    }

    /// The chain this transaction writes to.
    pub(crate) fn chain(&self) -> Result<&AuditChain, Error> {
        let chain = self.ledger.chain.as_ref();
        chain.ok_or_else(|| Error::Unsupported("a store without a chain".to_owned()))
    }

    /// The end of the chain; none where it has not begun.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_head(&self) -> Result<Option<AuditHead>, Error> {
        self.read_audit_head("").await
    }

    async fn read_audit_head(&self, locked: &str) -> Result<Option<AuditHead>, Error> {
        let query = self
            .query("SELECT seq, hash FROM audit_heads WHERE tenant_id = $1")
            .sql(locked);
        let row = self.one(query).await?;
        row.map(|row| {
            Ok(AuditHead {
                seq: row.get("seq")?,
                hash: row.get("hash")?,
            })
        })
        .transpose()
    }

    async fn lock_audit_head(&self, chain: &AuditChain) -> Result<AuditHead, Error> {
        if let Some(head) = self.read_audit_head(self.dialect.for_update()).await? {
            return Ok(head);
        }
        let row: [Value; 2] = [0_i64.into(), START.as_slice().into()];
        let query = self
            .query("INSERT INTO audit_heads (tenant_id, seq, hash)")
            .tenant_rows([row]);
        let first = self.run(query.sql(" ON CONFLICT DO NOTHING")).await? == 1;
        let mut head = self
            .read_audit_head(self.dialect.for_update())
            .await?
            .ok_or(Error::Stale)?;
        if first {
            self.count_unchained(chain, &mut head).await?;
        }
        Ok(head)
    }

    /// Rows from before the chain are counted in its first row, so that none comes or goes unseen.
    async fn count_unchained(&self, chain: &AuditChain, head: &mut AuditHead) -> Result<(), Error> {
        let unchained = self.unchained_audit().await?;
        if unchained == 0 {
            return Ok(());
        }
        let event = AuditEvent {
            actor: "vault".to_owned(),
            action: CHAIN_STARTED,
            subject: self.tenant.to_string(),
            detail: serde_json::json!({ "unchained": unchained }),
        };
        let row = self.append(chain, head, &event, regrant_domain::Clock::wall())?;
        self.insert_audit(vec![row]).await
    }

    fn append(
        &self,
        chain: &AuditChain,
        head: &mut AuditHead,
        event: &AuditEvent,
        at: Timestamp,
    ) -> Result<[Value; 8], Error> {
        let (id, at, detail) = (EventId::mint(), time(at), json(&event.detail)?);
        let words = Words {
            actor: &event.actor,
            subject: &event.subject,
            detail: &detail,
        };
        head.seq = head
            .seq
            .checked_add(1)
            .ok_or(Error::Corrupt("audit head"))?;
        let place = Place {
            seq: head.seq,
            id,
            at,
            action: event.action,
        };
        let digest = chain.digest(self.tenant, &words);
        head.hash = chain
            .link(self.tenant, &head.hash, &place, &digest)
            .to_vec();
        Ok([
            id.uuid().into(),
            at.into(),
            event.actor.as_str().into(),
            event.action.into(),
            event.subject.as_str().into(),
            detail.as_str().into(),
            head.seq.into(),
            head.hash.as_slice().into(),
        ])
    }

    async fn insert_audit(&self, rows: Vec<[Value; 8]>) -> Result<(), Error> {
        let query = self
            .query("INSERT INTO audit_events (tenant_id, id, at, actor, action, subject, detail, seq, hash)")
            .tenant_rows(rows);
        self.run(query).await.map(drop)
    }

    async fn move_audit_head(&self, head: &AuditHead) -> Result<(), Error> {
        let query = self
            .query("UPDATE audit_heads SET seq = ")
            .bind(head.seq)
            .sql(", hash = ");
        let query = query
            .bind(head.hash.as_slice())
            .sql(" WHERE tenant_id = $1");
        self.run_exactly(1, query).await
    }
}

/// The fields one after the other, each led by its length.
fn message(fields: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::with_capacity(fields.iter().map(|it| it.len() + 8).sum());
    for field in fields {
        message.extend_from_slice(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        message.extend_from_slice(field);
    }
    message
}
