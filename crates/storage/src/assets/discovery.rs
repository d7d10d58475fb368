//! Discoveries: what a token lists, while it is read and after.
//!
//! The rule: only the lease of a discovery writes to it. `discovered_asset.rs` has what it found.

use regrant_domain::{
    ClientId, CredentialKind, DiscoveryId, DiscoveryStatus, GrantedScope, PersonId, Reason,
    RegistrationRefusal, SealedRecord, Timestamp,
};

use crate::{
    DueKind, Error, Lease, ListedRows, TenantTx,
    sql::{Row, maybe_to_json, to_json, to_micros},
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

const COLUMNS: &str = "id, created_by, status, registers, submitted, token_kind, person_id,
    person_name, is_work_account, scopes, frontier, unread, calls, is_truncated, reason,
    not_registered, created_at, finished_at";

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
    ) -> Result<ListedRows<Discovery>, Error> {
        let query = self
            .query(
                "SELECT {columns} FROM discoveries
                 WHERE tenant_id = :tenant [AND id < :after] ORDER BY id DESC LIMIT :limit",
            )
            .fill("columns", COLUMNS)
            .bind_optional("after", after.map(DiscoveryId::uuid))
            .bind("limit", i64::from(limit));
        self.fetch_listed("discoveries", query, discovery_from_row)
            .await
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
