//! Signed checkpoints of audit chains. A copy outside the database reveals that a chain was truncated or rewritten.
//!
//! The rule: every chain with new rows gets a checkpoint a day. With a configured file, a checkpoint counts as written
//! only after the file is synced. A line that appears twice in the file is harmless.
//! Start at [`Vault::sign_due_checkpoints`].

use regrant_crypto::Checkpoint;
use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{StoredCheckpoint, TenantScope};

use crate::{Error, Principal, Resource, Vault, tenants::pass::TenantPass};

/// A signed statement of where a tenant's chain ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditCheckpoint {
    /// The tenant of the chain, or [`TenantId::SYSTEM`].
    pub tenant: TenantId,
    /// The number of the chain's last row when it was signed.
    pub seq: i64,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// The statement: a JWS. Third parties verify it with the public keys published when it was signed; this
    /// installation verifies it with any key it ever had.
    pub statement: String,
}

impl Vault {
    /// Returns a checkpoint of the caller's chain at its current end. Signs one if the newest is older.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound(Checkpoint)`: the chain is empty.
    pub async fn sign_own_checkpoint(&self, caller: &Principal) -> Result<AuditCheckpoint, Error> {
        caller.require_whole_tenant()?;
        self.ensure_current_checkpoint(&caller.scope).await
    }

    /// Returns a checkpoint of any tenant's chain, or of the installation's, for the command line.
    ///
    /// # Errors
    /// `NotFound(Tenant)`; `NotFound(Checkpoint)`: the chain is empty.
    pub async fn sign_checkpoint_of(&self, tenant: TenantId) -> Result<AuditCheckpoint, Error> {
        self.ensure_current_checkpoint(&self.find_chain_scope(tenant).await?)
            .await
    }

    /// Signs a checkpoint for every chain that has new rows and whose newest checkpoint is a day old (a setting).
    /// Appends the checkpoints that the file lacks. Returns how many were signed.
    ///
    /// # Errors
    /// The first error, after every other chain had its turn.
    pub async fn sign_due_checkpoints(&self) -> Result<u64, Error> {
        let (mut newest, mut pass) = (Vec::new(), TenantPass::default());
        for scope in self.list_audit_scopes().await? {
            let tenant = scope.tenant();
            let signed = self.ensure_due_checkpoint(&scope).await.map(|signed| {
                let (checkpoint, is_new) = signed?;
                newest.push((tenant, checkpoint));
                Some(u64::from(is_new))
            });
            pass.add_result(tenant, signed.map(Option::unwrap_or_default));
        }
        self.checkpoint_file.append_newer(newest).await?;
        pass.finish()
    }

    /// Returns the newest checkpoint of a chain and whether it was signed now; `None` for an empty chain.
    async fn ensure_due_checkpoint(
        &self,
        scope: &TenantScope,
    ) -> Result<Option<(StoredCheckpoint, bool)>, Error> {
        let tx = self.store.begin_read(scope).await?;
        let (head, newest) = (
            tx.find_audit_head().await?,
            tx.find_newest_checkpoint().await?,
        );
        tx.commit().await?;
        let Some(head) = head else { return Ok(None) };
        let age = |it: &StoredCheckpoint| self.clock.now() - it.created_at;
        match newest
            .filter(|it| it.seq == head.seq || age(it) < self.settings.audit.checkpoint_every)
        {
            Some(newest) => Ok(Some((newest, false))),
            None => Ok(Some((
                self.sign_and_store(scope, head.seq, &head.hash).await?,
                true,
            ))),
        }
    }

    async fn ensure_current_checkpoint(
        &self,
        scope: &TenantScope,
    ) -> Result<AuditCheckpoint, Error> {
        let tx = self.store.begin_read(scope).await?;
        let (head, newest) = (
            tx.find_audit_head().await?,
            tx.find_newest_checkpoint().await?,
        );
        tx.commit().await?;
        let head = head.ok_or(Error::NotFound(Resource::Checkpoint))?;
        let stored = match newest.filter(|it| it.seq == head.seq) {
            Some(newest) => newest,
            None => self.sign_and_store(scope, head.seq, &head.hash).await?,
        };
        Ok(AuditCheckpoint {
            tenant: scope.tenant(),
            seq: stored.seq,
            signed_at: stored.created_at,
            statement: stored.statement,
        })
    }

    async fn sign_and_store(
        &self,
        scope: &TenantScope,
        seq: i64,
        hash: &[u8],
    ) -> Result<StoredCheckpoint, Error> {
        let created_at = self.clock.now();
        let checkpoint = Checkpoint {
            iss: self.settings.audit.issuer.clone(),
            tenant: scope.tenant(),
            seq,
            hash: hex::encode(hash),
            iat: created_at.timestamp(),
        };
        let statement = self.issuer.sign_checkpoint(&checkpoint, created_at).await?;
        let stored = StoredCheckpoint {
            seq,
            statement,
            created_at,
        };
        let tx = self.store.begin(scope).await?;
        tx.insert_checkpoint(&stored).await?;
        tx.commit().await?;
        Ok(stored)
    }
}
