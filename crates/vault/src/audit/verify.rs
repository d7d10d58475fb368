//! Finds changes that bypassed the vault: edits of the audit, of rows that carry a seal, and restored credentials and
//! rows (R-2, T-3, T-6).
//!
//! The rule: compare chain, credentials and checkpoints in one snapshot, and report every fault with the number of
//! its row. A fault proves a foreign write to the database; it does not identify the writer.
//! Start at [`Vault::verify_audit`].

use std::collections::HashMap;

use regrant_crypto::{Checkpoint, sha256_digest};
use regrant_domain::{AssetId, CredentialId, Slot, TenantId, closed_list};
use regrant_storage::{
    AuditFault, AuditRow, ChainReport, SlottedCredential, StoredCredential, TenantTx,
};
use serde::Deserialize;

use super::RESEALED;
use crate::{Error, Vault, access::signing_keys::KeySet};

/// How many credentials one step reads and compares.
const CREDENTIALS_PER_STEP: usize = 500;

/// The result of verifying one audit chain.
#[derive(Debug, Clone)]
pub struct AuditVerdict {
    /// The tenant, or [`TenantId::SYSTEM`] for the installation.
    pub tenant: TenantId,
    /// How many rows the chain has.
    pub rows: u64,
    /// How many rows are older than the chain and therefore not linked.
    pub unchained: u64,
    /// How many stored credentials were compared.
    pub credentials: u64,
    /// How many stored credentials have no event in the audit: it is past retention, or older than the chain.
    pub unrecorded: u64,
    /// How many checkpoints were compared.
    pub checkpoints: u64,
    /// Every fault with the number of its row, in ascending order.
    pub faults: Vec<(i64, AuditFault)>,
    /// How many rows that carry a seal were compared.
    pub sealed_rows: u64,
    /// Every row that was changed around the application: `table/id`.
    pub tampered: Vec<(String, RowFault)>,
}

closed_list! {
    /// What is wrong with a row that carries a seal.
    pub enum RowFault: "fault of a sealed row" {
        /// The row was changed, or was not written by the application.
        Edited = "edited",
        /// The row is an older one, or one that was deleted.
        PutBack = "put_back",
    }
}

impl AuditVerdict {
    /// Whether verification found no fault.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.tampered.is_empty()
    }
}

/// Checkpoints that were kept outside the database.
#[derive(Debug, Clone, Default)]
pub struct KeptCheckpoints {
    by_tenant: HashMap<TenantId, Vec<Checkpoint>>,
    /// Whether a statement lacks a valid signature of this installation. It cannot be attributed to a tenant.
    has_unsigned: bool,
}

/// The newest events of sealed credentials, read from the chain.
#[derive(Default)]
struct SealingRecords {
    /// The newest digest of each credential, with the number of its row.
    digests: HashMap<CredentialId, (i64, String)>,
    /// The credential that became active last for each asset, with the number of its row.
    active: HashMap<AssetId, (i64, CredentialId)>,
}

/// The fields of an event's detail that describe a sealed credential.
#[derive(Deserialize)]
struct SealingDetail {
    asset: AssetId,
    credential: CredentialId,
    serves: bool,
    sealed: String,
}

impl Vault {
    /// Checks the signatures of checkpoints that were kept outside the database.
    pub async fn read_checkpoints(&self, statements: &[String]) -> KeptCheckpoints {
        KeptCheckpoints::verify_statements(&*self.issuer.current_keys().await, statements)
    }

    /// Searches the chain of a tenant, or of the installation, for edited, deleted, reordered and truncated rows
    /// and for restored credentials. `kept` are checkpoints from outside the database.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn verify_audit(
        &self,
        tenant: TenantId,
        kept: &KeptCheckpoints,
    ) -> Result<AuditVerdict, Error> {
        let (scope, keys) = (
            self.find_chain_scope(tenant).await?,
            self.issuer.current_keys().await,
        );
        let tx = self.store.begin_snapshot(&scope).await?;
        let mut sealings = SealingRecords::default();
        let mut seals = SealHistory::default();
        let note = |row: &AuditRow| {
            sealings.note_row(row);
            seals.note_row(row);
        };
        let report = tx.verify_audit_chain(note).await?;
        let mut verdict = AuditVerdict::from_report(tenant, &report);
        verdict.compare_credentials(&tx, &sealings).await?;
        verdict.compare_sealed_rows(&tx, &seals).await?;
        let inside: Vec<_> = tx
            .find_newest_checkpoint()
            .await?
            .into_iter()
            .map(|it| it.statement)
            .collect();
        for kept in [kept, &KeptCheckpoints::verify_statements(&keys, &inside)] {
            for checkpoint in kept.by_tenant.get(&tenant).into_iter().flatten() {
                verdict.compare_checkpoint(&tx, &report, checkpoint).await?;
            }
            verdict
                .faults
                .extend(kept.has_unsigned.then_some((0, AuditFault::BadCheckpoint)));
        }
        tx.commit().await?;
        verdict
            .faults
            .extend(self.find_outdated_key(&report).await?);
        verdict.faults.sort_by_key(|(seq, _)| *seq);
        verdict.faults.dedup();
        Ok(verdict)
    }
}

