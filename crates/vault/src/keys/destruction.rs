//! What the destruction of a key-encryption key (KEK) ends: deletions that waited for it become effective.
//!
//! The rule: a KEK counts as destroyed when that is noted and no process that runs can open it; a copy of the keyring on
//! another machine may still hold it. The worker repeats this, so that a crash between the steps loses nothing. A KEK that
//! only is not there was destroyed if two agreed to it and its provider, which responds, says that it is gone. One that wraps,
//! or never did, is not noted without them: AWS KMS may not find a key for minutes after it was made.
//! Start at [`Vault::settle_deletions`].

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use regrant_crypto::{KekState, KekSummary, Refresh};
use regrant_domain::{KekRef, Timestamp, error_chain};
use regrant_storage::{AuditEvent, DeletionRecord, DestroyedKek, KekRetirement};
use serde_json::json;
use tracing::warn;
use uuid::Uuid;

use crate::{Error, Vault, tenants::pass::TenantPass};

/// How many deletions one query reads.
const PAGE: u32 = 500;

/// The actor of the audit rows.
const ACTOR: &str = "vault";

/// How long a pass that left nothing to do counts. A new deletion waits for a KEK that is in use, so usually only the
/// destruction of another one changes that.
const SETTLED_FOR: Duration = Duration::from_mins(1);

/// The destroyed KEKs of the last pass that left nothing to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettledKeks(Arc<Mutex<Option<SettledPass>>>);

#[derive(Debug)]
struct SettledPass {
    keks: Vec<KekRef>,
    ended_at: Instant,
}

impl SettledKeks {
    fn are_still(&self, keks: &[KekRef]) -> bool {
        let settled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |it: &SettledPass| it.keks == keks && it.ended_at.elapsed() < SETTLED_FOR;
        keks.is_empty() || settled.as_ref().is_some_and(is_same)
    }

    fn set(&self, settled: Option<SettledPass>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = settled;
    }
}

impl Vault {
    /// Notes which deletions are effective, because every KEK that they waited for is destroyed; returns how many. Notes
    /// destroyed KEKs that a crash left out.
    ///
    /// # Errors
    /// The first error of a tenant, after all had their turn.
    pub async fn settle_deletions(&self) -> Result<u64, Error> {
        self.data_keys.reload_keyring(Refresh::Now).await;
        self.record_missed_keks().await?;
        let destroyed = self.list_gone_keks().await?;
        if self.settled_keks.are_still(&destroyed) {
            return Ok(0);
        }
        let mut pass = TenantPass::default();
        loop {
            let before = pass.done();
            let ended = self.store.list_ended_waits(&destroyed, PAGE).await?;
            for record in &ended {
                let noted = self.note_effective_deletion(record).await;
                pass.add_result(record.tenant, noted);
            }
            if ended.is_empty() || pass.done() == before {
                break;
            }
        }
        let settled = pass.finish()?;
        self.settled_keks.set(Some(SettledPass {
            keks: destroyed,
            ended_at: Instant::now(),
        }));
        Ok(settled)
    }

    /// The records of these deletions, with the KEKs that each waits for.
    pub(crate) async fn list_deletions(
        &self,
        subjects: &[Uuid],
    ) -> Result<Vec<DeletionRecord>, Error> {
        let destroyed = self.list_gone_keks().await?;
        let records = self.store.list_deletion_records(subjects, &destroyed);
        Ok(records.await?)
    }

