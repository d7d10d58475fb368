//! The keys of the audit chains, by number, and their replacement.
//!
//! The rule: a new key links a chain only a minute after it was made, when every process knows it, because a process looks
//! for new ones every few seconds. Older keys stay as long as the audit, to verify it. The transaction that replaces the
//! installation's data key stores the next one, so that no crash leaves in use what leaked with the old data key.
//! Start at [`Vault::move_chains`].

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering},
    },
};

use chrono::TimeDelta;
use regrant_crypto::{AuditKey, DataKey};
use regrant_domain::{SealedRecord, TenantId, Timestamp};
use regrant_storage::{AuditChain, AuditEvent, AuditFault, ChainReport, TenantScope, TenantTx};
use serde_json::json;
use tracing::info;

use crate::{
    Error, Vault,
    credentials::{data_keys::DataKeys, named_keys::named_key_context},
    tenants::pass::TenantPass,
};

/// The number of the key with which an installation begins.
const FIRST: u32 = 1;
/// How long after it was made a key begins to link chains.
const KNOWN_AFTER: TimeDelta = TimeDelta::minutes(1);
/// How long after it was made every chain should be under it.
const MOVED_AFTER: TimeDelta = TimeDelta::hours(1);
/// The actor of the audit rows.
const ACTOR: &str = "vault";
/// How many tenants one query lists.
const PAGE: u32 = 200;

/// The keys that this process knows. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct ChainKeys {
    by_number: Arc<RwLock<BTreeMap<u32, AuditKey>>>,
    /// The key to which this process moved every chain.
    moved_to: Arc<AtomicU32>,
}

/// The next key of the chains, before it is stored.
pub(crate) struct NewChainKey {
    number: u32,
    sealed: SealedRecord,
}

impl NewChainKey {
    /// Stores it in a transaction of the installation; returns the event of it.
    pub(crate) async fn insert(
        &self,
        tx: &TenantTx,
        by: &str,
        now: Timestamp,
    ) -> Result<AuditEvent, Error> {
        let (number, name) = (self.number, self.number.to_string());
        tx.insert_audit_key(&name, &self.sealed, now).await?;
        let detail = json!({ "key": number });
        Ok(AuditEvent::new(by, "audit_key.created", name, detail))
    }
}

impl ChainKeys {
    /// Opens every key. Creates the first one where there is none.
    pub(crate) async fn open(keys: &DataKeys, now: Timestamp) -> Result<Self, Error> {
        let opened = Self::default();
        let first = keys.open_or_create_key(&FIRST.to_string(), now).await?;
        opened.add(FIRST, first);
        opened.load_new(keys).await?;
        Ok(opened)
    }

    /// A chain that these keys link.
    pub(crate) fn chain(&self) -> AuditChain {
        let keys = self.clone();
        AuditChain::new(move |number, tenant, message| {
            let known = keys.by_number.read();
            let known = known.unwrap_or_else(PoisonError::into_inner);
            let key = known.get(&number)?;
            Some(key.compute_link(tenant, message))
        })
    }

    /// Opens the keys that other processes made.
    pub(crate) async fn load_new(&self, keys: &DataKeys) -> Result<(), Error> {
        loop {
            let next = self.newest().saturating_add(1);
            match keys.find_key(&next.to_string()).await? {
                Some(key) => self.add(next, key),
                None => return Ok(()),
            }
        }
    }

    fn newest(&self) -> u32 {
        let known = self.by_number.read();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        known.keys().next_back().copied().unwrap_or(FIRST)
    }

    fn add(&self, number: u32, key: AuditKey) {
        let mut known = self
            .by_number
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(number, key);
    }
}

impl Vault {
    /// Opens the keys of chains that other processes made.
    pub(crate) async fn load_chain_keys(&self) -> Result<(), Error> {
        self.chain_keys.load_new(&self.data_keys).await
    }

    /// Makes the next key of the audit chains, sealed under the data key that is about to replace the installation's.
    pub(crate) async fn seal_next_chain_key(&self, under: &DataKey) -> Result<NewChainKey, Error> {
        self.load_chain_keys().await?;
        let number = self.chain_keys.newest().saturating_add(1);
        let name = number.to_string();
        let new = AuditKey::generate()?;
        let sealed = under.seal_record(&named_key_context(&name), new.as_bytes())?;
        Ok(NewChainKey { number, sealed })
    }

    /// Lets the newest key link every chain from now on, once every process knows it. Returns how many chains.
    ///
    /// # Errors
    /// The first error of a tenant, after all had their turn.
    pub(crate) async fn move_chains(&self) -> Result<u64, Error> {
        self.load_chain_keys().await?;
        let newest = self.chain_keys.newest();
        let moved_to = &self.chain_keys.moved_to;
        if moved_to.load(Ordering::SeqCst) == newest || !self.is_older(newest, KNOWN_AFTER).await? {
            return Ok(0);
        }
        let mut pass = TenantPass::default();
        let mut page = vec![self.store.system_scope()];
        while let Some(last) = page.last().map(TenantScope::tenant) {
            for scope in &page {
                let moved = self.move_chain(scope, newest).await;
                pass.add_result(scope.tenant(), moved.map(u64::from));
            }
            let after = Some(last).filter(|it| *it != TenantId::SYSTEM);
            page = self.store.list_all_scopes(after, PAGE).await?;
        }
        let moved = pass.finish()?;
        moved_to.store(newest, Ordering::SeqCst);
        if moved > 0 {
            info!(chains = moved, key = newest, "another key links the audit");
        }
        Ok(moved)
    }

    async fn move_chain(&self, scope: &TenantScope, key: u32) -> Result<bool, Error> {
        let tx = self.store.begin(scope).await?;
        let is_moved = tx.change_audit_key(key, ACTOR, self.clock.now()).await?;
        tx.commit().await?;
        Ok(is_moved)
    }

    /// The fault of a chain that ends under an older key long after every chain was to move.
    pub(crate) async fn find_outdated_key(
        &self,
        report: &ChainReport,
    ) -> Result<Option<(i64, AuditFault)>, Error> {
        let newest = self.chain_keys.newest();
        let is_due = report.key < newest && self.is_older(newest, MOVED_AFTER).await?;
        let end = report.head.as_ref().map(|it| it.seq);
        Ok(end
            .filter(|_| is_due)
            .map(|it| (it, AuditFault::OutdatedKey)))
    }

    async fn is_older(&self, key: u32, age: TimeDelta) -> Result<bool, Error> {
        let made_at = self.store.find_audit_key_made_at(&key.to_string()).await?;
        Ok(made_at.is_some_and(|it| it + age <= self.clock.now()))
    }
}
