//! The keyring of this process: read again when its file was replaced, changed, and compared with the database.
//!
//! The rule: a keyring that cannot be read again leaves the keys in memory. A process that cannot open what the database
//! holds does not start, and says which keys it lacks; nor does one whose key may not wrap any more.

use regrant_crypto::{KekRef, KekState, KekSummary, ProviderKind, Refresh};
use regrant_domain::error_chain;
use regrant_storage::{KekUse, Node, WrappedBy, WrappedDataKey};
use tracing::{error, info};

use crate::{Conflict, Error, credentials::data_keys::DataKeys};

/// A process that was not seen for this long counts as gone.
const LIVE_FOR: chrono::Duration = chrono::Duration::seconds(30);
/// How many data keys of a KEK are tried before it counts as wrong.
const CHECKED: u32 = 3;

impl DataKeys {
    /// Reads the keys again if their source changed; returns whether it did. An error is logged, and the keys in memory
    /// stay.
    pub(crate) async fn reload_keyring(&self, when: Refresh) -> bool {
        match self.provider.refresh(when).await {
            Ok(is_new) => {
                if is_new {
                    info!(kek = %self.provider.active_kek(), "the keyring was read again");
                }
                is_new
            }
            Err(error) => {
                error!(
                    alarm = "keyring_unreadable",
                    error = error_chain(&error),
                    "the keyring cannot be read again; the keys in memory stay"
                );
                false
            }
        }
    }

    /// Refuses to go on without a KEK that wraps data keys, or with one that may not wrap, and notes the floor at the first
    /// start.
    pub(crate) async fn check_keks(&self) -> Result<(), Error> {
        let missing = self.find_missing_keks().await?;
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(describe_missing).collect();
            let text = format!("the keyring does not hold {}", names.join("; nor "));
            return Err(Error::from_cause(text));
        }
        if let Some(fault) = self.find_wrapping_fault().await? {
            return Err(Error::from_cause(fault));
        }
        let held = self.provider.list_keks();
        // The keyring is sealed, so its keys are the ones that it names.
        let of_services = held.iter().filter(|it| it.provider != ProviderKind::Local);
        for kek in of_services.map(|it| it.kek) {
            self.check_kek(kek).await?;
        }
        let active = self.provider.active_kek();
        match self.store().find_kek_floor(active.id).await? {
            Some(_) => Ok(()),
            None => Ok(self.store().ensure_kek_floor(active).await?),
        }
    }

    /// Why the database would accept nothing that this process wraps, and would not later either. A version that was
    /// promoted elsewhere, and only opens here, is no fault: its keyring is still on the way to this machine.
    pub(crate) async fn find_wrapping_fault(&self) -> Result<Option<String>, Error> {
        let active = self.provider.active_kek();
        let destroyed = self.store().list_destroyed_keks().await?;
        if destroyed.iter().any(|it| it.kek == active) {
            return Ok(Some(describe_destroyed(active)));
        }
        let floor = self.store().find_kek_floor(active.id).await?;
        let Some(floor) = floor.filter(|it| active.is_older_than(*it)) else {
            return Ok(None);
        };
        let held = self.provider.list_keks();
        let may_wrap = |it: &KekSummary| {
            it.kek.id == floor.id && !it.kek.is_older_than(floor) && it.state != KekState::Destroyed
        };
        let is_on_its_way = held.iter().any(may_wrap);
        Ok((!is_on_its_way).then(|| describe_outdated(active, floor)))
    }

    /// The KEKs that wrap data keys of the database and that no provider holds.
    pub(crate) async fn find_missing_keks(&self) -> Result<Vec<KekUse>, Error> {
        let mut uses = self.store().count_data_keys_by_kek().await?;
        let held = self.provider.list_keks();
        let is_held = |kek| {
            held.iter()
                .any(|it| it.kek == kek && it.state != KekState::Destroyed)
        };
        uses.retain(|it| it.kek.is_some_and(|kek| !is_held(kek)));
        Ok(uses)
    }

    /// Opens one data key under this KEK: a provider may hold another key under its name.
    pub(crate) async fn check_kek(&self, kek: KekRef) -> Result<(), Error> {
        let store = self.store();
        let wrapped = store
            .list_wrapped_keys(WrappedBy::Only(kek), None, CHECKED)
            .await?;
        let mut failed = None;
        for key in &wrapped {
            match self.unwrap_stored(key).await {
                Ok(_) => return Ok(()),
                Err(error) => failed = Some((key, error)),
            }
        }
        match failed {
            // One row alone may be damaged.
            Some((key, error)) if wrapped.len() > 1 || kek == self.provider.active_kek() => {
                Err(wrong_key(kek, key, error))
            }
            _ => Ok(()),
        }
    }

    /// The processes that run, by the database's clock: those of their machines may differ.
    pub(crate) async fn list_live_nodes(&self) -> Result<Vec<Node>, Error> {
        let since = self.store().read_database_time().await? - LIVE_FOR;
        Ok(self.store().list_nodes(since).await?)
    }

    /// Refuses to wrap with a key that another process cannot open at all, as when it lacks the settings of the provider.
    async fn require_readers(&self) -> Result<(), Error> {
        let active = self.provider.active_kek();
        let nodes = self.list_live_nodes().await?;
        let lacking = nodes
            .into_iter()
            .filter(|it| it.opens.iter().all(|kek| kek.id != active.id));
        let names: Vec<String> = lacking.map(|it| it.name).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(Error::Conflict(Conflict::NodesLackKey(names)))
    }

    /// Reads the keyring again if a newer version of the KEK was promoted elsewhere.
    pub(super) async fn follow_kek_floor(&self) -> Result<(), Error> {
        self.require_readers().await?;
        let is_behind = |floor: Option<KekRef>| {
            floor.filter(|it| self.provider.active_kek().is_older_than(*it))
        };
        let floor = self
            .store()
            .find_kek_floor(self.provider.active_kek().id)
            .await?;
        if is_behind(floor).is_some() {
            self.reload_keyring(Refresh::Now).await;
        }
        match is_behind(floor) {
            Some(_) => Err(Error::Conflict(Conflict::NodesLackKey(vec![
                "this process".to_owned(),
            ]))),
            None => Ok(()),
        }
    }
}

fn describe_missing(missing: &KekUse) -> String {
    let kek = missing.kek.unwrap_or(KekRef::NONE);
    format!(
        "version {} of key {}, which wraps {} data keys",
        kek.version, kek.id, missing.data_keys
    )
}

fn describe_destroyed(active: KekRef) -> String {
    format!(
        "version {} of key {} is to wrap and counts as destroyed: use another key",
        active.version, active.id
    )
}

fn describe_outdated(active: KekRef, floor: KekRef) -> String {
    format!(
        "version {} of key {} is to wrap, and nothing older than version {} may: use the newest keyring if another \
         version was promoted; if the retirement of this one is approved, complete it first with the provider that \
         wrapped until now (`regrant keys retire`)",
        active.version, active.id, floor.version
    )
}

/// The error of a start with a KEK that opens nothing.
fn wrong_key(kek: KekRef, data_key: &WrappedDataKey, error: Error) -> Error {
    let text = format!(
        "version {} of key {} does not open the data key {} of the tenant {}",
        kek.version, kek.id, data_key.id, data_key.tenant
    );
    match error {
        Error::Internal(cause) => Error::from_cause(WrongKey { text, cause }),
        other => other,
    }
}

/// A KEK that opens nothing, with what its provider said.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct WrongKey {
    text: String,
    #[source]
    cause: Box<dyn std::error::Error + Send + Sync>,
}
