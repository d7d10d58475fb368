//! Tenants, and the settings that an operator makes for each.
//!
//! The rule: lock a tenant's row in the transaction that changes it. A deleted tenant keeps its row,
//! because its audit stays; `deletion.rs` deletes the rest.

use regrant_domain::{
    AppId, ConsentForms, TenantId, TenantLimits, TenantStatus, Timestamp, WebOrigin,
};

use crate::{
    Error, NewClient, NewDataKey, Store, TenantScope, TenantTx,
    integrity::TENANTS,
    sql::{Query, Row, maybe_micros, to_micros},
};

/// How many clients a new tenant may have: its first.
const FIRST_CLIENT: usize = 1;

/// A tenant to create, with everything it needs to be served.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// The id.
    pub id: TenantId,
    /// A name for people.
    pub name: String,
    /// The Meta app it uses.
    pub app_id: AppId,
    /// The limits set for it.
    pub limits: TenantLimits,
    /// The origins of its pages.
    pub origins: Vec<WebOrigin>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its first data key.
    pub key: NewDataKey,
    /// Its first client.
    pub client: NewClient,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The id.
    pub id: TenantId,
    /// A name for people.
    pub name: String,
    /// The Meta app it uses.
    pub app_id: AppId,
    /// Whether it is served.
    pub status: TenantStatus,
    /// The limits set for it.
    pub limits: TenantLimits,
    /// Whether each read of a token must give a reason.
    pub reason_required: bool,
    /// In which forms its browsers may hand over a consent.
    pub accept: ConsentForms,
    /// When it was created.
    pub created_at: Timestamp,
    /// The earliest time at which it may be deleted.
    pub delete_after: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// When its data keys were destroyed.
    pub shredded_at: Option<Timestamp>,
    /// When the bytes of its destroyed keys and deleted rows left the SQLite file; `None` while they wait, and on
    /// PostgreSQL. Read only.
    pub erased_at: Option<Timestamp>,
}

const SELECT: &str = "
    SELECT t.id, t.name, t.app_id, t.status, t.created_at, t.reason_required, t.accept, t.max_assets,
        t.max_running_reconnects, t.requests_per_second, t.delete_after, t.deleted_at,
        t.shredded_at, {sealed},
        (SELECT e.erased_at FROM erasures e WHERE e.subject_id = t.id) AS erased_at
    FROM tenants t";

impl Store {
    /// Begins a transaction that creates a tenant with its data key, first client and origins. Commit it.
    ///
    /// # Errors
    /// [`Error::Taken`]: the id is; [`Error::NotFound`]: no such app.
    pub async fn begin_with_new_tenant(&self, tenant: &NewTenant) -> Result<TenantTx, Error> {
        self.find_app(&tenant.app_id).await?;
        let tx = self.begin_as(tenant.id).await?;
        let inserted = tx
            .insert_sealed(&TENANTS, tenant.id.uuid(), insert_tenant(tenant))
            .await?;
        if inserted == 0 {
            return Err(Error::Taken("tenant"));
        }
        tx.insert_data_key(&tenant.key).await?;
        tx.insert_client(&tenant.client, FIRST_CLIENT).await?;
        tx.set_origins(&tenant.origins).await?;
        Ok(tx)
    }

    /// Every tenant, deleted ones too, the oldest first.
    pub async fn list_tenants(&self) -> Result<Vec<Tenant>, Error> {
        let query = select_tenants("{select} ORDER BY t.id");
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(tenant_from_row).collect()
    }

    /// The next tenants after `after`, the oldest first.
    pub async fn list_tenants_after(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Error> {
        let query =
            select_tenants("{select} WHERE TRUE [AND t.id > :after] ORDER BY t.id LIMIT :limit")
                .bind_optional("after", after.map(TenantId::uuid))
                .bind("limit", i64::from(limit));
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(tenant_from_row).collect()
    }

    /// The tenant with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none; [`Error::Tampered`].
    pub async fn find_tenant(&self, id: TenantId) -> Result<Tenant, Error> {
        let row = self.fetch_tenant(id).await?;
        self.row_seals()?.check_row(&TENANTS, id, &row, "t")?;
        tenant_from_row(&row)
    }

    /// The scope of a tenant for a request of an operator. Requests of tenants never use it.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such tenant.
    pub async fn find_scope_for_operator(&self, id: TenantId) -> Result<TenantScope, Error> {
        let tenant = tenant_from_row(&self.fetch_tenant(id).await?)?;
        Ok(TenantScope::new(tenant.id, tenant.app_id))
    }

    /// The scope of a tenant to verify its audit: its row may have been changed around the application.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such tenant.
    pub async fn find_scope_to_verify(&self, id: TenantId) -> Result<TenantScope, Error> {
        let row = self.fetch_tenant(id).await?;
        let app = row.parse("app_id");
        let app = app.unwrap_or_else(|_| self.system_scope().app_id().clone());
        Ok(TenantScope::new(id, app))
    }

    async fn fetch_tenant(&self, id: TenantId) -> Result<Row, Error> {
        let query = select_tenants("{select} WHERE t.id = :id").bind("id", id.uuid());
        query
            .fetch_one(&self.connection)
            .await?
            .ok_or(Error::NotFound)
    }
}

impl TenantTx {
    /// The tenant, locked until this transaction ends.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such tenant; [`Error::Tampered`].
    pub async fn lock_tenant(&self) -> Result<Tenant, Error> {
        let query =
            select_tenants("{select} WHERE t.id = :id {for_update}").bind("id", self.tenant.uuid());
        let row = query.fetch_one(&self.transaction).await?;
        let row = row.ok_or(Error::NotFound)?;
        self.check_sealed(&TENANTS, &row, "t")?;
        tenant_from_row(&row)
    }

