//! The rows that a chunk of due assets writes.

use regrant_domain::{Asset, AssetId, CredentialId, EventKind, GrantId, Timestamp};
use regrant_storage::{
    Activation, AuditEvent, Confirmation, CountedRefusal, CutOffNote, DateReading, NewEvent,
    Promotion, StoredCredential,
};
use serde_json::Value;

use crate::audit::credential_sealed_event;

/// The rows that a chunk writes, gathered so that each statement carries all of its rows.
#[derive(Default)]
pub(super) struct ChunkRows {
    pub(super) confirmed: Vec<Confirmation>,
    /// Persons' tokens for pages, replaced by the pages' own.
    pub(super) resealed: Vec<Activation>,
    pub(super) refused: Vec<CountedRefusal>,
    pub(super) dates: Vec<DateReading>,
    pub(super) promoted: Vec<Promotion>,
    pub(super) standbys: Vec<StoredCredential>,
    pub(super) dropped: Vec<CredentialId>,
    pub(super) checked: Vec<AssetId>,
    pub(super) postponed: Vec<(AssetId, Timestamp)>,
    /// Assets whose next probe is planned from their new state.
    pub(super) settled: Vec<AssetId>,
    pub(super) cut_offs: Vec<CutOffNote>,
    /// Grants whose tokens end soon.
    pub(super) refresh: Vec<GrantId>,
    pub(super) audit: Vec<AuditEvent>,
    pub(super) events: Vec<NewEvent>,
}

impl ChunkRows {
    /// Gathers an event to the tenant, and the audit event with the same content.
    pub(super) fn gather_event(&mut self, kind: EventKind, asset: &Asset, detail: Value) {
        let audit = AuditEvent::new("worker", kind.as_str(), &asset.id, detail.clone());
        self.audit.push(audit);
        self.events.push(NewEvent {
            kind,
            subject: asset.id.to_string(),
            data: detail,
        });
    }

    /// The audit event of each credential that was sealed.
    pub(super) fn credential_events(&self) -> Vec<AuditEvent> {
        let event = |action, it: &StoredCredential| {
            credential_sealed_event("worker".to_owned(), action, &it.credential)
        };
        let promoted = self
            .promoted
            .iter()
            .map(|it| event("credential.activated", &it.activation.credential));
        let resealed = self
            .resealed
            .iter()
            .map(|it| event("credential.renewed", &it.credential));
        let standbys = self
            .standbys
            .iter()
            .map(|it| event("credential.stands_by", it));
        promoted.chain(resealed).chain(standbys).collect()
    }
}
