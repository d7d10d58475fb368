//! The last step of a rotation: a version of the KEK is destroyed, once two operators agree.
//!
//! The rule: [`decide_retirement`] decides who may, from rows that are locked and checked. A key is destroyed only after the
//! audit says that it is about to be, and the request that it is approved. So a crash in between leaves a trace, and the
//! next call of any owner completes what was approved.
//! Start at [`Vault::retire_kek`].

use regrant_crypto::{KekState, Refresh};
use regrant_domain::{
    KekRef, RetirementCaller, RetirementRequest, RetirementStep, Timestamp, decide_retirement,
};
use regrant_storage::{AuditEvent, KekRetirement, TenantTx};
use serde_json::json;

use super::rotation::invalid_field;
use crate::{Actor, Conflict, Error, KeyStatus, Resource, Vault, call::actor::lock_owners_for};

/// What a call to destroy a version did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retirement {
    /// It opened a request that must be approved.
    Requested(KeyStatus),
    /// The version is destroyed.
    Done(KeyStatus),
}

impl Retirement {
    /// The keys after the call.
    #[must_use]
    pub fn into_status(self) -> KeyStatus {
        match self {
            Self::Requested(status) | Self::Done(status) => status,
        }
    }
}

impl Vault {
    /// Asks to destroy a version that wraps nothing any more, or approves the request of another operator: then it is
    /// destroyed. Backups whose data keys it wrapped can never be opened again, and deletions that waited for it become
    /// effective.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid` unless `key` is `<id>/<version>` and `confirm` the same; `Conflict(KeyState)` unless it is decrypt-only;
    /// `Conflict(KeyStepUnsupported)`; `Conflict(KeyInUse)`; `Conflict(NodesLackKey)`; `Conflict(SecondOwner)`;
    /// `Conflict(NewAccount)`; `Conflict(TooEarly)`; `Conflict(KeyringNotWritable)`.
    pub async fn retire_kek(
        &self,
        by: Actor,
        key: &str,
        confirm: &str,
    ) -> Result<Retirement, Error> {
        self.require_owner(by).await?;
        let kek: KekRef = key.parse().map_err(|it| invalid_field("key", &it))?;
        if confirm != key {
            return Err(invalid_field("confirm", &"expected the key again"));
        }
        self.data_keys.reload_keyring(Refresh::Now).await;
        let state = self.find_kek(kek).map(|it| it.state);
        let is_destroyed = match state {
            Some(state) => state == KekState::Destroyed,
            None => self.is_retired_and_gone(kek).await?,
        };
        if !is_destroyed {
            if state != Some(KekState::DecryptOnly) {
                return Err(Error::Conflict(Conflict::KeyState));
            }
            if !self.destroy_approved_kek(by, kek).await? {
                return self.key_status().await.map(Retirement::Requested);
            }
        }
        self.record_destroyed_kek(by.audit_name(), kek).await?;
        self.settle_deletions().await?;
        self.key_status().await.map(Retirement::Done)
    }

    /// Destroys the version if that is approved. If not, there is a new request, and this returns false.
    async fn destroy_approved_kek(&self, by: Actor, kek: KekRef) -> Result<bool, Error> {
        self.data_keys.provider().check_destruction(kek)?;
        self.require_unused(kek).await?;
        if !self.approve_retirement(by, kek).await? {
            return Ok(false);
        }
        // Looks again: only since the approval does no process wrap with a version of a former provider.
        self.require_no_data_keys(kek).await?;
        self.data_keys.provider().destroy_kek(kek).await?;
        Ok(true)
    }

