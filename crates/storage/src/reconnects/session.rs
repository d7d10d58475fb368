//! Reconnect sessions: what a browser may do for one person, for minutes.
//!
//! The rule: a session counts only together with the client that opened it and with its tenant; a use is taken in
//! the transaction of what it is taken for.

use regrant_domain::{
    AssetId, ClientId, Permissions, PersonId, Reach, ReconnectSessionId, TenantId, Timestamp,
};
use sea_orm::{TransactionTrait, Value};

use crate::{
    Error, Store, TenantScope, TenantTx,
    sql::{Query, Row, json, time},
    tenants::client::reach,
    tenants::client_login::rate,
};

/// A session to open.
#[derive(Debug, Clone)]
pub struct NewReconnectSession {
    /// Its id.
    pub id: ReconnectSessionId,
    /// The client that opens it.
    pub client: ClientId,
    /// For whom.
    pub person_id: Option<PersonId>,
    /// Whether nobody else's token may be handed in.
    pub require_person: bool,
    /// The assets it reaches.
    pub asset_ids: Vec<AssetId>,
    /// How many reconnects it may start.
    pub uses: u32,
    /// How many previews it may look at.
    pub previews: u32,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconnectSession {
    /// Its id.
    pub id: ReconnectSessionId,
    /// The client that opened it.
    pub client: ClientId,
    /// For whom.
    pub person_id: Option<PersonId>,
    /// Whether nobody else's token may be handed in.
    pub require_person: bool,
    /// The assets it reaches.
    pub asset_ids: Vec<AssetId>,
    /// How many reconnects it may still start.
    pub uses_left: u32,
    /// How many previews it may still look at.
    pub previews_left: u32,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub ended_at: Option<Timestamp>,
}

impl ReconnectSession {
    /// Whether it lets anybody in at this moment.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// A session that claims to call, with what the client that opened it may do now.
pub struct SessionCandidate {
    scope: TenantScope,
    /// The session.
    pub session: ReconnectSession,
    /// What the client may do.
    pub permissions: Permissions,
    /// What the client reaches.
    pub reach: Reach,
    /// Tokens that were made while the client had a lower version are revoked.
    pub token_version: i64,
    /// Until when the client is let in.
    pub client_until: Option<Timestamp>,
    /// How often the tenant may call, where that was decided for it.
    pub requests_per_second: Option<u32>,
}

impl SessionCandidate {
    /// The scope, if a verified token of this session named `tenant`.
    #[must_use]
    pub fn vouch(self, tenant: TenantId) -> Option<TenantScope> {
        (self.scope.tenant() == tenant).then_some(self.scope)
    }
}

const COLUMNS: &str =
    "s.id, s.client_id, s.person_id, s.require_person, s.asset_ids AS session_assets,
    s.uses_left, s.previews_left, s.created_at, s.expires_at, s.ended_at";

impl Store {
    /// The session with this id, if its client and its tenant may call at all.
    ///
    /// # Errors
    /// The database failed.
    pub async fn session_candidate(
        &self,
        tenant: TenantId,
        id: ReconnectSessionId,
    ) -> Result<Option<SessionCandidate>, Error> {
        let sql = format!(
            "SELECT {COLUMNS}, c.scopes, c.asset_ids, c.business_ids,
                c.expires_at AS client_until, c.token_version, t.app_id, t.requests_per_second
             FROM reconnect_sessions s
             JOIN clients c ON c.tenant_id = s.tenant_id AND c.id = s.client_id
             JOIN tenants t ON t.id = s.tenant_id
             WHERE s.tenant_id = $1 AND c.disabled_at IS NULL AND t.status = 'active' AND s.id = "
        );
        let transaction = self.connection.begin().await?;
        self.dialect.enter(&transaction, tenant).await?;
        let row = Query::of_tenant(tenant, &sql)
            .bind(id.uuid())
            .one(&transaction)
            .await?;
        transaction.commit().await?;
        row.map(|row| candidate(tenant, &row)).transpose()
    }
}

impl TenantTx {
    /// Keeps a session.
    ///
    /// # Errors
    /// The database failed.
    pub async fn insert_reconnect_session(
        &self,
        session: &NewReconnectSession,
    ) -> Result<(), Error> {
        let row: [Value; 9] = [
            session.id.uuid().into(),
            session.client.uuid().into(),
            session
                .person_id
                .as_ref()
                .map(|id| id.as_str().to_owned())
                .into(),
            session.require_person.into(),
            json(&session.asset_ids)?.into(),
            i64::from(session.uses).into(),
            i64::from(session.previews).into(),
            time(session.created_at).into(),
            time(session.expires_at).into(),
        ];
        let query = self
            .query(
                "INSERT INTO reconnect_sessions (tenant_id, id, client_id, person_id, require_person, asset_ids,
                 uses_left, previews_left, created_at, expires_at)",
            )
            .tenant_rows([row]);
        self.run(query).await.map(drop)
    }

