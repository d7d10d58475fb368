//! Records which scopes clients use and removes scopes that they do not use for a long time.
//!
//! The rule: no request waits for the record. A background task writes a use, at most once an hour
//! per client, scope and process. Scopes are removed after weeks, so one hour does not matter.
//! Start at `Vault::use_permission` and `Vault::drop_unused_scopes`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use regrant_domain::{ClientId, Permission, Permissions, Timestamp, error_chain};
use regrant_storage::{AuditEvent, ClientRow, ScopeUse, Store, TenantScope};
use serde_json::json;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::{Error, Principal, Vault, tenants::pass::TenantPass};

/// The minimum time between two records of the same client and scope.
const MIN_INTERVAL: chrono::Duration = chrono::Duration::hours(1);
/// The capacity of the map of recent records. A full map is cleared, so some uses are then written
/// twice in an hour.
const MAX_REMEMBERED: usize = 100_000;

/// Writes uses of scopes and remembers the recent ones. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ScopeUsage {
    store: Store,
    tracker: TaskTracker,
    runtime: Handle,
    recent_uses: Arc<Mutex<HashMap<(ClientId, Permission), Timestamp>>>,
}

/// The scopes of a tenant's clients that need a change.
#[derive(Default)]
struct ScopeReview {
    /// Scopes without a record. Their time starts now.
    without_record: Vec<(ClientId, Permission)>,
    /// Scopes that were unused for too long.
    unused: Vec<(ClientId, Permission)>,
    /// The remaining scopes of each client that loses some.
    remaining: Vec<(ClientId, Permissions)>,
}

impl Vault {
    /// Requires a permission of the caller and records that its client uses it: a session, too, has the permissions of the
    /// client that opened it.
    ///
    /// # Errors
    /// `Forbidden` if the credential does not carry the permission.
    pub fn use_permission(&self, caller: &Principal, permission: Permission) -> Result<(), Error> {
        caller.require_permission(permission)?;
        self.scope_usage
            .record_use(&caller.scope, caller.client(), permission, self.clock.now());
        Ok(())
    }

    /// Removes scopes that clients did not use for the configured time, tenant by tenant, and
    /// returns how many. Skips clients with `keep_unused_scopes`, and those that are disabled: they cannot use any.
    ///
    /// # Errors
    /// The first error, after every other tenant had its turn.
    pub async fn drop_unused_scopes(&self) -> Result<u64, Error> {
        let mut pass = TenantPass::default();
        for scope in self.list_active_scopes().await? {
            let dropped = self.drop_unused_scopes_of_tenant(&scope).await;
            pass.add_result(scope.tenant(), dropped);
        }
        pass.finish()
    }

    async fn drop_unused_scopes_of_tenant(&self, scope: &TenantScope) -> Result<u64, Error> {
        let now = self.clock.now();
        let before = now - self.settings.access.unused_scope_after;
        let tx = self.store.begin_read(scope).await?;
        let found = ScopeReview::of_clients(&tx.list_clients().await?, before);
        tx.commit().await?;
        if found.is_empty() {
            return Ok(0);
        }
        let tx = self.store.begin(scope).await?;
        // Decide again under the lock: a client may have changed or called since the first read.
        let found = ScopeReview::of_clients(&tx.lock_clients().await?, before);
        tx.note_scopes_granted(found.without_record.iter().copied(), now)
            .await?;
        tx.remove_scopes(&found.remaining, &found.unused).await?;
        tx.write_audit_events(&found.audit_events(), now).await?;
        tx.commit().await?;
        Ok(u64::try_from(found.unused.len()).unwrap_or(u64::MAX))
    }
}

impl ScopeUsage {
    pub(crate) fn new(store: Store, tracker: TaskTracker, runtime: Handle) -> Self {
        Self {
            store,
            tracker,
            runtime,
            recent_uses: Arc::default(),
        }
    }

    /// Records a use in the background, unless there is a recent record.
    fn record_use(
        &self,
        scope: &TenantScope,
        client: ClientId,
        permission: Permission,
        now: Timestamp,
    ) {
        if !self.is_record_due(client, permission, now) {
            return;
        }
        let (usage, scope) = (self.clone(), scope.clone());
        let write = async move {
            if let Err(error) = usage.write_use(&scope, client, permission, now).await {
                warn!(client.id = %client, error = error_chain(&error), "cannot record the use of a scope");
                // Forget the use, so that the next request tries again.
                usage
                    .recent_uses
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&(client, permission));
            }
        };
        self.tracker.spawn_on(write, &self.runtime);
    }

    /// Whether a use must be written; if so, remembers it as written now.
    fn is_record_due(&self, client: ClientId, permission: Permission, now: Timestamp) -> bool {
        let mut noted = self
            .recent_uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let lately = |at: &Timestamp| *at <= now && now - *at < MIN_INTERVAL;
        if noted.get(&(client, permission)).is_some_and(lately) {
            return false;
        }
        if noted.len() >= MAX_REMEMBERED {
            noted.clear();
        }
        noted.insert((client, permission), now);
        true
    }

    async fn write_use(
        &self,
        scope: &TenantScope,
        client: ClientId,
        permission: Permission,
        now: Timestamp,
    ) -> Result<(), regrant_storage::Error> {
        let tx = self.store.begin(scope).await?;
        tx.note_scope_used(client, permission, now).await?;
        tx.commit().await
    }
}

impl ScopeReview {
    fn of_clients(clients: &[ClientRow], before: Timestamp) -> Self {
        let mut found = Self::default();
        for client in clients.iter().filter(|it| it.disabled_at.is_none()) {
            found.add_client(client, before);
        }
        found
    }

    /// Adds the scopes of one client. A scope without a record, or used before `before`, needs a
    /// change.
    fn add_client(&mut self, client: &ClientRow, before: Timestamp) {
        let (id, held) = (client.id, client.spec.scopes);
        let mut left = held;
        for scope in held.iter() {
            match client.scope_uses.iter().find(|it| it.scope == scope) {
                None => self.without_record.push((id, scope)),
                Some(it) if client.spec.keep_unused_scopes || last_granted_or_used(it) > before => {
                }
                Some(_) => {
                    self.unused.push((id, scope));
                    left = left.difference_from([scope].into_iter().collect());
                }
            }
        }
        if left != held {
            self.remaining.push((id, left));
        }
    }

    const fn is_empty(&self) -> bool {
        self.without_record.is_empty() && self.unused.is_empty()
    }

    fn audit_events(&self) -> Vec<AuditEvent> {
        let event = |(client, left): &(ClientId, Permissions)| {
            let taken = self
                .unused
                .iter()
                .filter(|(it, _)| it == client)
                .map(|(_, scope)| *scope);
            AuditEvent::new(
                "vault",
                "client.scopes_removed",
                client,
                json!({ "removed": taken.collect::<Permissions>(), "left": left }),
            )
        };
        self.remaining.iter().map(event).collect()
    }
}

/// The time of the last grant or use, whichever is later.
fn last_granted_or_used(it: &ScopeUse) -> Timestamp {
    it.used_at
        .map_or(it.granted_at, |used| used.max(it.granted_at))
}
