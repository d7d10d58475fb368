//! The processes of the installation: each announces which KEKs it can open.
//!
//! The rule: a process announces itself before it serves or works, every ten seconds, and as soon as it has other keys.
//! Every second it looks whether the file of its keyring was replaced. The database's clock dates the announcements.

use std::time::{Duration, Instant};

use regrant_crypto::{KekState, Refresh};
use regrant_domain::error_chain;
use regrant_storage::Node;
use tracing::warn;

use crate::{Error, Vault};

/// How often a process looks at the file of its keyring.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a process announces itself.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(10);
/// When the row of a process that is gone is deleted.
const KEEP_FOR: chrono::Duration = chrono::Duration::hours(24);

impl Vault {
    /// Announces this process now and until the vault closes.
    ///
    /// # Errors
    /// The first announcement failed: do not serve.
    pub async fn announce_until_closed(&self) -> Result<(), Error> {
        self.announce_node().await?;
        let vault = self.in_background();
        let announce = async move { vault.keep_announcing().await };
        let announced = self.runs.announcements.track_future(announce);
        drop(self.runs.runtime.spawn(announced));
        Ok(())
    }

    async fn keep_announcing(&self) {
        let stop = &self.runs.stop;
        let mut announced = (self.data_keys.provider().list_keks(), Instant::now());
        while tokio::time::timeout(LOOK_EVERY, stop.cancelled())
            .await
            .is_err()
        {
            self.data_keys.reload_keyring(Refresh::IfDue).await;
            let keks = self.data_keys.provider().list_keks();
            if keks == announced.0 && announced.1.elapsed() < ANNOUNCE_EVERY {
                continue;
            }
            self.data_keys.drop_expired_keys().await;
            if let Err(error) = self.load_chain_keys().await {
                warn!(
                    error = error_chain(&error),
                    "cannot look for keys of the audit"
                );
            }
            match self.announce_node().await {
                Ok(()) => announced = (keks, Instant::now()),
                Err(error) => warn!(error = error_chain(&error), "cannot announce this process"),
            }
        }
    }

    /// The processes that run.
    pub(super) async fn list_live_nodes(&self) -> Result<Vec<Node>, Error> {
        self.data_keys.list_live_nodes().await
    }

    async fn announce_node(&self) -> Result<(), Error> {
        let now = self.store.read_database_time().await?;
        let keks = self.data_keys.provider().list_keks();
        let opens = keks.iter().filter(|it| it.state != KekState::Destroyed);
        let node = Node {
            id: self.runs.node,
            name: name_of_process(),
            opens: opens.map(|it| it.kek).collect(),
            wraps_with: self.data_keys.provider().active_kek(),
            seen_at: now,
        };
        Ok(self.store.announce_node(&node, now - KEEP_FOR).await?)
    }

    /// Ends the announcements of this process, which stops.
    pub(crate) async fn forget_node(&self) {
        self.runs.announcements.close();
        self.runs.announcements.wait().await;
        if let Err(error) = self.store.remove_node(self.runs.node).await {
            warn!(
                error = error_chain(&error),
                "cannot forget this process; it counts as gone in half a minute"
            );
        }
    }
}

/// The machine and the number of this process.
fn name_of_process() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine = Some(machine.trim()).filter(|it| !it.is_empty());
    format!("{}/{}", machine.unwrap_or("unknown"), std::process::id())
}
