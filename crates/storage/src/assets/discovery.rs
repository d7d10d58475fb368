//! Discoveries: what a token lists, while it is read and after.
//!
//! The rule: only the lease of a discovery writes to it. Every change of an asset takes a new number of an event, so that
//! a reader who knows the last one continues behind it.

use std::collections::{BTreeMap, HashSet};

use regrant_domain::{
    AssetId, AssetKind, ClientId, CredentialKind, DiscoveredAsset, DiscoveryId, DiscoveryStatus,
    Familiarity, GrantedScope, PersonId, Reason, RegistrationRefusal, SealedRecord, Timestamp,
};
use sea_orm::Value;

use crate::{
    DueKind, Error, Lease, TenantTx,
    forecast::calendar::count_from_row,
    sql::{CHUNK, Query, Row, maybe_to_json, to_json, to_micros},
};

/// Whose token a discovery reads with, and what was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryToken {
    /// The kind of token.
    pub kind: CredentialKind,
    /// The person or system user.
    pub person_id: PersonId,
    /// Their name.
    pub person_name: Option<String>,
    /// Whether it is a managed account.
    pub is_work_account: Option<bool>,
    /// The granted permissions.
    pub scopes: Vec<GrantedScope>,
}

/// A discovery to begin.
#[derive(Debug, Clone)]
pub struct NewDiscovery {
    /// The id.
    pub id: DiscoveryId,
    /// The client that asked for it.
    pub created_by: ClientId,
    /// Whether what is new is registered.
    pub registers: bool,
    /// The sealed token.
    pub submitted: SealedRecord,
    /// What is known of the token.
    pub token: DiscoveryToken,
    /// What is to be read, as JSON.
    pub frontier: String,
    /// When it begins.
    pub created_at: Timestamp,
}

/// A stored discovery.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// The id.
    pub id: DiscoveryId,
    /// The client that asked for it.
    pub created_by: ClientId,
    /// Where it is.
    pub status: DiscoveryStatus,
    /// Whether what is new is registered.
    pub registers: bool,
    /// The sealed token, until it ends.
    pub submitted: Option<SealedRecord>,
    /// What is known of the token.
    pub token: DiscoveryToken,
    /// How far it is.
    pub progress: DiscoveryProgress,
    /// Why it failed.
    pub reason: Option<Reason>,
    /// Why not all that is new was registered.
    pub not_registered: Option<RegistrationRefusal>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// How a discovery ends.
#[derive(Debug, Clone)]
pub struct DiscoveryEnding {
    /// Completed or failed.
    pub status: DiscoveryStatus,
    /// Why it failed.
    pub reason: Option<Reason>,
    /// Why not all that is new was registered.
    pub not_registered: Option<RegistrationRefusal>,
}

/// How far a discovery is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiscoveryProgress {
    /// What is still to be read, as JSON.
    pub frontier: String,
    /// The lists that Graph refused, as JSON.
    pub unread: String,
    /// How many pages were asked for.
    pub calls: i64,
    /// Whether there is more than a discovery may find.
    pub is_truncated: bool,
}

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

const COLUMNS: &str = "id, created_by, status, registers, submitted, token_kind, person_id,
    person_name, is_work_account, scopes, frontier, unread, calls, is_truncated, reason,
    not_registered, created_at, finished_at";

const DISCOVERED: &str = "
    SELECT event_seq, asset_id, kind, name, business_id, is_granted, familiarity
    FROM discovered_assets
    WHERE tenant_id = :tenant AND discovery_id = :id AND event_seq > :after {which}
    ORDER BY event_seq LIMIT :limit";

