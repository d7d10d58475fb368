//! What operators see of the KEKs: versions, the data keys under each, and the processes that can open them.

use regrant_crypto::{KekState, KekSummary};
use regrant_domain::{KekRef, Timestamp};
use regrant_storage::{KekRetirement, KekUse, Node};

use crate::{Error, Vault};

/// The KEKs of the installation, and the processes that use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStatus {
    /// The provider that holds the KEKs.
    pub provider: &'static str,
    /// The versions that this process knows, the active one first.
    pub keks: Vec<KekView>,
    /// KEKs that wrap data keys and that this process does not hold.
    pub missing: Vec<KekUse>,
    /// How many data keys are still to be wrapped with the active version.
    pub to_rewrap: u64,
    /// How many tenants have a data key that only opens: records are sealed again, or it waits to be deleted.
    pub tenants_with_old_keys: u64,
    /// Whether the installation itself has a data key that only opens.
    pub installation_has_old_key: bool,
    /// The processes that run.
    pub nodes: Vec<NodeView>,
}

/// A version of the KEK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KekView {
    /// Its name.
    pub kek: KekRef,
    /// The provider that holds it.
    pub provider: &'static str,
    /// Its state.
    pub state: KekState,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many data keys it wraps.
    pub data_keys: u64,
    /// The request to destroy it, open or approved. An approved one does not end.
    pub retirement: Option<KekRetirement>,
}

/// A process that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeView {
    /// The machine and the number of the process.
    pub name: String,
    /// When it announced itself last.
    pub seen_at: Timestamp,
    /// The version that it wraps with.
    pub wraps_with: KekRef,
    /// The versions of this process that it cannot open.
    pub lacks: Vec<KekRef>,
}

impl Vault {
    /// The KEKs, how many data keys each wraps, and which processes can open them.
    pub async fn key_status(&self) -> Result<KeyStatus, Error> {
        let known = self.data_keys.provider().list_keks();
        let uses = self.store.count_data_keys_by_kek().await?;
        let nodes = self.list_live_nodes().await?;
        let active = self.data_keys.provider().active_kek();
        let old = self
            .store
            .list_scopes_with_keys(false, Timestamp::MAX_UTC)
            .await?;
        let installation = self.store.system_scope();
        let mut retirements = self.store.list_kek_retirements().await?;
        let now = self.clock.now();
        retirements.retain(|it| it.approved_at.is_some() || now < it.request.ends_at());
        let due = |it: &&KekUse| it.kek.is_some_and(|kek| is_due(kek, active));
        Ok(KeyStatus {
            provider: self.data_keys.provider().name(),
            keks: known
                .iter()
                .map(|it| view_kek(it, &uses, &retirements))
                .collect(),
            missing: find_missing(&known, &uses),
            to_rewrap: uses.iter().filter(due).map(|it| it.data_keys).sum(),
            tenants_with_old_keys: u64::try_from(old.len()).unwrap_or(u64::MAX),
            installation_has_old_key: !self
                .data_keys
                .list_old_keys(&installation)
                .await?
                .is_empty(),
            nodes: nodes.into_iter().map(|it| view_node(it, &known)).collect(),
        })
    }
}

/// Whether data keys under `kek` are to be wrapped again with the active one: it is an older version, or another key.
fn is_due(kek: KekRef, active: KekRef) -> bool {
    kek.id != active.id || kek.is_older_than(active)
}

/// The KEKs in use that are not among the known ones, or are destroyed.
fn find_missing(known: &[KekSummary], uses: &[KekUse]) -> Vec<KekUse> {
    let opens = |kek: KekRef| {
        known
            .iter()
            .any(|it| it.kek == kek && it.state != KekState::Destroyed)
    };
    let missing = uses
        .iter()
        .filter(|it| it.kek.is_some_and(|kek| !opens(kek)));
    missing.copied().collect()
}

fn view_kek(kek: &KekSummary, uses: &[KekUse], retirements: &[KekRetirement]) -> KekView {
    let found = uses.iter().find(|it| it.kek == Some(kek.kek));
    KekView {
        kek: kek.kek,
        provider: kek.provider.name(),
        state: kek.state,
        created_at: kek.created,
        data_keys: found.map_or(0, |it| it.data_keys),
        retirement: retirements.iter().find(|it| it.kek == kek.kek).copied(),
    }
}

fn view_node(node: Node, known: &[KekSummary]) -> NodeView {
    let opened = known.iter().filter(|it| it.state != KekState::Destroyed);
    let lacks = opened
        .map(|it| it.kek)
        .filter(|kek| !node.opens.contains(kek));
    NodeView {
        lacks: lacks.collect(),
        name: node.name,
        seen_at: node.seen_at,
        wraps_with: node.wraps_with,
    }
}