    /// Writes everything about the tenant that can change. Lock it first.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the transaction is another tenant's.
    pub async fn update_tenant(&self, tenant: &Tenant) -> Result<(), Error> {
        if tenant.id != self.tenant {
            return Err(Error::NotFound);
        }
        let sql = "UPDATE tenants SET name = :name, status = :status,
                       reason_required = :reason_required, accept = :accept, max_assets = :max_assets,
                       max_running_reconnects = :max_running_reconnects,
                       requests_per_second = :requests_per_second, delete_after = :delete_after,
                       deleted_at = :deleted_at, shredded_at = :shredded_at
                   WHERE id = :tenant";
        let query = Query::tenant(self.tenant, sql)
            .bind("name", tenant.name.as_str())
            .bind("status", tenant.status.as_str())
            .bind("reason_required", tenant.reason_required)
            .bind("accept", accept_to_text(tenant.accept))
            .bind("delete_after", maybe_micros(tenant.delete_after))
            .bind("deleted_at", maybe_micros(tenant.deleted_at))
            .bind("shredded_at", maybe_micros(tenant.shredded_at));
        let query = bind_limits(query, tenant.limits);
        self.change_sealed(&TENANTS, &[tenant.id.uuid()], query)
            .await
            .map(drop)
    }
}

fn select_tenants(sql: &'static str) -> Query {
    Query::new(sql)
        .fill("select", SELECT)
        .fill("sealed", TENANTS.select_list("t"))
}

fn insert_tenant(tenant: &NewTenant) -> Query {
    let query = Query::new(
        "INSERT INTO tenants (id, name, app_id, status, created_at, max_assets,
             max_running_reconnects, requests_per_second)
         VALUES (:id, :name, :app, :status, :created_at, :max_assets, :max_running_reconnects,
             :requests_per_second)
         ON CONFLICT DO NOTHING",
    )
    .bind("id", tenant.id.uuid())
    .bind("name", tenant.name.as_str())
    .bind("app", tenant.app_id.as_str())
    .bind("status", TenantStatus::Active.as_str())
    .bind("created_at", to_micros(tenant.created_at));
    bind_limits(query, tenant.limits)
}

fn bind_limits(query: Query, limits: TenantLimits) -> Query {
    query
        .bind("max_assets", limits.max_assets.map(i64::from))
        .bind(
            "max_running_reconnects",
            limits.max_running_reconnects.map(i64::from),
        )
        .bind(
            "requests_per_second",
            limits.requests_per_second.map(i64::from),
        )
}

/// The list of forms; absent for every form.
fn accept_to_text(accept: ConsentForms) -> Option<String> {
    (accept != ConsentForms::ALL).then(|| accept.to_string())
}

pub(crate) fn accept_from_row(row: &Row) -> Result<ConsentForms, Error> {
    Ok(row.maybe_parse("accept")?.unwrap_or_default())
}

fn tenant_from_row(row: &Row) -> Result<Tenant, Error> {
    let limit = |column| {
        let limit: Option<i64> = row.get(column)?;
        limit
            .map(|it| u32::try_from(it).map_err(|_| Error::Corrupt(column)))
            .transpose()
    };
    Ok(Tenant {
        id: TenantId::from_uuid(row.get("id")?),
        name: row.get("name")?,
        app_id: row.parse("app_id")?,
        status: row.parse("status")?,
        limits: TenantLimits {
            max_assets: limit("max_assets")?,
            max_running_reconnects: limit("max_running_reconnects")?,
            requests_per_second: limit("requests_per_second")?,
        },
        reason_required: row.get("reason_required")?,
        accept: accept_from_row(row)?,
        created_at: row.time("created_at")?,
        delete_after: row.maybe_time("delete_after")?,
        deleted_at: row.maybe_time("deleted_at")?,
        shredded_at: row.maybe_time("shredded_at")?,
        erased_at: row.maybe_time("erased_at")?,
    })
}
