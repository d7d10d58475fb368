//! Reconnect sessions: what a browser may do for one person, for minutes.
//!
//! The rule: a session is valid only while its client and its tenant are; a use of it is taken in the
//! transaction that spends the use.

use regrant_domain::{
    AssetId, ClientId, ConsentForms, Permissions, PersonId, Reach, ReconnectSessionId, TenantId,
    Timestamp,
};

use super::{
    session_summary::{ReconnectSessionSummary, summary_from_row},
    session_tokens::{SessionTokens, tokens_from_row},
};
use crate::{
    Error, Store, TenantScope, TenantTx,
    integrity::{CLIENTS, RECONNECT_SESSIONS, TENANTS},
    sql::{Plans, Query, Row, to_json, to_micros},
    tenants::client::reach_from_row,
    tenants::client_login::request_rate_from_row,
    tenants::tenant::accept_from_row,
};

/// A session to open.
#[derive(Debug, Clone)]
pub struct NewReconnectSession {
    /// The id.
    pub id: ReconnectSessionId,
    /// The client that opens it.
    pub client: ClientId,
    /// The person it is for.
    pub person_id: Option<PersonId>,
    /// Whether only that person's token is accepted.
    pub require_person: bool,
    /// The assets it may reconnect.
    pub asset_ids: Vec<AssetId>,
    /// How many reconnects it may start.
    pub uses: u32,
    /// How many previews it may request.
    pub previews: u32,
    /// When it is opened.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconnectSession {
    /// The id.
    pub id: ReconnectSessionId,
    /// The client that opened it.
    pub client: ClientId,
    /// The person it is for.
    pub person_id: Option<PersonId>,
    /// Whether only that person's token is accepted.
    pub require_person: bool,
    /// The assets it may reconnect.
    pub asset_ids: Vec<AssetId>,
    /// How many reconnects it may still start.
    pub uses_left: u32,
    /// How many previews it may still request.
    pub previews_left: u32,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub ended_at: Option<Timestamp>,
    /// Which of its tokens are valid, once it was refreshed.
    pub tokens: Option<SessionTokens>,
}

impl ReconnectSession {
    /// Whether it is open at this moment.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// The session without its assets.
    #[must_use]
    pub fn to_summary(&self) -> ReconnectSessionSummary {
        ReconnectSessionSummary {
            id: self.id,
            client: self.client,
            person_id: self.person_id.clone(),
            require_person: self.require_person,
            uses_left: self.uses_left,
            previews_left: self.previews_left,
            created_at: self.created_at,
            expires_at: self.expires_at,
            ended_at: self.ended_at,
        }
    }
}

/// A session that a call names, not verified yet, with the rights that its client has now.
pub struct UnverifiedSession {
    scope: TenantScope,
    /// The session.
    pub session: ReconnectSession,
    /// The client's permissions.
    pub permissions: Permissions,
    /// The assets the client may reach.
    pub reach: Reach,
    /// Tokens issued at a lower version of the client are revoked.
    pub token_version: i64,
    /// When the client expires.
    pub client_until: Option<Timestamp>,
    /// How many requests a second the tenant may send, if the operator set it.
    pub requests_per_second: Option<u32>,
    /// In which forms the tenant's browsers may hand over a consent.
    pub accept: ConsentForms,
}

impl UnverifiedSession {
    /// The scope, if a verified token of this session named `tenant`.
    #[must_use]
    pub fn into_scope_of(self, tenant: TenantId) -> Option<TenantScope> {
        (self.scope.tenant() == tenant).then_some(self.scope)
    }
}

const COLUMNS: &str = "
    s.id, s.client_id, s.person_id, s.require_person, s.asset_ids AS session_assets, s.uses_left,
    s.previews_left, s.created_at, s.expires_at, s.ended_at, s.token_id, s.older_token_id,
    s.older_token_until";

/// A session that is open, to take something of it.
const OPEN: &str = "
    tenant_id = :tenant AND id = :id AND ended_at IS NULL AND expires_at > :now";