    /// Whether the version may be destroyed now. If not, there is a new request.
    async fn approve_retirement(&self, by: Actor, kek: KekRef) -> Result<bool, Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&self.store.system_scope()).await?;
        // Owners are neither added nor removed until this ends.
        let owners = lock_owners_for(&tx, by, now).await?.len();
        let stored = tx.lock_kek_retirement(kek).await?;
        if stored.is_some_and(|it| it.approved_at.is_some()) {
            return Ok(true);
        }
        let request = stored.map(|it| it.request);
        let caller = find_caller(&tx, by).await?;
        let step = decide_retirement(request, caller, owners, now);
        let (action, detail) = match step {
            RetirementStep::Request => {
                tx.put_kek_retirement(new_retirement(kek, caller, now))
                    .await?;
                ("kek.retirement_requested", json!({}))
            }
            RetirementStep::Destroy => {
                note_approval(&tx, stored, now).await?;
                let requester = request.map(|it| requester_name(&it));
                ("kek.retiring", json!({ "requested_by": requester }))
            }
            RetirementStep::NeedsSecondOwner => {
                return Err(Error::Conflict(Conflict::SecondOwner));
            }
            RetirementStep::NeedsOlderAccount(from) => {
                return Err(Error::Conflict(Conflict::NewAccount(from)));
            }
            RetirementStep::NeedsTime(from) => {
                return Err(Error::Conflict(Conflict::TooEarly(from)));
            }
        };
        let event = AuditEvent::new(by.audit_name(), action, kek, detail);
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        Ok(step == RetirementStep::Destroy)
    }

    /// Nothing is wrapped by this version, and nothing will be: the floor is above it. Every process opens the active one.
    async fn require_unused(&self, kek: KekRef) -> Result<(), Error> {
        let active = self.data_keys.provider().active_kek();
        self.require_opened_by_all(active).await?;
        if kek.id != active.id {
            self.require_moved_by_all(kek).await?;
        }
        self.raise_floor("vault".to_owned(), active).await?;
        self.require_no_data_keys(kek).await
    }

    /// No process that runs wraps with the key of a former provider.
    async fn require_moved_by_all(&self, kek: KekRef) -> Result<(), Error> {
        let nodes = self.list_live_nodes().await?.into_iter();
        let staying = nodes.filter(|it| it.wraps_with.id == kek.id);
        let names: Vec<String> = staying.map(|it| it.name).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(Error::Conflict(Conflict::NodesLackKey(names)))
    }

    async fn require_no_data_keys(&self, kek: KekRef) -> Result<(), Error> {
        let uses = self.store.count_data_keys_by_kek().await?;
        match uses.into_iter().find(|it| it.kek == Some(kek)) {
            Some(found) => Err(Error::Conflict(Conflict::KeyInUse(found.data_keys))),
            None => Ok(()),
        }
    }
}

/// Notes that a request is approved, and that nothing may be wrapped by the version from now on. For a version of the active
/// key a promotion said so before.
async fn note_approval(
    tx: &TenantTx,
    stored: Option<KekRetirement>,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(request) = stored else {
        return Ok(());
    };
    let KekRef { id, version } = request.kek;
    let version = version.saturating_add(1);
    tx.raise_kek_floor(KekRef { id, version }).await?;
    let approved = KekRetirement {
        approved_at: Some(now),
        ..request
    };
    Ok(tx.put_kek_retirement(approved).await?)
}

async fn find_caller(tx: &TenantTx, by: Actor) -> Result<RetirementCaller, Error> {
    let Actor::Operator { id, .. } = by else {
        return Ok(RetirementCaller::CommandLine);
    };
    let found = tx.lock_operator(id).await;
    let operator = found.map_err(Error::not_found_as(Resource::Operator))?;
    Ok(RetirementCaller::Owner {
        id,
        created_at: operator.operator.created_at,
    })
}

fn new_retirement(kek: KekRef, caller: RetirementCaller, now: Timestamp) -> KekRetirement {
    let requester = match caller {
        RetirementCaller::CommandLine => None,
        RetirementCaller::Owner { id, .. } => Some(id),
    };
    KekRetirement {
        kek,
        request: RetirementRequest {
            requester,
            requested_at: now,
        },
        approved_at: None,
    }
}

/// Who asked, as the audit names actors.
pub(super) fn requester_name(request: &RetirementRequest) -> String {
    match request.requester {
        Some(id) => format!("operator:{id}"),
        None => Actor::CommandLine.audit_name(),
    }
}