    /// Notes that a KEK is destroyed, unless that is noted.
    pub(super) async fn record_destroyed_kek(&self, by: String, kek: KekRef) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let destroyed = DestroyedKek {
            kek,
            destroyed_at: now,
        };
        if tx.record_destroyed_kek(destroyed).await? {
            let event = AuditEvent::new(by, "kek.retired", kek, json!({}));
            tx.write_audit_events(&[event], now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Whether it was approved to destroy this KEK, which is not listed, and its provider says now that it is gone.
    ///
    /// # Errors
    /// The provider does not respond: then nothing is known. The request was changed around the application.
    pub(super) async fn is_retired_and_gone(&self, kek: KekRef) -> Result<bool, Error> {
        let tx = self.store.begin(&self.store.system_scope()).await?;
        let stored = tx.lock_kek_retirement(kek).await?;
        tx.commit().await?;
        if stored.is_none_or(|it| it.approved_at.is_none()) {
            return Ok(false);
        }
        Ok(self.data_keys.provider().is_gone(kek).await?)
    }

    /// Notes the KEKs that a process destroyed before it ended.
    async fn record_missed_keks(&self) -> Result<(), Error> {
        let known = self.data_keys.provider().list_keks();
        let mut missed = self.list_unnoted_keks(&known).await?;
        missed.extend(self.find_gone_keks(&known).await?);
        for kek in missed {
            self.record_destroyed_kek(ACTOR.to_owned(), kek).await?;
            self.settled_keks.set(None);
        }
        Ok(())
    }

    /// The KEKs that are listed as destroyed without that being noted: former ones alone.
    async fn list_unnoted_keks(&self, known: &[KekSummary]) -> Result<Vec<KekRef>, Error> {
        let active = self.data_keys.provider().active_kek();
        let destroyed = known.iter().filter(|it| it.state == KekState::Destroyed);
        let destroyed: Vec<_> = destroyed.map(|it| it.kek).collect();
        if destroyed.is_empty() {
            return Ok(destroyed);
        }
        let noted = self.store.list_destroyed_keks().await?;
        let mut unnoted = Vec::new();
        for kek in destroyed {
            let is_noted = kek == active || noted.iter().any(|it| it.kek == kek);
            // A key that was active has a floor since the first start with it.
            if !is_noted && self.store.find_kek_floor(kek.id).await?.is_some() {
                unnoted.push(kek);
            }
        }
        Ok(unnoted)
    }

    /// The KEKs whose destruction was approved and that are gone without being listed as destroyed. One of which nothing can
    /// be said now keeps no other from being noted.
    async fn find_gone_keks(&self, known: &[KekSummary]) -> Result<Vec<KekRef>, Error> {
        let mut unlisted = self.store.list_kek_retirements().await?;
        unlisted.retain(|it| it.approved_at.is_some());
        unlisted.retain(|it| known.iter().all(|kek| kek.kek != it.kek));
        let mut gone = Vec::new();
        for KekRetirement { kek, .. } in unlisted {
            match self.is_retired_and_gone(kek).await {
                Ok(true) => gone.push(kek),
                Ok(false) => {}
                Err(error) => warn!(
                    kek = %kek,
                    error = error_chain(&error),
                    "cannot find out whether a key is destroyed"
                ),
            }
        }
        Ok(gone)
    }

    /// The KEKs that are destroyed and that no process can open.
    async fn list_gone_keks(&self) -> Result<Vec<KekRef>, Error> {
        let destroyed = self.store.list_destroyed_keks().await?;
        if destroyed.is_empty() {
            return Ok(Vec::new());
        }
        let own = self.data_keys.provider().list_keks().into_iter();
        let own = own.filter(|it| it.state != KekState::Destroyed);
        let others = self.list_live_nodes().await?.into_iter();
        let others = others.filter(|it| it.id != self.runs.node);
        let opened: Vec<_> = own
            .map(|it| it.kek)
            .chain(others.flat_map(|it| it.opens))
            .collect();
        let gone = destroyed.into_iter().map(|it| it.kek);
        Ok(gone.filter(|it| !opened.contains(it)).collect())
    }

    async fn note_effective_deletion(&self, record: &DeletionRecord) -> Result<u64, Error> {
        let now = self.clock.now();
        let at = effective_from(record.deleted_at, now, self.data_keys.memory_lifetime());
        let scope = self.store.find_scope_to_verify(record.tenant).await?;
        let tx = self.store.begin(&scope).await?;
        if !tx.note_effective_deletion(record, at).await? {
            return Ok(0);
        }
        let detail = json!({
            "cause": record.cause.as_str(), "deleted_at": record.deleted_at, "effective_at": at,
        });
        let event = AuditEvent::new(
            ACTOR.to_owned(),
            "deletion.effective",
            record.tenant,
            detail,
        );
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        Ok(1)
    }
}

/// Another process may have the data keys of the tenant in its memory for this long.
fn effective_from(deleted_at: Timestamp, now: Timestamp, kept: Duration) -> Timestamp {
    now.max(deleted_at + kept)
}