impl Store {
    /// The session with this id, unless its client is disabled or its tenant suspended.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the session, its client or its tenant was changed around the application.
    pub async fn find_session_for_call(
        &self,
        tenant: TenantId,
        id: ReconnectSessionId,
    ) -> Result<Option<UnverifiedSession>, Error> {
        let query = Query::tenant(
            tenant,
            "SELECT {columns}, c.scopes, c.asset_ids, c.business_ids,
                 c.expires_at AS client_until, c.token_version, t.app_id, t.requests_per_second, t.accept,
                 {sealed_session}, {sealed_client}, {sealed_tenant}
             FROM reconnect_sessions s
             JOIN clients c ON c.tenant_id = s.tenant_id AND c.id = s.client_id
             JOIN tenants t ON t.id = s.tenant_id
             WHERE s.tenant_id = :tenant AND s.id = :id
                 AND c.disabled_at IS NULL AND t.status = 'active'",
        )
        .fill("columns", COLUMNS)
        .fill("sealed_session", RECONNECT_SESSIONS.select_list("s"))
        .fill("sealed_client", CLIENTS.select_list("c"))
        .fill("sealed_tenant", TENANTS.select_list("t"))
        .bind("id", id.uuid());
        let transaction = self.dialect.begin(&self.connection).await?;
        self.dialect
            .set_tenant(&transaction, tenant, Plans::Kept)
            .await?;
        let row = query.fetch_one(&transaction).await?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let seals = self.row_seals()?;
        seals.check_row(&RECONNECT_SESSIONS, tenant, &row, "s")?;
        seals.check_row(&CLIENTS, tenant, &row, "c")?;
        seals.check_row(&TENANTS, tenant, &row, "t")?;
        read_candidate(tenant, &row).map(Some)
    }
}

impl TenantTx {
    /// Inserts a session.
    pub async fn insert_reconnect_session(
        &self,
        session: &NewReconnectSession,
    ) -> Result<(), Error> {
        let person = session.person_id.as_ref();
        let query = self
            .query(
                "INSERT INTO reconnect_sessions (tenant_id, id, client_id, person_id,
                     require_person, asset_ids, uses_left, previews_left, created_at, expires_at)
                 VALUES (:tenant, :id, :client, :person, :require_person, :asset_ids,
                     :uses, :previews, :created_at, :expires_at)",
            )
            .bind("id", session.id.uuid())
            .bind("client", session.client.uuid())
            .bind("person", person.map(|id| id.as_str().to_owned()))
            .bind("require_person", session.require_person)
            .bind("asset_ids", to_json(&session.asset_ids)?)
            .bind("uses", i64::from(session.uses))
            .bind("previews", i64::from(session.previews))
            .bind("created_at", to_micros(session.created_at))
            .bind("expires_at", to_micros(session.expires_at));
        self.insert_sealed(&RECONNECT_SESSIONS, session.id.uuid(), query)
            .await
            .map(drop)
    }

    /// The session with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn find_reconnect_session(
        &self,
        id: ReconnectSessionId,
    ) -> Result<ReconnectSession, Error> {
        let query = self
            .query(
                "SELECT {columns} FROM reconnect_sessions s
                 WHERE s.tenant_id = :tenant AND s.id = :id",
            )
            .fill("columns", COLUMNS)
            .bind("id", id.uuid());
        session_from_row(&self.fetch_one(query).await?.ok_or(Error::NotFound)?)
    }

    /// Takes one use of an open session; whether one was left.
    pub async fn take_session_use(
        &self,
        id: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE reconnect_sessions SET uses_left = uses_left - 1
                   WHERE {open} AND uses_left > 0";
        self.update_open_session(sql, id, now).await
    }

    /// Takes one preview of an open session; whether one was left.
    pub async fn take_session_preview(
        &self,
        id: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE reconnect_sessions SET previews_left = previews_left - 1
                   WHERE {open} AND previews_left > 0";
        self.update_open_session(sql, id, now).await
    }

    /// Ends a session; whether it was open.
    pub async fn end_reconnect_session(
        &self,
        id: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE reconnect_sessions SET ended_at = :now WHERE {open}";
        self.update_open_session(sql, id, now).await
    }

    async fn update_open_session(
        &self,
        sql: &'static str,
        id: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let query = self
            .query(sql)
            .fill("open", OPEN)
            .bind("id", id.uuid())
            .bind("now", to_micros(now));
        let touched = self
            .change_sealed(&RECONNECT_SESSIONS, &[id.uuid()], query)
            .await?;
        Ok(touched > 0)
    }
}

fn read_candidate(tenant: TenantId, row: &Row) -> Result<UnverifiedSession, Error> {
    Ok(UnverifiedSession {
        scope: TenantScope::new(tenant, row.parse("app_id")?),
        session: session_from_row(row)?,
        permissions: row.parse("scopes")?,
        reach: reach_from_row(row)?,
        token_version: row.get("token_version")?,
        client_until: row.maybe_time("client_until")?,
        requests_per_second: request_rate_from_row(row)?,
        accept: accept_from_row(row)?,
    })
}

fn session_from_row(row: &Row) -> Result<ReconnectSession, Error> {
    let summary = summary_from_row(row)?;
    Ok(ReconnectSession {
        id: summary.id,
        client: summary.client,
        person_id: summary.person_id,
        require_person: summary.require_person,
        asset_ids: row.json("session_assets")?,
        uses_left: summary.uses_left,
        previews_left: summary.previews_left,
        created_at: summary.created_at,
        expires_at: summary.expires_at,
        ended_at: summary.ended_at,
        tokens: tokens_from_row(row)?,
    })
}
