//! The changes of the key of a chain.
//!
//! The rule: a row records each change. The key before links it, the key after links what follows, and so covers everything
//! before it: who has only the older key can change nothing that is older than the change. The number of the key grows; a
//! change to a number that is not greater counts as none.

use regrant_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{AuditEvent, Error, TenantTx, audit::kind::KEY_REPLACED};

/// The key of a chain before its first change.
pub(crate) const FIRST_KEY: u32 = 1;

/// The detail of the event that records a change.
#[derive(Serialize, Deserialize)]
struct KeyDetail {
    key: u32,
}

/// The rows of the index `audit_events_key_changes`. The action is part of the text, because an index with a condition
/// serves no statement that has the value as a parameter; a condition on `seq` would fit another index as well.
const KEY_CHANGES: &str = "
    SELECT seq, action, detail FROM audit_events
    WHERE tenant_id = :tenant AND action = {action} ORDER BY seq";

/// The changes of a chain, in the order of their numbers.
pub(crate) struct KeyChanges(Vec<(i64, u32)>);

impl KeyChanges {
    /// The number of the key that links the row with this number.
    pub(crate) fn key_at(&self, seq: i64) -> u32 {
        let before = self
            .0
            .iter()
            .take_while(|(changed_at, _)| *changed_at < seq);
        before.last().map_or(FIRST_KEY, |(_, key)| *key)
    }

    fn collect(changes: impl Iterator<Item = (i64, u32)>) -> Self {
        let (mut kept, mut newest) = (Vec::new(), FIRST_KEY);
        for (seq, key) in changes {
            if key > newest {
                newest = key;
                kept.push((seq, key));
            }
        }
        Self(kept)
    }
}

/// The number of the key after this event; `None` if it changes none.
pub(crate) fn read_key_change(action: &str, detail: &str) -> Option<u32> {
    if action != KEY_REPLACED {
        return None;
    }
    let detail: Option<KeyDetail> = serde_json::from_str(detail).ok();
    detail.map(|it| it.key)
}

impl TenantTx {
    /// Lets the key with this number link the chain from the next row on. Returns false if it does already, or a newer one.
    pub async fn change_audit_key(
        &self,
        key: u32,
        actor: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let head = self.find_audit_head().await?;
        if head.is_none_or(|it| it.key >= key) {
            return Ok(false);
        }
        let event = AuditEvent {
            actor: actor.to_owned(),
            action: KEY_REPLACED,
            subject: self.tenant.to_string(),
            detail: serde_json::json!(KeyDetail { key }).into(),
        };
        self.write_audit_events(&[event], now).await?;
        Ok(true)
    }

    /// The changes that the chain records. An index has them alone.
    pub(crate) async fn load_key_changes(&self) -> Result<KeyChanges, Error> {
        let action = format!("'{KEY_REPLACED}'");
        let query = self.query(KEY_CHANGES).fill("action", action);
        let mut changes = Vec::new();
        for row in self.fetch_all(query).await? {
            let (action, detail): (String, String) = (row.get("action")?, row.get("detail")?);
            let key = read_key_change(&action, &detail);
            changes.extend(key.map(|it| Ok::<_, Error>((row.get("seq")?, it))));
        }
        let changes: Vec<(i64, u32)> = changes.into_iter().collect::<Result<_, _>>()?;
        // Rows from before the chain are outside of it.
        let of_chain = changes.into_iter().filter(|(seq, _)| *seq > 0);
        Ok(KeyChanges::collect(of_chain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_links_what_follows_its_change_and_no_change_leads_back() {
        let changes = KeyChanges::collect([(3, 2), (5, 1), (7, 2), (9, 4)].into_iter());
        let keys = [1, 3, 4, 6, 8, 9, 10].map(|seq| changes.key_at(seq));
        assert_eq!(keys, [1, 1, 2, 2, 2, 2, 4]);
        assert_eq!(read_key_change(KEY_REPLACED, "{\"key\":2}"), Some(2));
        assert_eq!(read_key_change("audit.pruned", "{\"key\":2}"), None);
    }
}
