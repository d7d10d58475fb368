//! Audit events: written in the transaction of the change that they record, never changed.
//!
//! The rule: events wait in the transaction until it commits. Only then is the end of the chain locked, so
//! that writers of one tenant wait for each other as briefly as possible. `chain.rs` says how rows are
//! linked, `walk.rs` verifies them, `prune.rs` deletes the content of old rows.

use std::{
    borrow::Cow,
    sync::{Mutex, PoisonError},
};

use regrant_domain::{Clock, EventId, TenantId, Timestamp};
use sea_orm::Value;
use serde_json::json;
use uuid::Uuid;

use crate::{
    AuditChain, AuditHead, AuditKind, Error, TenantTx,
    audit::{
        chain::{ChainPosition, RowContent},
        key_change::read_key_change,
        kind::ROWS_SEALED,
    },
    integrity::SealRecords,
    sql::{CHUNK, to_json, to_micros},
};

/// Who did what to which object. Holds no secret.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    /// The client, session, operator or worker that did it.
    pub actor: String,
    /// The action.
    pub action: &'static str,
    /// The id of the object.
    pub subject: String,
    /// More facts about the action.
    pub detail: EventDetail,
}

/// More facts about an action: a JSON object.
#[derive(Debug, Clone)]
pub enum EventDetail {
    /// The object.
    Object(serde_json::Value),
    /// Its text: for a long one, of which a tree would take many times as much memory and time.
    Text(String),
}

impl From<serde_json::Value> for EventDetail {
    fn from(object: serde_json::Value) -> Self {
        Self::Object(object)
    }
}

impl EventDetail {
    /// The text of a long object, whose fields are in the order of their names.
    ///
    /// # Errors
    /// [`Error::Corrupt`]: it cannot be written as JSON.
    pub fn write_text(object: &impl serde::Serialize) -> Result<Self, Error> {
        Ok(Self::Text(to_json(object)?))
    }

    fn to_text(&self) -> Result<Cow<'_, str>, Error> {
        match self {
            Self::Object(object) => Ok(to_json(object)?.into()),
            Self::Text(text) => Ok(text.into()),
        }
    }

    fn as_object_mut(&mut self) -> Option<&mut serde_json::Map<String, serde_json::Value>> {
        match self {
            Self::Object(object) => object.as_object_mut(),
            Self::Text(_) => None,
        }
    }
}

impl AuditEvent {
    /// An event with this actor, action and subject.
    pub fn new(
        actor: impl Into<String>,
        action: &'static str,
        subject: impl std::fmt::Display,
        detail: impl Into<EventDetail>,
    ) -> Self {
        Self {
            actor: actor.into(),
            action,
            subject: subject.to_string(),
            detail: detail.into(),
        }
    }
}

/// The audit of one transaction: the events to write when it commits.
pub(crate) struct Ledger {
    pub(crate) chain: Option<AuditChain>,
    writes: bool,
    pending: Mutex<Vec<(AuditEvent, Timestamp)>>,
    /// The seals of the rows that were written.
    seals: Mutex<SealRecords>,
}

impl Ledger {
    /// The ledger of a transaction that may write.
    pub(crate) const fn for_writes(chain: Option<AuditChain>) -> Self {
        Self {
            chain,
            writes: true,
            pending: Mutex::new(Vec::new()),
            seals: Mutex::new(SealRecords::new()),
        }
    }

    /// The ledger of a transaction that only reads.
    pub(crate) const fn read_only(chain: Option<AuditChain>) -> Self {
        Self {
            chain,
            writes: false,
            pending: Mutex::new(Vec::new()),
            seals: Mutex::new(SealRecords::new()),
        }
    }

    /// Notes the seal that a row has from now on; `None`: the row was deleted.
    pub(crate) fn note_seal(&self, table: &str, id: Uuid, seal: Option<[u8; 32]>) {
        let mut seals = self.seals.lock().unwrap_or_else(PoisonError::into_inner);
        seals.insert(format!("{table}/{id}"), seal.map(hex::encode));
    }

    /// The pending events; the last one names the seals that were written.
    fn take_pending(&self, tenant: TenantId) -> Vec<(AuditEvent, Timestamp)> {
        let mut pending =
            std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        let seals = std::mem::take(&mut *self.seals.lock().unwrap_or_else(PoisonError::into_inner));
        if !seals.is_empty() {
            attach_seals(&mut pending, &seals, tenant);
        }
        pending
    }
}

