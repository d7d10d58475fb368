//! Which scopes clients use, and what becomes of those that they do not.
//!
//! The rule: no call waits for a note. A use is written behind, once an hour for each client and scope in each
//! process; a scope is taken away long after that, so that an hour does not matter.

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

use crate::{Error, Principal, Subject, Vault};

/// How long a use that was noted stands for those after it.
const NOTE_AGAIN: chrono::Duration = chrono::Duration::hours(1);
/// How many uses are remembered before all are forgotten; some are then noted twice in an hour.
const MOST_NOTED: usize = 100_000;

/// The uses that were noted lately. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Usage {
    store: Store,
    tracker: TaskTracker,
    runtime: Handle,
    noted: Arc<Mutex<HashMap<(ClientId, Permission), Timestamp>>>,
}

/// What a pass finds about the clients of a tenant.
#[derive(Default)]
struct Found {
    /// Scopes of which nothing is known: their time begins now.
    unknown: Vec<(ClientId, Permission)>,
    /// Scopes nobody used for too long.
    unused: Vec<(ClientId, Permission)>,
    /// What is left to the clients that lose some.
    left: Vec<(ClientId, Permissions)>,
}

impl Vault {
    /// Demands a permission of a caller, and notes that it is used.
    ///
    /// # Errors
    /// `Forbidden` where the credential does not carry it.
    pub fn permit(&self, caller: &Principal, permission: Permission) -> Result<(), Error> {
        caller.demand(permission)?;
        if let Subject::Client(client) = caller.subject {
            self.usage
                .note(&caller.scope, client, permission, self.clock.now());
        }
        Ok(())
    }

    /// Takes scopes from clients that were not used for as long as is set, tenant by tenant; how many that were.
    /// Clients that are to keep theirs keep them.
    ///
    /// # Errors
    /// The database does not answer; what was taken until then stays taken.
    pub async fn drop_unused_scopes(&self) -> Result<u64, Error> {
        let mut all = 0_u64;
        for scope in self.active_scopes().await? {
            all = all.saturating_add(self.drop_unused_scopes_of(&scope).await?);
        }
        Ok(all)
    }

    async fn drop_unused_scopes_of(&self, scope: &TenantScope) -> Result<u64, Error> {
        let now = self.clock.now();
        let before = now - self.settings.access.unused_scope_after;
        let tx = self.store.begin_read(scope).await?;
        let found = Found::among(&tx.clients().await?, before);
        tx.commit().await?;
        if found.is_empty() {
            return Ok(0);
        }
        let tx = self.store.begin(scope).await?;
        // Again under the lock: a client may have been changed or have called meanwhile.
        let found = Found::among(&tx.lock_clients().await?, before);
        tx.note_granted(found.unknown.iter().copied(), now).await?;
        tx.take_scopes(&found.left, &found.unused).await?;
        tx.audit(&found.events(), now).await?;
        tx.commit().await?;
        Ok(u64::try_from(found.unused.len()).unwrap_or(u64::MAX))
    }
}

impl Usage {
    pub(crate) fn new(store: Store, tracker: TaskTracker, runtime: Handle) -> Self {
        Self {
            store,
            tracker,
            runtime,
            noted: Arc::default(),
        }
    }

    /// Notes a use behind the call that makes it, unless one was noted lately.
    fn note(&self, scope: &TenantScope, client: ClientId, permission: Permission, now: Timestamp) {
        if !self.is_news(client, permission, now) {
            return;
        }
        let (usage, scope) = (self.clone(), scope.clone());
        let write = async move {
            if let Err(error) = usage.write(&scope, client, permission, now).await {
                warn!(client.id = %client, error = error_chain(&error), "the use of a scope was not noted");
                // The next call tries again.
                usage
                    .noted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&(client, permission));
            }
        };
        self.tracker.spawn_on(write, &self.runtime);
    }

    fn is_news(&self, client: ClientId, permission: Permission, now: Timestamp) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = |at: &Timestamp| *at <= now && now - *at < NOTE_AGAIN;
        if noted.get(&(client, permission)).is_some_and(lately) {
            return false;
        }
        if noted.len() >= MOST_NOTED {
            noted.clear();
        }
        noted.insert((client, permission), now);
        true
    }

    async fn write(
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

impl Found {
    fn among(clients: &[ClientRow], before: Timestamp) -> Self {
        let mut found = Self::default();
        for client in clients {
            found.look_at(client, before);
        }
        found
    }

    fn look_at(&mut self, client: &ClientRow, before: Timestamp) {
        let (id, held) = (client.id, client.spec.scopes);
        let mut left = held;
        for scope in held.iter() {
            match client.scope_uses.iter().find(|it| it.scope == scope) {
                None => self.unknown.push((id, scope)),
                Some(it) if client.spec.keep_unused_scopes || last(it) > before => {}
                Some(_) => {
                    self.unused.push((id, scope));
                    left = left.without([scope].into_iter().collect());
                }
            }
        }
        if left != held {
            self.left.push((id, left));
        }
    }

    const fn is_empty(&self) -> bool {
        self.unknown.is_empty() && self.unused.is_empty()
    }

    fn events(&self) -> Vec<AuditEvent> {
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
        self.left.iter().map(event).collect()
    }
}

/// When a scope was last granted or used.
fn last(it: &ScopeUse) -> Timestamp {
    it.used_at
        .map_or(it.granted_at, |used| used.max(it.granted_at))
}
