//! Undo: what assets hold that a reconnect has settled, and which of its items were undone before.

use std::collections::HashMap;

use regrant_domain::{AssetId, ReconnectId, ReconnectSessionId, Timestamp, undo::UndoStanding};
use uuid::Uuid;

use crate::{
    Error, ReconnectVisibility, TenantTx,
    credentials::standby::{NEWEST_DATA_ACCESS, NEWEST_EXPIRY},
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
        for chunk in assets.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT a.id AS asset_id, a.intent_seq AS settled, s.intent_seq AS active,
                         w.intent_seq AS candidate, c.id AS previous_id, {expires_at} AS expires_at,
                         {data_access} AS data_access_expires_at
                     FROM assets a
                     LEFT JOIN credentials s ON s.tenant_id = a.tenant_id AND s.asset_id = a.id
                         AND s.slot = 'active'
                     LEFT JOIN credentials w ON w.tenant_id = a.tenant_id AND w.asset_id = a.id
                         AND w.slot = 'candidate'
                     LEFT JOIN credentials c ON c.tenant_id = a.tenant_id AND c.asset_id = a.id
                         AND c.slot = 'previous'
                     LEFT JOIN grants g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id
                     WHERE a.tenant_id = :tenant AND a.id IN :ids",
                )
                .fill("expires_at", NEWEST_EXPIRY)
                .fill("data_access", NEWEST_DATA_ACCESS)
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            let rows = self.fetch_all(query).await?;
            found.extend(decode_rows("assets", &rows, |row| {
                undoable_from_row(row, undone)
            }));
        }
        Ok(found)
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

fn undoable_from_row(row: &Row, undone: i64) -> Result<(AssetId, UndoableAsset), Error> {
    let ends = [
        row.maybe_time("expires_at")?,
        row.maybe_time("data_access_expires_at")?,
    ];
    let standing = UndoStanding {
        undone,
        settled: row.get("settled")?,
        active: row.get("active")?,
        candidate: row.get("candidate")?,
        has_previous: row.get::<Option<Uuid>>("previous_id")?.is_some(),
        serves: false,
    };
    let asset = UndoableAsset {
        standing,
        previous_ends_at: ends.into_iter().flatten().min(),
    };
    Ok((row.parse("asset_id")?, asset))
}
