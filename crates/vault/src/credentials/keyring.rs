//! The keyring of this process: read again when its file was replaced, changed, and compared with the database.
//!
//! The rule: what takes seconds runs on a blocking thread. A keyring that cannot be read again leaves the keys in memory.

use std::sync::Arc;

use regrant_crypto::{KekRef, KekState, KeyProvider, KeyringError};
use regrant_domain::error_chain;
use tracing::{error, info};

use crate::{Conflict, Error, credentials::data_keys::DataKeys};

impl DataKeys {
    /// Reads the keyring again if its file was replaced; returns whether it was read. An error is logged, and the keys in
    /// memory stay.
    pub(crate) async fn reload_keyring(&self) -> bool {
        let provider = Arc::clone(&self.provider);
        let read = tokio::task::spawn_blocking(move || provider.reload()).await;
        match read {
            Ok(Ok(is_new)) => {
                if is_new {
                    info!(kek = %self.provider.active_kek(), "the keyring was read again");
                }
                is_new
            }
            Ok(Err(error)) => {
                error!(
                    alarm = "keyring_unreadable",
                    error = error_chain(&error),
                    "the keyring cannot be read again; the keys in memory stay"
                );
                false
            }
            Err(_) => false,
        }
    }

    /// Changes the keyring, on a blocking thread.
    pub(crate) async fn change_keyring<T: Send + 'static>(
        &self,
        change: impl FnOnce(&KeyProvider) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, Error> {
        let provider = Arc::clone(&self.provider);
        let changed = tokio::task::spawn_blocking(move || change(&provider)).await;
        Ok(changed.map_err(Error::from_cause)??)
    }

    /// Refuses to go on without a KEK that wraps data keys, and notes the floor at the first start.
    pub(crate) async fn check_keks(&self) -> Result<(), Error> {
        let uses = self.store().count_data_keys_by_kek().await?;
        let held: Vec<_> = self.provider.list_keks();
        let is_held = |kek| {
            held.iter()
                .any(|it| it.kek == kek && it.state != KekState::Destroyed)
        };
        let missing = uses.iter().filter_map(|it| {
            let kek = it.kek.filter(|kek| !is_held(*kek))?;
            Some(format!(
                "version {} of key {}, which wraps {} data keys",
                kek.version, kek.id, it.data_keys
            ))
        });
        let missing: Vec<String> = missing.collect();
        if !missing.is_empty() {
            let text = format!("the keyring does not hold {}", missing.join("; nor "));
            return Err(Error::from_cause(text));
        }
        let active = self.provider.active_kek();
        match self.store().find_kek_floor(active.id).await? {
            Some(_) => Ok(()),
            None => Ok(self.store().ensure_kek_floor(active).await?),
        }
    }

    /// Reads the keyring again if a newer version of the KEK was promoted elsewhere.
    pub(super) async fn follow_kek_floor(&self) -> Result<(), Error> {
        let is_behind = |floor: Option<KekRef>| {
            floor.filter(|it| self.provider.active_kek().is_older_than(*it))
        };
        let floor = self
            .store()
            .find_kek_floor(self.provider.active_kek().id)
            .await?;
        if is_behind(floor).is_some() {
            self.reload_keyring().await;
        }
        match is_behind(floor) {
            Some(_) => Err(Error::Conflict(Conflict::NodesLackKey(vec![
                "this process".to_owned(),
            ]))),
            None => Ok(()),
        }
    }
}