impl TenantTx {
    /// Begins a discovery, leased to `holder` (owner, leased until, due at) from the start.
    ///
    /// # Errors
    /// [`Error::Taken`]: another discovery of the tenant runs.
    pub async fn insert_discovery(
        &self,
        new: &NewDiscovery,
        holder: (&str, Timestamp, Timestamp),
    ) -> Result<Lease, Error> {
        let query = self
            .query(
                "INSERT INTO discoveries (tenant_id, id, created_by, status, registers, submitted,
                     token_kind, person_id, person_name, is_work_account, scopes, frontier, unread,
                     created_at)
                 VALUES (:tenant, :id, :created_by, 'running', :registers, :submitted, :kind,
                     :person, :name, :work, :scopes, :frontier, '[]', :created_at)
                 ON CONFLICT DO NOTHING",
            )
            .bind("id", new.id.uuid())
            .bind("created_by", new.created_by.uuid())
            .bind("registers", new.registers)
            .bind("submitted", new.submitted.as_bytes())
            .bind("kind", new.token.kind.as_str())
            .bind("person", new.token.person_id.as_str())
            .bind("name", new.token.person_name.clone())
            .bind("work", new.token.is_work_account)
            .bind("scopes", to_json(&new.token.scopes)?)
            .bind("frontier", new.frontier.as_str())
            .bind("created_at", to_micros(new.created_at));
        if self.execute(query).await? == 0 {
            return Err(Error::Taken("running discovery"));
        }
        let (owner, until, due_at) = holder;
        self.insert_due(DueKind::Discovery, new.id.uuid(), due_at, (owner, until))
            .await
    }

    /// The discovery with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn find_discovery(&self, id: DiscoveryId) -> Result<Discovery, Error> {
        let query = self
            .query("SELECT {columns} FROM discoveries WHERE tenant_id = :tenant AND id = :id")
            .fill("columns", COLUMNS)
            .bind("id", id.uuid());
        discovery_from_row(&self.fetch_one(query).await?.ok_or(Error::NotFound)?)
    }

    /// The discoveries before `after`, the newest first.
    pub async fn list_discoveries(
        &self,
        after: Option<DiscoveryId>,
        limit: u32,
    ) -> Result<Vec<Discovery>, Error> {
        let query = self
            .query(
                "SELECT {columns} FROM discoveries
                 WHERE tenant_id = :tenant [AND id < :after] ORDER BY id DESC LIMIT :limit",
            )
            .fill("columns", COLUMNS)
            .bind_optional("after", after.map(DiscoveryId::uuid))
            .bind("limit", i64::from(limit));
        self.fetch_decoded("discoveries", query, discovery_from_row)
            .await
    }

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

    /// Stores how far a discovery is.
    ///
    /// # Errors
    /// [`Error::Stale`]: it has ended.
    pub async fn store_discovery_progress(
        &self,
        id: DiscoveryId,
        progress: &DiscoveryProgress,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE discoveries SET frontier = :frontier, unread = :unread, calls = :calls,
                     is_truncated = :truncated
                 WHERE tenant_id = :tenant AND id = :id AND status = 'running'",
            )
            .bind("frontier", progress.frontier.as_str())
            .bind("unread", progress.unread.as_str())
            .bind("calls", progress.calls)
            .bind("truncated", progress.is_truncated)
            .bind("id", id.uuid());
        self.execute_exactly(1, query).await
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

    /// How many assets each of these discoveries found, by familiarity.
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
    ) -> Result<Vec<DiscoveredRow>, Error> {
        let query = self.query(DISCOVERED).fill("which", "");
        self.fetch_discovered(query, id, after, limit).await
    }

    /// The same of those that can be registered: the tenant does not have them, and the person granted them.
    pub async fn list_registrable(
        &self,
        id: DiscoveryId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<DiscoveredRow>, Error> {
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
    ) -> Result<Vec<DiscoveredRow>, Error> {
        let query = query
            .bind("id", id.uuid())
            .bind("after", after)
            .bind("limit", i64::from(limit));
        self.fetch_decoded("discovered_assets", query, discovered_from_row)
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

    /// Ends a discovery: shreds its token and removes its due work.
    ///
    /// # Errors
    /// [`Error::Stale`]: it has ended.
    pub async fn finish_discovery(
        &self,
        id: DiscoveryId,
        ending: &DiscoveryEnding,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE discoveries SET submitted = NULL, frontier = '[]', status = :status,
                     reason = :reason, not_registered = :not_registered, finished_at = :at
                 WHERE tenant_id = :tenant AND id = :id AND status = 'running'",
            )
            .bind("status", ending.status.as_str())
            .bind("reason", maybe_to_json(ending.reason.as_ref())?)
            .bind(
                "not_registered",
                ending.not_registered.map(RegistrationRefusal::as_str),
            )
            .bind("at", to_micros(at))
            .bind("id", id.uuid());
        self.execute_exactly(1, query).await?;
        self.delete_due(DueKind::Discovery, id.uuid()).await
    }

    /// Deletes a discovery with its token, its assets and its due work.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn delete_discovery(&self, id: DiscoveryId) -> Result<(), Error> {
        self.delete_due(DueKind::Discovery, id.uuid()).await?;
        let query = self
            .query("DELETE FROM discoveries WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id.uuid());
        match self.execute(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }

    /// Deletes all ended discoveries but the newest `keep`.
    pub async fn delete_old_discoveries(&self, keep: u32) -> Result<(), Error> {
        let query = self
            .query(
                "DELETE FROM discoveries WHERE tenant_id = :tenant AND status <> 'running'
                     AND id NOT IN (SELECT id FROM discoveries
                         WHERE tenant_id = :tenant AND status <> 'running'
                         ORDER BY id DESC LIMIT :keep)",
            )
            .bind("keep", i64::from(keep));
        self.execute(query).await.map(drop)
    }
}

fn discovery_from_row(row: &Row) -> Result<Discovery, Error> {
    Ok(Discovery {
        id: DiscoveryId::from_uuid(row.get("id")?),
        created_by: ClientId::from_uuid(row.get("created_by")?),
        status: row.parse("status")?,
        registers: row.get("registers")?,
        submitted: row.maybe_sealed("submitted")?,
        token: DiscoveryToken {
            kind: row.parse("token_kind")?,
            person_id: row.parse("person_id")?,
            person_name: row.get("person_name")?,
            is_work_account: row.get("is_work_account")?,
            scopes: row.json("scopes")?,
        },
        progress: DiscoveryProgress {
            frontier: row.get("frontier")?,
            unread: row.get("unread")?,
            calls: row.counter("calls")?,
            is_truncated: row.get("is_truncated")?,
        },
        reason: row.maybe_json("reason")?,
        not_registered: row.maybe_parse("not_registered")?,
        created_at: row.time("created_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
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
