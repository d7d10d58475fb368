//! The search for what was changed behind the vault's back (R-2, T-3).
//!
//! The rule: chain, credentials and checkpoints are compared in one snapshot, and every fault is named with the
//! number of the row it is at. A fault says that somebody wrote to the database, not who.

use std::collections::HashMap;

use regrant_crypto::{Checkpoint, digest};
use regrant_domain::{AssetId, CredentialId, Slot, TenantId};
use regrant_storage::{AuditFault, AuditRow, StoredCredential, TenantTx, Walked};
use serde::Deserialize;

use crate::{Error, Vault, access::signing_keys::KeySet};

/// How many assets' credentials one step compares.
const STEP: usize = 500;

/// What verifying a tenant's audit found.
#[derive(Debug, Clone)]
pub struct AuditVerdict {
    /// Whose audit.
    pub tenant: TenantId,
    /// How many rows the chain has.
    pub rows: u64,
    /// How many rows from before the chain there are.
    pub unchained: u64,
    /// How many stored credentials were compared.
    pub credentials: u64,
    /// How many stored credentials the audit tells nothing of: they are older than the chain.
    pub untold: u64,
    /// How many checkpoints were compared.
    pub checkpoints: u64,
    /// Every fault with the number it is at, the first one first.
    pub faults: Vec<(i64, AuditFault)>,
}

impl AuditVerdict {
    /// Whether nothing was changed.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Checkpoints that were kept elsewhere.
#[derive(Debug, Clone, Default)]
pub struct KeptCheckpoints {
    of_tenants: HashMap<TenantId, Vec<Checkpoint>>,
    /// Whether one is not signed by this installation: whose it would be is not known.
    has_bad: bool,
}

/// What the audit told of sealed credentials.
#[derive(Default)]
struct Told {
    /// The newest digest of each credential, with the number of its row.
    digests: HashMap<CredentialId, (i64, String)>,
    /// What came to serve each asset last.
    serves: HashMap<AssetId, (i64, CredentialId)>,
}

/// The part of a detail that tells of a sealed credential.
#[derive(Deserialize)]
struct Detail {
    asset: AssetId,
    credential: CredentialId,
    serves: bool,
    sealed: String,
}

impl Vault {
    /// Reads checkpoints that were kept elsewhere.
    pub async fn read_checkpoints(&self, statements: &[String]) -> KeptCheckpoints {
        KeptCheckpoints::read(&*self.issuer.current().await, statements)
    }

    /// Looks for every edit, deletion, reordering, truncation and put back credential of a tenant, or of the
    /// installation's own chain. `kept` are checkpoints from outside.
    ///
    /// # Errors
    /// `NotFound(Tenant)`; the database does not answer.
    pub async fn verify_audit(
        &self,
        tenant: TenantId,
        kept: &KeptCheckpoints,
    ) -> Result<AuditVerdict, Error> {
        let (scope, keys) = (self.chain_scope(tenant).await?, self.issuer.current().await);
        let tx = self.store.begin_snapshot(&scope).await?;
        let mut told = Told::default();
        let walked = tx.walk_audit(|row| told.note(row)).await?;
        let mut verdict = AuditVerdict::of(tenant, &walked);
        verdict.compare_credentials(&tx, &told).await?;
        let inside: Vec<_> = tx
            .newest_checkpoint()
            .await?
            .into_iter()
            .map(|it| it.statement)
            .collect();
        for kept in [kept, &KeptCheckpoints::read(&keys, &inside)] {
            for checkpoint in kept.of_tenants.get(&tenant).into_iter().flatten() {
                verdict.compare_checkpoint(&tx, &walked, checkpoint).await?;
            }
            verdict
                .faults
                .extend(kept.has_bad.then_some((0, AuditFault::BadCheckpoint)));
        }
        tx.commit().await?;
        verdict.faults.sort_by_key(|(seq, _)| *seq);
        verdict.faults.dedup();
        Ok(verdict)
    }
}

impl KeptCheckpoints {
    fn read(keys: &KeySet, statements: &[String]) -> Self {
        let mut kept = Self::default();
        for statement in statements {
            match keys.verify_checkpoint(statement) {
                Ok(checkpoint) => kept
                    .of_tenants
                    .entry(checkpoint.tenant)
                    .or_default()
                    .push(checkpoint),
                Err(_) => kept.has_bad = true,
            }
        }
        kept
    }
}

impl Told {
    fn note(&mut self, row: &AuditRow) {
        if !row.action.starts_with("credential.") {
            return;
        }
        let Ok(detail) = serde_json::from_str::<Detail>(&row.detail) else {
            return;
        };
        if detail.serves {
            self.serves
                .insert(detail.asset, (row.seq, detail.credential));
        }
        self.digests
            .insert(detail.credential, (row.seq, detail.sealed));
    }

    /// What is wrong with a stored credential: the number of the row that says otherwise.
    fn contradicts(&self, stored: &StoredCredential) -> Option<i64> {
        let it = &stored.credential;
        let newest = self
            .serves
            .get(&it.asset_id)
            .filter(|_| it.slot == Slot::Active);
        if let Some((seq, _)) = newest.filter(|(_, serves)| *serves != it.id) {
            return Some(*seq);
        }
        let (seq, sealed) = self.digests.get(&it.id)?;
        (*sealed != hex::encode(digest(it.sealed.as_bytes()))).then_some(*seq)
    }
}

impl AuditVerdict {
    fn of(tenant: TenantId, walked: &Walked) -> Self {
        Self {
            tenant,
            rows: walked.rows,
            unchained: walked.unchained,
            credentials: 0,
            untold: 0,
            checkpoints: 0,
            faults: walked.faults.clone(),
        }
    }

    async fn compare_credentials(&mut self, tx: &TenantTx, told: &Told) -> Result<(), Error> {
        let mut after = None;
        loop {
            let page = tx.sealed_credentials(after, STEP).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.credential.id);
            for stored in &page {
                self.credentials += 1;
                self.untold += u64::from(!told.digests.contains_key(&stored.credential.id));
                let fault = told
                    .contradicts(stored)
                    .map(|seq| (seq, AuditFault::RolledBack));
                self.faults.extend(fault);
            }
        }
    }

    async fn compare_checkpoint(
        &mut self,
        tx: &TenantTx,
        walked: &Walked,
        checkpoint: &Checkpoint,
    ) -> Result<(), Error> {
        self.checkpoints += 1;
        let end = walked.head.as_ref().map_or(0, |it| it.seq);
        let fault = match tx.audit_hash(checkpoint.seq).await? {
            None if checkpoint.seq > end => Some((end.saturating_add(1), AuditFault::Truncated)),
            None => Some((checkpoint.seq, AuditFault::Missing)),
            Some(hash) if hex::encode(&hash) == checkpoint.hash => None,
            Some(_) => Some((checkpoint.seq, AuditFault::Rewritten)),
        };
        self.faults.extend(fault);
        Ok(())
    }
}
