//! Undo: what assets hold that a reconnect has settled, and which of its items were undone before.

use std::collections::{HashMap, HashSet};

use regrant_domain::{
    AssetId, CredentialKind, GrantId, ReconnectId, ReconnectSessionId, Slot, Timestamp, TokenFacts,
    undo::UndoStanding,
};
use uuid::Uuid;

use crate::{
    Error, ReconnectVisibility, TenantTx,
    sql::{CHUNK, Row, decode_rows},
};

/// What an asset holds, read for the undo of one reconnect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UndoableAsset {
    /// What the decision depends on; `serves` is not read.
    pub standing: UndoStanding,
    /// The first known end of the previous credential.
    pub previous_ends_at: Option<Timestamp>,
}

/// An earlier undo of a reconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierUndo {
    /// Its id.
    pub id: ReconnectId,
    /// The assets that it undoes or has undone.
    pub asset_ids: Vec<AssetId>,
}

impl TenantTx {
    /// What these assets hold, for the undo of the reconnect with number `undone`.
    pub async fn find_undoable_assets(
        &self,
        assets: &[AssetId],
        undone: i64,
    ) -> Result<HashMap<AssetId, UndoableAsset>, Error> {
        let mut found = HashMap::with_capacity(assets.len());
        let mut previous = Vec::new();
        for chunk in assets.chunks(CHUNK) {
            self.read_settled(chunk, undone, &mut found).await?;
            let query = self
                .query(
                    "SELECT asset_id, slot, kind, intent_seq, grant_id, expires_at,
                         data_access_expires_at
                     FROM credentials
                     WHERE tenant_id = :tenant AND slot <> 'standby' AND asset_id IN :ids",
                )
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            let rows = self.fetch_all(query).await?;
            for it in decode_rows("credentials", &rows, held_from_row) {
                if let Some(asset) = found.get_mut(&it.asset_id) {
                    asset.note_held(&it);
                }
                previous.extend((it.slot == Slot::Previous).then_some(it));
            }
        }
        self.read_ends(previous, &mut found).await?;
        Ok(found)
    }

    async fn read_settled(
        &self,
        assets: &[AssetId],
        undone: i64,
        found: &mut HashMap<AssetId, UndoableAsset>,
    ) -> Result<(), Error> {
        let query = self
            .query("SELECT id, intent_seq FROM assets WHERE tenant_id = :tenant AND id IN :ids")
            .bind_list("ids", assets.iter().map(AssetId::as_str));
        for row in self.fetch_all(query).await? {
            let standing = UndoStanding {
                undone,
                settled: row.get("intent_seq")?,
                ..UndoStanding::default()
            };
            let asset = UndoableAsset {
                standing,
                previous_ends_at: None,
            };
            found.insert(row.parse("id")?, asset);
        }
        Ok(())
    }

    /// Notes when the previous credentials end, as it was read last: the dates of a grant are newer than those of its
    /// credentials.
    async fn read_ends(
        &self,
        previous: Vec<HeldCredential>,
        found: &mut HashMap<AssetId, UndoableAsset>,
    ) -> Result<(), Error> {
        let ids: HashSet<_> = previous.iter().filter_map(|it| it.grant_id).collect();
        let grants = self
            .find_grants(&ids.into_iter().collect::<Vec<_>>())
            .await?;
        let grants: HashMap<_, _> = grants.into_iter().map(|it| (it.id, it.facts)).collect();
        for it in previous {
            let grant = it.grant_id.and_then(|id| grants.get(&id));
            if let Some(asset) = found.get_mut(&it.asset_id) {
                asset.previous_ends_at = it.first_end(grant);
            }
        }
        Ok(())
    }

    /// The undos of a reconnect that the caller may see and that were not cancelled, the oldest first, each with the
    /// assets of its items that did not fail.
    pub async fn list_earlier_undos(
        &self,
        undone: ReconnectId,
        visible: ReconnectVisibility,
    ) -> Result<Vec<EarlierUndo>, Error> {
        let (client, session) = visible.to_filter();
        let query = self
            .query(
                "SELECT r.id, i.asset_id FROM reconnects r
                 JOIN reconnect_items i ON i.tenant_id = r.tenant_id AND i.reconnect_id = r.id
                 WHERE r.tenant_id = :tenant AND r.undo_of = :undone AND r.status <> 'cancelled'
                     AND (i.outcome IS NULL OR i.outcome <> 'failed')
                     [AND r.created_by = :client] [AND r.session_id = :session]
                 ORDER BY r.intent_seq, i.position",
            )
            .bind("undone", undone.uuid())
            .bind_optional("client", client)
            .bind_optional("session", session);
        let mut undos: Vec<EarlierUndo> = Vec::new();
        for row in self.fetch_all(query).await? {
            let id = ReconnectId::from_uuid(row.get("id")?);
            if undos.last().is_none_or(|it| it.id != id) {
                let asset_ids = Vec::new();
                undos.push(EarlierUndo { id, asset_ids });
            }
            if let Some(undo) = undos.last_mut() {
                undo.asset_ids.push(row.parse("asset_id")?);
            }
        }
        Ok(undos)
    }

    /// How many undos of this reconnect there are.
    pub async fn count_undos(&self, undone: ReconnectId) -> Result<usize, Error> {
        let query = self
            .query(
                "SELECT count(*) AS n FROM reconnects
                 WHERE tenant_id = :tenant AND undo_of = :undone",
            )
            .bind("undone", undone.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        usize::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))
    }

    /// How many undos a session has requested.
    pub async fn count_session_undos(&self, session: ReconnectSessionId) -> Result<usize, Error> {
        let query = self
            .query(
                "SELECT count(*) AS n FROM reconnects
                 WHERE tenant_id = :tenant AND undo_of IS NOT NULL AND session_id = :session",
            )
            .bind("session", session.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        usize::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))
    }
}

/// A credential that serves, waits or served before.
struct HeldCredential {
    asset_id: AssetId,
    slot: Slot,
    kind: CredentialKind,
    intent_seq: i64,
    grant_id: Option<GrantId>,
    expires_at: Option<Timestamp>,
    data_access_expires_at: Option<Timestamp>,
}

impl HeldCredential {
    /// The first known end. A page token minted from a grant has no end of its own.
    fn first_end(&self, grant: Option<&TokenFacts>) -> Option<Timestamp> {
        let ends = match grant {
            None => [self.expires_at, self.data_access_expires_at],
            Some(it) if self.kind != CredentialKind::Page || it.kind == CredentialKind::Page => {
                [it.expires_at, it.data_access_expires_at]
            }
            Some(it) => [None, it.data_access_expires_at],
        };
        ends.into_iter().flatten().min()
    }
}

impl UndoableAsset {
    const fn note_held(&mut self, held: &HeldCredential) {
        match held.slot {
            Slot::Active => self.standing.active = Some(held.intent_seq),
            Slot::Candidate => self.standing.candidate = Some(held.intent_seq),
            Slot::Previous => self.standing.has_previous = true,
            Slot::Standby => {}
        }
    }
}

fn held_from_row(row: &Row) -> Result<HeldCredential, Error> {
    Ok(HeldCredential {
        asset_id: row.parse("asset_id")?,
        slot: row.parse("slot")?,
        kind: row.parse("kind")?,
        intent_seq: row.get("intent_seq")?,
        grant_id: row.get::<Option<Uuid>>("grant_id")?.map(GrantId::from_uuid),
        expires_at: row.maybe_time("expires_at")?,
        data_access_expires_at: row.maybe_time("data_access_expires_at")?,
    })
}