impl KeptCheckpoints {
    fn verify_statements(keys: &KeySet, statements: &[String]) -> Self {
        let mut kept = Self::default();
        for statement in statements {
            match keys.verify_checkpoint(statement) {
                Ok(checkpoint) => kept
                    .by_tenant
                    .entry(checkpoint.tenant)
                    .or_default()
                    .push(checkpoint),
                Err(_) => kept.has_unsigned = true,
            }
        }
        kept
    }
}

/// The newest seal of each row, read from the chain; `None` for a row that was deleted.
#[derive(Default)]
struct SealHistory(HashMap<String, Option<String>>);

impl SealHistory {
    fn note_row(&mut self, row: &AuditRow) {
        #[derive(Deserialize)]
        struct Detail {
            seals: HashMap<String, Option<String>>,
        }
        if !row.detail.contains("\"seals\"") {
            return;
        }
        if let Ok(detail) = serde_json::from_str::<Detail>(&row.detail) {
            self.0.extend(detail.seals);
        }
    }
}

impl SealingRecords {
    fn note_row(&mut self, row: &AuditRow) {
        #[derive(Deserialize)]
        struct Resealed {
            credentials: Vec<SealingDetail>,
        }
        if row.action == RESEALED {
            let many = serde_json::from_str::<Resealed>(&row.detail);
            for detail in many.map(|it| it.credentials).unwrap_or_default() {
                self.note_sealing(row.seq, detail);
            }
        } else if row.action.starts_with("credential.")
            && let Ok(detail) = serde_json::from_str(&row.detail)
        {
            self.note_sealing(row.seq, detail);
        }
    }

    fn note_sealing(&mut self, seq: i64, detail: SealingDetail) {
        if detail.serves {
            self.active.insert(detail.asset, (seq, detail.credential));
        }
        self.digests.insert(detail.credential, (seq, detail.sealed));
    }

    /// The number of the row that contradicts a stored credential, if there is one.
    fn find_contradiction(&self, stored: &StoredCredential) -> Option<i64> {
        let it = &stored.credential;
        // Only the asset's last activated credential may be in the active slot.
        let newest = self
            .active
            .get(&it.asset_id)
            .filter(|_| it.slot == Slot::Active);
        if let Some((seq, _)) = newest.filter(|(_, serves)| *serves != it.id) {
            return Some(*seq);
        }
        let (seq, sealed) = self.digests.get(&it.id)?;
        (*sealed != hex::encode(sha256_digest(it.sealed.as_bytes()))).then_some(*seq)
    }
}

impl AuditVerdict {
    fn from_report(tenant: TenantId, report: &ChainReport) -> Self {
        Self {
            tenant,
            rows: report.rows,
            unchained: report.unchained,
            credentials: 0,
            unrecorded: 0,
            checkpoints: 0,
            faults: report.faults.clone(),
            sealed_rows: 0,
            tampered: Vec::new(),
        }
    }

    async fn compare_sealed_rows(
        &mut self,
        tx: &TenantTx,
        history: &SealHistory,
    ) -> Result<(), Error> {
        for row in tx.inspect_sealed_rows().await? {
            self.sealed_rows += 1;
            let name = row.name.to_string();
            let newest = history.0.get(&name);
            let fault = if !row.is_intact {
                Some(RowFault::Edited)
            } else if newest.is_some_and(|it| it.as_ref() != Some(&row.seal)) {
                Some(RowFault::PutBack)
            } else {
                None
            };
            self.tampered.extend(fault.map(|it| (name, it)));
        }
        Ok(())
    }

    async fn compare_credentials(
        &mut self,
        tx: &TenantTx,
        sealings: &SealingRecords,
    ) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = tx.list_all_credentials(after, CREDENTIALS_PER_STEP).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.stored.credential.id);
            for SlottedCredential { stored, is_intact } in &page {
                self.credentials += 1;
                if !is_intact {
                    let name = format!("credentials/{}", stored.credential.id);
                    self.tampered.push((name, RowFault::Edited));
                }
                self.unrecorded += u64::from(!sealings.digests.contains_key(&stored.credential.id));
                let fault = sealings
                    .find_contradiction(stored)
                    .map(|seq| (seq, AuditFault::RolledBack));
                self.faults.extend(fault);
            }
        }
    }

    async fn compare_checkpoint(
        &mut self,
        tx: &TenantTx,
        report: &ChainReport,
        checkpoint: &Checkpoint,
    ) -> Result<(), Error> {
        self.checkpoints += 1;
        let end = report.head.as_ref().map_or(0, |it| it.seq);
        let fault = match tx.find_audit_link(checkpoint.seq).await? {
            None if checkpoint.seq > end => Some((end.saturating_add(1), AuditFault::Truncated)),
            None => Some((checkpoint.seq, AuditFault::Missing)),
            Some(hash) if hex::encode(&hash) == checkpoint.hash => None,
            Some(_) => Some((checkpoint.seq, AuditFault::Rewritten)),
        };
        self.faults.extend(fault);
        Ok(())
    }
}