    /// The session with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn reconnect_session(
        &self,
        id: ReconnectSessionId,
    ) -> Result<ReconnectSession, Error> {
        let row = self
            .one(self.sessions().sql(" AND s.id = ").bind(id.uuid()))
            .await?;
        read(&row.ok_or(Error::NotFound)?)
    }

    /// Sessions older than `after`, the newest first; with `client`, those that this client opened.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_reconnect_sessions(
        &self,
        client: Option<ClientId>,
        after: Option<ReconnectSessionId>,
        limit: u32,
    ) -> Result<Vec<ReconnectSession>, Error> {
        let mut query = self.sessions();
        if let Some(client) = client {
            query = query.sql(" AND s.client_id = ").bind(client.uuid());
        }
        if let Some(after) = after {
            query = query.sql(" AND s.id < ").bind(after.uuid());
        }
        let query = query
            .sql(" ORDER BY s.id DESC LIMIT ")
            .bind(i64::from(limit));
        self.all(query).await?.iter().map(read).collect()
    }

    /// Takes one use of a session; whether there was one to take.
    ///
    /// # Errors
    /// The database failed.
    pub async fn use_reconnect_session(
        &self,
        id: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let take = "UPDATE reconnect_sessions SET uses_left = uses_left - 1 WHERE tenant_id = $1 AND uses_left > 0";
        self.take_of_session(take, id, now).await
    }

    /// Takes one preview of a session; whether there was one to take.
    ///
    /// # Errors
    /// The database failed.
    pub async fn preview_in_session(
        &self,
        id: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let take = "UPDATE reconnect_sessions SET previews_left = previews_left - 1 WHERE tenant_id = $1 AND previews_left > 0";
        self.take_of_session(take, id, now).await
    }

    async fn take_of_session(
        &self,
        sql: &str,
        id: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let query = self
            .query(sql)
            .sql(" AND ended_at IS NULL AND id = ")
            .bind(id.uuid())
            .sql(" AND expires_at > ")
            .bind(time(now));
        Ok(self.run(query).await? > 0)
    }

    /// Ends a session; whether it was open until now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_reconnect_session(
        &self,
        id: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let query = self
            .query("UPDATE reconnect_sessions SET ended_at = ")
            .bind(time(now))
            .sql(" WHERE tenant_id = $1 AND ended_at IS NULL AND id = ")
            .bind(id.uuid())
            .sql(" AND expires_at > ")
            .bind(time(now));
        Ok(self.run(query).await? > 0)
    }

    fn sessions(&self) -> Query {
        self.query(&format!(
            "SELECT {COLUMNS} FROM reconnect_sessions s WHERE s.tenant_id = $1"
        ))
    }
}

fn candidate(tenant: TenantId, row: &Row) -> Result<SessionCandidate, Error> {
    Ok(SessionCandidate {
        scope: TenantScope::new(tenant, row.parsed("app_id")?),
        session: read(row)?,
        permissions: row.parsed("scopes")?,
        reach: reach(row)?,
        token_version: row.get("token_version")?,
        client_until: row.maybe_time("client_until")?,
        requests_per_second: rate(row)?,
    })
}

fn read(row: &Row) -> Result<ReconnectSession, Error> {
    Ok(ReconnectSession {
        id: ReconnectSessionId::from_uuid(row.get("id")?),
        client: ClientId::from_uuid(row.get("client_id")?),
        person_id: row.maybe_parsed("person_id")?,
        require_person: row.get("require_person")?,
        asset_ids: row.json("session_assets")?,
        uses_left: row.unsigned("uses_left")?,
        previews_left: row.unsigned("previews_left")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        ended_at: row.maybe_time("ended_at")?,
    })
}
