//! The assets that a discovery found.
//!
//! The rule: every change of an asset takes a new number of an event, so that a reader who knows the last one continues
//! behind it.

use std::collections::{BTreeMap, HashSet};

use regrant_domain::{AssetId, AssetKind, DiscoveredAsset, DiscoveryId, Familiarity};
use sea_orm::Value;

use crate::{
    Error, ListedRows, TenantTx,
    forecast::calendar::count_from_row,
    sql::{CHUNK, Query, Row},
};

/// A discovered asset with the number of its last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredRow {
    /// The number of its last event.
    pub event_seq: i64,
    /// The asset.
    pub asset: DiscoveredAsset,
    /// Whether the tenant has it.
    pub familiarity: Familiarity,
}

const DISCOVERED: &str = "
    SELECT event_seq, asset_id, kind, name, business_id, is_granted, familiarity
    FROM discovered_assets
    WHERE tenant_id = :tenant AND discovery_id = :id AND event_seq > :after {which}
    ORDER BY event_seq LIMIT :limit";

impl TenantTx {
    /// Adds discovered assets, each named once. One that was found before keeps what is known of it; its business is
    /// added where it was not known.
    pub async fn add_discovered_assets(
        &self,
        id: DiscoveryId,
        found: &[(DiscoveredAsset, Familiarity)],
    ) -> Result<(), Error> {
        for chunk in found.chunks(CHUNK) {
            let count = i64::try_from(chunk.len()).map_err(|_| Error::Corrupt("event_seq"))?;
            let first = self.take_event_numbers(id, count).await?;
            let rows = (first..)
                .zip(chunk)
                .map(|(event_seq, (asset, known))| -> [Value; 8] {
                    [
                        id.uuid().into(),
                        asset.id.as_str().into(),
                        event_seq.into(),
                        asset.kind.as_str().into(),
                        asset.name.clone().into(),
                        asset
                            .business_id
                            .as_ref()
                            .map(|it| it.as_str().to_owned())
                            .into(),
                        asset.is_granted.into(),
                        known.as_str().into(),
                    ]
                });
            let query = self
                .query(
                    "INSERT INTO discovered_assets (tenant_id, discovery_id, asset_id, event_seq,
                         kind, name, business_id, is_granted, familiarity) VALUES :rows
                     ON CONFLICT (tenant_id, discovery_id, asset_id) DO UPDATE SET
                         business_id = coalesce(discovered_assets.business_id, excluded.business_id)",
                )
                .bind_tenant_rows("rows", rows);
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Takes `count` numbers of events and returns the first.
    async fn take_event_numbers(&self, id: DiscoveryId, count: i64) -> Result<i64, Error> {
        let query = self
            .query(
                "UPDATE discoveries SET event_seq = event_seq + :count
                 WHERE tenant_id = :tenant AND id = :id RETURNING event_seq",
            )
            .bind("count", count)
            .bind("id", id.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        Ok(row.counter("event_seq")? - count + 1)
    }

    /// Those of the assets that the discovery has listed already.
    pub async fn find_discovered_among(
        &self,
        id: DiscoveryId,
        ids: &[AssetId],
    ) -> Result<HashSet<AssetId>, Error> {
        let mut listed = HashSet::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT asset_id FROM discovered_assets
                     WHERE tenant_id = :tenant AND discovery_id = :id AND asset_id IN :ids",
                )
                .bind("id", id.uuid())
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            let decode = |row: &Row| row.parse("asset_id");
            listed.extend(
                self.fetch_decoded("discovered_assets", query, decode)
                    .await?,
            );
        }
        Ok(listed)
    }

    /// How many assets the discovery found, by familiarity.
    pub async fn count_discovered_assets(
        &self,
        id: DiscoveryId,
    ) -> Result<BTreeMap<Familiarity, u64>, Error> {
        let query = self
            .query(
                "SELECT familiarity, count(*) AS n FROM discovered_assets
                 WHERE tenant_id = :tenant AND discovery_id = :id GROUP BY familiarity",
            )
            .bind("id", id.uuid());
        let decode = |row: &Row| Ok((row.parse("familiarity")?, count_from_row(row, "n")?));
        let counted = self.fetch_decoded("discovered_assets", query, decode);
        Ok(counted.await?.into_iter().collect())
    }

    /// The discovered assets whose last event is after `after`, in the order of their events.
    pub async fn list_discovered_after(
        &self,
        id: DiscoveryId,
        after: i64,
        limit: u32,
    ) -> Result<ListedRows<DiscoveredRow>, Error> {
        let query = self.query(DISCOVERED).fill("which", "");
        self.fetch_discovered(query, id, after, limit).await
    }

    /// The same of those that can be registered: the tenant does not have them, and the person granted them.
    pub async fn list_registrable(
        &self,
        id: DiscoveryId,
        after: i64,
        limit: u32,
    ) -> Result<ListedRows<DiscoveredRow>, Error> {
        let registrable = "AND familiarity = 'new' AND is_granted";
        let query = self.query(DISCOVERED).fill("which", registrable);
        self.fetch_discovered(query, id, after, limit).await
    }

    async fn fetch_discovered(
        &self,
        query: Query,
        id: DiscoveryId,
        after: i64,
        limit: u32,
    ) -> Result<ListedRows<DiscoveredRow>, Error> {
        let query = query
            .bind("id", id.uuid())
            .bind("after", after)
            .bind("limit", i64::from(limit));
        self.fetch_listed("discovered_assets", query, discovered_from_row)
            .await
    }

    /// Notes that discovered assets were registered. They get new events behind all others.
    pub async fn mark_discovered_registered(
        &self,
        id: DiscoveryId,
        assets: &[AssetId],
    ) -> Result<(), Error> {
        for chunk in assets.chunks(CHUNK) {
            let count = i64::try_from(chunk.len()).map_err(|_| Error::Corrupt("event_seq"))?;
            let first = self.take_event_numbers(id, count).await?;
            let rows = (first..)
                .zip(chunk)
                .map(|(event_seq, asset)| -> [Value; 2] {
                    [asset.as_str().into(), event_seq.into()]
                });
            let query = self
                .query(
                    "WITH noted (asset_id, event_seq) AS (VALUES :rows)
                     UPDATE discovered_assets SET familiarity = 'registered',
                         event_seq = (SELECT noted.event_seq FROM noted
                             WHERE noted.asset_id = discovered_assets.asset_id)
                     WHERE tenant_id = :tenant AND discovery_id = :id
                         AND asset_id IN (SELECT asset_id FROM noted)",
                )
                .bind("id", id.uuid())
                .bind_rows("rows", rows);
            self.execute(query).await?;
        }
        Ok(())
    }
}

fn discovered_from_row(row: &Row) -> Result<DiscoveredRow, Error> {
    let kind: AssetKind = row.parse("kind")?;
    Ok(DiscoveredRow {
        event_seq: row.counter("event_seq")?,
        asset: DiscoveredAsset {
            id: row.parse("asset_id")?,
            kind,
            name: row.get("name")?,
            business_id: row.maybe_parse("business_id")?,
            is_granted: row.get("is_granted")?,
        },
        familiarity: row.parse("familiarity")?,
    })
}
