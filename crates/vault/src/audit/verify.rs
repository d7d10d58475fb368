//! The search for what was changed behind the vault's back (R-2, T-3).
//!
//! The rule: chain, credentials and checkpoints are compared in one snapshot, and every fault is named with the
//! number of the row it is at. A fault says that somebody wrote to the database, not who.

use std::collections::HashMap;

use regrant_crypto::{Checkpoint, digest};
use regrant_domain::{AssetId, CredentialId, Slot, TenantId};
use regrant_storage::{AuditFault, AuditRow, StoredCredential, TenantTx, Walked};
use serde::Deserialize;

use crate::{Error, Vault};

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
    /// Looks for every edit, deletion, reordering, truncation and put back credential of a tenant. `statements` are
    /// checkpoints from outside; those of other tenants are passed over.
    ///
    /// # Errors
    /// `NotFound(Tenant)`; the database does not answer.
    pub async fn verify_audit(&self, tenant: TenantId, statements: &[String]) -> Result<AuditVerdict, Error> {
        let scope = self.scope_for_operator(tenant).await?;
        let keys = self.issuer.current().await;
        let tx = self.store.begin_snapshot(&scope).await?;
        let mut told = Told::default();
        let walked = tx.walk_audit(|row| told.note(row)).await?;
        let mut verdict = AuditVerdict::of(tenant, &walked);
        verdict.compare_credentials(&tx, &told).await?;
        let kept = tx.newest_checkpoint().await?.map(|it| it.statement);
        for statement in statements.iter().chain(&kept) {
            match keys.verify_checkpoint(statement) {
                Ok(checkpoint) => verdict.compare_checkpoint(&tx, &walked, &checkpoint).await?,
                Err(_) => verdict.faults.push((0, AuditFault::BadCheckpoint)),
            }
        }
        tx.commit().await?;
        verdict.faults.sort_by_key(|(seq, _)| *seq);
        verdict.faults.dedup();
        Ok(verdict)
    }
}

impl Told {
    fn note(&mut self, row: &AuditRow) {
        if !row.action.starts_with("credential.") {
            return;
        }
        let Ok(detail) = serde_json::from_str::<Detail>(&row.detail) else { return };
        if detail.serves {
            self.serves.insert(detail.asset, (row.seq, detail.credential));
        }
        self.digests.insert(detail.credential, (row.seq, detail.sealed));
    }

    /// What is wrong with a stored credential: the number of the row that says otherwise.
    fn contradicts(&self, stored: &StoredCredential) -> Option<i64> {
        let it = &stored.credential;
        let newest = self.serves.get(&it.asset_id).filter(|_| it.slot == Slot::Active);
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
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.credential.id);
            for stored in &page {
                self.credentials += 1;
                self.untold += u64::from(!told.digests.contains_key(&stored.credential.id));
                let fault = told.contradicts(stored).map(|seq| (seq, AuditFault::RolledBack));
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
        if checkpoint.tenant != self.tenant {
            return Ok(());
        }
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
