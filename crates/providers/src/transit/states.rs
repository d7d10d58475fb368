//! The versions of a transit key as states of a key-encryption key (KEK).
//!
//! The rule: `min_encryption_version` names the active version, so that every process wraps with the same one; where it is
//! 0, the newest is active. Versions below `min_available_version` are destroyed. Those from there to
//! `min_decryption_version` do not open, but the engine keeps them in its archive.

use std::collections::BTreeMap;

use regrant_crypto::{KekRef, KekState, KekSummary, ProviderKind};
use regrant_domain::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

/// What the engine says about a key.
#[derive(Debug, Deserialize)]
pub(super) struct KeyFacts {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) derived: bool,
    #[serde(default)]
    pub(super) exportable: bool,
    /// Versions with the times of their creation, as seconds or as text.
    keys: BTreeMap<u32, serde_json::Value>,
    /// What trimming left; 0 if nothing was trimmed.
    #[serde(default)]
    min_available_version: u32,
    #[serde(default)]
    pub(super) min_decryption_version: u32,
    #[serde(default)]
    min_encryption_version: u32,
}

impl KeyFacts {
    /// The active version; `None` for a key without versions.
    pub(super) fn active_version(&self) -> Option<u32> {
        match self.min_encryption_version {
            0 => self.keys.keys().next_back().copied(),
            version => Some(version),
        }
    }

    /// All versions, the active one first.
    pub(super) fn list_keks(&self, id: Uuid) -> Vec<KekSummary> {
        let Some(active) = self.active_version() else {
            return Vec::new();
        };
        let hidden = (1..self.min_decryption_version).filter(|it| !self.keys.contains_key(it));
        let versions = hidden.chain(self.keys.keys().copied());
        let mut keks: Vec<KekSummary> = versions.map(|it| self.view(id, it, active)).collect();
        keks.sort_by_key(|it| (it.state != KekState::Active, it.kek.version));
        keks
    }

    fn view(&self, id: Uuid, version: u32, active: u32) -> KekSummary {
        let state = match version {
            _ if version < self.min_available_version => KekState::Destroyed,
            _ if version > active => KekState::Staged,
            _ if version < active => KekState::DecryptOnly,
            _ => KekState::Active,
        };
        let created = self.keys.get(&version).and_then(read_time);
        KekSummary {
            kek: KekRef { id, version },
            provider: ProviderKind::Transit,
            state,
            created: created.unwrap_or_default(),
        }
    }
}

fn read_time(value: &serde_json::Value) -> Option<Timestamp> {
    match value {
        serde_json::Value::String(text) => text.parse().ok(),
        other => Timestamp::from_timestamp(other.as_i64()?, 0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn states(limits: (u32, u32, u32), newest: u32) -> Vec<(u32, KekState)> {
        let (available, decryption, encryption) = limits;
        let keys: BTreeMap<u32, u32> = (decryption.max(1)..=newest).map(|it| (it, 0)).collect();
        let answer = json!({
            "type": "aes256-gcm96", "keys": keys, "min_available_version": available,
            "min_decryption_version": decryption, "min_encryption_version": encryption,
        });
        let facts: KeyFacts = serde_json::from_value(answer).unwrap();
        let listed = facts.list_keks(Uuid::nil()).into_iter();
        listed.map(|it| (it.kek.version, it.state)).collect()
    }

    #[test]
    fn a_version_is_destroyed_when_it_is_trimmed_and_not_before() {
        use KekState::{Active, DecryptOnly, Destroyed, Staged};
        assert_eq!(states((0, 1, 0), 2), [(2, Active), (1, DecryptOnly)]);
        assert_eq!(states((0, 1, 1), 2), [(1, Active), (2, Staged)]);
        assert_eq!(
            states((0, 3, 3), 3),
            [(3, Active), (1, DecryptOnly), (2, DecryptOnly)],
            "the archive has them"
        );
        assert_eq!(
            states((2, 3, 3), 3),
            [(3, Active), (1, Destroyed), (2, DecryptOnly)]
        );
    }
}