impl TenantTx {
    /// Writes the events, in their order, when this transaction commits.
    ///
    /// # Errors
    /// [`Error::Unsupported`]: the transaction only reads, or the store was opened without a chain.
    #[expect(clippy::unused_async, reason = "like every other method that writes")]
    pub async fn write_audit_events(
        &self,
        events: &[AuditEvent],
        at: Timestamp,
    ) -> Result<(), Error> {
        if events.is_empty() {
            return Ok(());
        }
        if !self.ledger.writes || self.ledger.chain.is_none() {
            return Err(Error::Unsupported(
                "a transaction that cannot write the audit".to_owned(),
            ));
        }
        let pending = self.ledger.pending.lock();
        let mut pending = pending.unwrap_or_else(PoisonError::into_inner);
        pending.extend(events.iter().map(|it| (it.clone(), at)));
        Ok(())
    }

    /// Links the pending events to the end of the chain, and returns the new end if there were any. Call it last before
    /// a commit: the lock it takes delays every other writer of this tenant.
    pub(crate) async fn link_audit(&self) -> Result<Option<AuditHead>, Error> {
        let pending = self.ledger.take_pending(self.tenant);
        let Some(chain) = &self.ledger.chain else {
            return Ok(None);
        };
        if pending.is_empty() {
            return Ok(None);
        }
        let mut head = self.lock_audit_head(chain).await?;
        for chunk in pending.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|(event, at)| link_event(chain, self.tenant, &mut head, event, *at));
            let rows = rows.map(|row| row.map(to_values));
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
            self.insert_audit_rows(rows).await?;
        }
        self.move_audit_head(&head).await?;
        Ok(Some(head))
    }

    /// The chain this transaction writes to.
    pub(crate) fn audit_chain(&self) -> Result<&AuditChain, Error> {
        let chain = self.ledger.chain.as_ref();
        chain.ok_or_else(|| Error::Unsupported("a store without a chain".to_owned()))
    }

    pub(crate) async fn insert_audit_rows(&self, rows: Vec<[Value; 8]>) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO audit_events
                     (tenant_id, id, at, actor, action, subject, detail, seq, hash)
                 VALUES :rows",
            )
            .bind_tenant_rows("rows", rows);
        self.execute(query).await.map(drop)
    }
}

/// A row of the audit, linked to the row before it.
pub(crate) struct LinkedEvent {
    pub(crate) id: EventId,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) detail: String,
    pub(crate) seq: i64,
    pub(crate) hash: Vec<u8>,
}

/// The row of an event after `head`, which moves to that row.
pub(crate) fn link_event(
    chain: &AuditChain,
    tenant: TenantId,
    head: &mut AuditHead,
    event: &AuditEvent,
    at: Timestamp,
) -> Result<LinkedEvent, Error> {
    let (id, at, detail) = (EventId::mint(), to_micros(at), event.detail.to_text()?);
    let content = RowContent {
        actor: &event.actor,
        subject: &event.subject,
        detail: &detail,
    };
    let next = head.seq.checked_add(1);
    head.seq = next.ok_or(Error::Corrupt("audit head"))?;
    let position = ChainPosition {
        seq: head.seq,
        id,
        at,
        action: event.action,
    };
    let digest = chain.digest_content(head.key, tenant, &content)?;
    head.hash = chain
        .compute_link(head.key, tenant, &head.hash, &position, &digest)?
        .to_vec();
    if let Some(key) = read_key_change(event.action, &detail) {
        head.key = head.key.max(key);
    }
    Ok(LinkedEvent {
        id,
        at,
        actor: event.actor.clone(),
        action: event.action,
        subject: event.subject.clone(),
        detail: detail.into_owned(),
        seq: head.seq,
        hash: head.hash.clone(),
    })
}

/// The columns of a row after its tenant.
pub(crate) fn to_values(row: LinkedEvent) -> [Value; 8] {
    [
        row.id.uuid().into(),
        row.at.into(),
        row.actor.into(),
        row.action.into(),
        row.subject.into(),
        row.detail.into(),
        row.seq.into(),
        row.hash.into(),
    ]
}

/// Names the seals in the detail of the last event that is kept as long as acts are; without one, adds an event.
fn attach_seals(pending: &mut Vec<(AuditEvent, Timestamp)>, seals: &SealRecords, tenant: TenantId) {
    // An event that is pruned sooner than others would leave an older seal as the newest.
    let is_kept = |it: &&mut (AuditEvent, Timestamp)| {
        AuditKind::of_action(it.0.action) == Some(AuditKind::Acts)
    };
    let kept = pending.iter_mut().rev().find(is_kept);
    if let Some(detail) = kept.and_then(|(it, _)| it.detail.as_object_mut()) {
        detail.insert("seals".to_owned(), json!(seals));
    } else {
        let event = AuditEvent::new("regrant", ROWS_SEALED, tenant, json!({ "seals": seals }));
        pending.push((event, Clock::system_time()));
    }
}
