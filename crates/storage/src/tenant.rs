//! Tenants, and how an operator makes one.

use std::{fmt, str::FromStr};

use regrant_domain::{AppId, TenantId, Timestamp};

use crate::{
    AuditEvent, Error, NewClient, NewDataKey, Store, TenantScope,
    query::{Query, time},
    row::Row,
};

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantStatus {
    /// It is.
    Active,
    /// Its clients are refused and its work rests.
    Suspended,
}

impl TenantStatus {
    /// The name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl fmt::Display for TenantStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TenantStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Active, Self::Suspended]
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or("unknown status of a tenant")
    }
}

/// A tenant with everything it needs to be served.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its id.
    pub id: TenantId,
    /// A name for people.
    pub name: String,
    /// The Meta app it uses.
    pub app_id: AppId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its first data key.
    pub key: NewDataKey,
    /// Its first client.
    pub client: NewClient,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// A name for people.
    pub name: String,
    /// The Meta app it uses.
    pub app_id: AppId,
    /// Whether it is served.
    pub status: TenantStatus,
    /// When it was made.
    pub created_at: Timestamp,
}

const SELECT: &str = "SELECT id, name, app_id, status, created_at FROM tenants";

impl Store {
    /// Makes a tenant with its data key and first client, all or nothing.
    ///
    /// # Errors
    /// [`Error::Taken`]: its id is; [`Error::NotFound`]: no such app.
    pub async fn insert_tenant(&self, tenant: &NewTenant) -> Result<(), Error> {
        self.app(&tenant.app_id).await?;
        let tx = self.begin_as(tenant.id).await?;
        let row: [sea_orm::Value; 5] = [
            tenant.id.uuid().into(),
            tenant.name.as_str().into(),
            tenant.app_id.as_str().into(),
            TenantStatus::Active.as_str().into(),
            time(tenant.created_at).into(),
        ];
        let insert = Query::new("INSERT INTO tenants (id, name, app_id, status, created_at) VALUES ")
            .list(row)
            .sql(" ON CONFLICT DO NOTHING");
        if insert.run(&tx.transaction).await? == 0 {
            return Err(Error::Taken("tenant"));
        }
        tx.insert_key(&tenant.key).await?;
        tx.insert_client(&tenant.client, 1).await?;
        let created = AuditEvent {
            actor: "operator".to_owned(),
            action: "tenant.created",
            subject: tenant.id.to_string(),
            detail: serde_json::json!({ "name": tenant.name, "app_id": tenant.app_id }),
        };
        tx.audit(&[created], tenant.created_at).await?;
        tx.commit().await
    }

    /// Every tenant, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        let query = Query::new(SELECT).sql(" ORDER BY id");
        query.all(&self.connection).await?.iter().map(read).collect()
    }

    /// The tenant with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn tenant(&self, id: TenantId) -> Result<Tenant, Error> {
        let query = Query::new(SELECT).sql(" WHERE id = ").bind(id.uuid());
        let row = query.one(&self.connection).await?;
        read(&row.ok_or(Error::NotFound)?)
    }

    /// Suspends a tenant or serves it again.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn set_tenant_status(&self, id: TenantId, status: TenantStatus) -> Result<(), Error> {
        let query = Query::new("UPDATE tenants SET status = ")
            .bind(status.as_str())
            .sql(" WHERE id = ")
            .bind(id.uuid());
        match self.write(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }

    /// Says whether reading this tenant's tokens takes a reason.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such tenant.
    pub async fn require_reason(&self, id: TenantId, required: bool, at: Timestamp) -> Result<(), Error> {
        let tx = self.begin_as(id).await?;
        let query = Query::new("UPDATE tenants SET reason_required = ").bind(required);
        if query.sql(" WHERE id = ").bind(id.uuid()).run(&tx.transaction).await? == 0 {
            return Err(Error::NotFound);
        }
        let changed = AuditEvent {
            actor: "operator".to_owned(),
            action: "tenant.changed",
            subject: id.to_string(),
            detail: serde_json::json!({ "reason_required": required }),
        };
        tx.audit(&[changed], at).await?;
        tx.commit().await
    }

    /// The scope of a tenant for an act of the operator at the command line; no request comes here.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such tenant.
    pub async fn scope_for_operator(&self, id: TenantId) -> Result<TenantScope, Error> {
        let tenant = self.tenant(id).await?;
        Ok(TenantScope::new(tenant.id, tenant.app_id))
    }
}

fn read(row: &Row) -> Result<Tenant, Error> {
    Ok(Tenant {
        id: TenantId::from_uuid(row.get("id")?),
        name: row.get("name")?,
        app_id: row.parsed("app_id")?,
        status: row.parsed("status")?,
        created_at: row.time("created_at")?,
    })
}
