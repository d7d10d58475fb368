//! Tenants, and what an operator decides about one.
//!
//! The rule: whoever changes a tenant holds its row in the transaction of the change. A tenant that was deleted
//! stays as a name without anything, because its audit stays.

use std::{fmt, str::FromStr};

use regrant_domain::{AppId, Origin, TenantId, Timestamp};
use sea_orm::Value;

use crate::{
    Error, NewClient, NewDataKey, Store, TenantScope, TenantTx,
    sql::{Query, Row, maybe_time, time},
};

/// How many clients a new tenant may have: its first.
const FIRST: usize = 1;

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

/// How much a tenant may, where that was decided for it; `None` is what holds for all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantLimits {
    /// How many assets it may have.
    pub max_assets: Option<u32>,
    /// How many of its reconnects may run at once.
    pub max_running_reconnects: Option<u32>,
    /// How often it may call.
    pub requests_per_second: Option<u32>,
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
    /// How much it may.
    pub limits: TenantLimits,
    /// Where its pages are served from.
    pub origins: Vec<Origin>,
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
    /// How much it may.
    pub limits: TenantLimits,
    /// Whether reading its tokens takes a reason.
    pub reason_required: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it may be deleted.
    pub delete_after: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// When its data keys were destroyed.
    pub shredded_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT id, name, app_id, status, created_at, reason_required, max_assets,
    max_running_reconnects, requests_per_second, delete_after, deleted_at, shredded_at FROM tenants";

/// Everything that is a tenant's own, what refers before what is referred to. Its audit is not among it.
const OWN: [&str; 19] = [
    "deliveries",
    "events",
    "webhook_endpoints",
    "idempotency",
    "reconnect_sessions",
    "reconnect_items",
    "reconnects",
    "credentials",
    "probe_due",
    "cut_offs",
    "assets",
    "grants",
    "person_directory",
    "client_proofs",
    "client_scopes",
    "clients",
    "tenant_origins",
    "due",
    "tenant_keys",
];

impl Store {
    /// Makes a tenant with its data key, first client and origins; what it gives is to be committed.
    ///
    /// # Errors
    /// [`Error::Taken`]: its id is; [`Error::NotFound`]: no such app.
    pub async fn begin_tenant(&self, tenant: &NewTenant) -> Result<TenantTx, Error> {
        self.app(&tenant.app_id).await?;
        let tx = self.begin_as(tenant.id).await?;
        let row: [Value; 8] = [
            tenant.id.uuid().into(),
            tenant.name.as_str().into(),
            tenant.app_id.as_str().into(),
            TenantStatus::Active.as_str().into(),
            time(tenant.created_at).into(),
            number(tenant.limits.max_assets).into(),
            number(tenant.limits.max_running_reconnects).into(),
            number(tenant.limits.requests_per_second).into(),
        ];
        let insert = Query::new(
            "INSERT INTO tenants (id, name, app_id, status, created_at, max_assets, max_running_reconnects,
                requests_per_second) VALUES ",
        );
        if insert
            .list(row)
            .sql(" ON CONFLICT DO NOTHING")
            .run(&tx.transaction)
            .await?
            == 0
        {
            return Err(Error::Taken("tenant"));
        }
        tx.insert_key(&tenant.key).await?;
        tx.insert_client(&tenant.client, FIRST).await?;
        tx.set_origins(&tenant.origins).await?;
        Ok(tx)
    }

    /// Every tenant, oldest first, those that were deleted too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        let query = Query::new(SELECT).sql(" ORDER BY id");
        query
            .all(&self.connection)
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Tenants after `after`, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenants_after(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Error> {
        let mut query = Query::new(SELECT);
        if let Some(after) = after {
            query = query.sql(" WHERE id > ").bind(after.uuid());
        }
        let query = query.sql(" ORDER BY id LIMIT ").bind(i64::from(limit));
        query
            .all(&self.connection)
            .await?
            .iter()
            .map(read)
            .collect()
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

    /// The origins of these tenants' pages.
    ///
    /// # Errors
    /// The database failed.
    pub async fn origins_of(&self, tenants: &[TenantId]) -> Result<Vec<(TenantId, Origin)>, Error> {
        if tenants.is_empty() {
            return Ok(Vec::new());
        }
        let query = Query::new("SELECT tenant_id, origin FROM tenant_origins WHERE tenant_id IN ")
            .list(tenants.iter().map(|it| it.uuid()))
            .sql(" ORDER BY tenant_id, origin");
        let origin = |row: &Row| {
            Ok((
                TenantId::from_uuid(row.get("tenant_id")?),
                row.parsed("origin")?,
            ))
        };
        query
            .all(&self.connection)
            .await?
            .iter()
            .map(origin)
            .collect()
    }

    /// Tenants whose time to be deleted has come at `now`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenants_to_delete(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<TenantScope>, Error> {
        let query = Query::new(
            "SELECT id, app_id FROM tenants WHERE deleted_at IS NULL AND delete_after <= ",
        )
        .bind(time(now))
        .sql(" ORDER BY delete_after, id LIMIT ")
        .bind(i64::from(limit));
        let scope = |row: &Row| {
            Ok(TenantScope::new(
                TenantId::from_uuid(row.get("id")?),
                row.parsed("app_id")?,
            ))
        };
        query
            .all(&self.connection)
            .await?
            .iter()
            .map(scope)
            .collect()
    }

    /// The scope of a tenant for an act of an operator; no call of a tenant comes here.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such tenant.
    pub async fn scope_for_operator(&self, id: TenantId) -> Result<TenantScope, Error> {
        let tenant = self.tenant(id).await?;
        Ok(TenantScope::new(tenant.id, tenant.app_id))
    }
}

impl TenantTx {
    /// The tenant, kept from changes by others until this transaction ends.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is no such tenant.
    pub async fn lock_tenant(&self) -> Result<Tenant, Error> {
        let query = Query::of_tenant(self.tenant, SELECT)
            .sql(" WHERE id = $1")
            .sql(self.dialect.for_update());
        read(&query.one(&self.transaction).await?.ok_or(Error::NotFound)?)
    }

    /// Writes what of the tenant can change. Lock it first.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the transaction is another tenant's.
    pub async fn update_tenant(&self, tenant: &Tenant) -> Result<(), Error> {
        if tenant.id != self.tenant {
            return Err(Error::NotFound);
        }
        let query = Query::of_tenant(self.tenant, "UPDATE tenants SET name = ")
            .bind(tenant.name.as_str())
            .sql(", status = ")
            .bind(tenant.status.as_str())
            .sql(", reason_required = ")
            .bind(tenant.reason_required)
            .sql(", max_assets = ")
            .bind(number(tenant.limits.max_assets))
            .sql(", max_running_reconnects = ")
            .bind(number(tenant.limits.max_running_reconnects))
            .sql(", requests_per_second = ")
            .bind(number(tenant.limits.requests_per_second))
            .sql(", delete_after = ")
            .bind(maybe_time(tenant.delete_after))
            .sql(", deleted_at = ")
            .bind(maybe_time(tenant.deleted_at))
            .sql(", shredded_at = ")
            .bind(maybe_time(tenant.shredded_at))
            .sql(" WHERE id = $1");
        query.run(&self.transaction).await.map(drop)
    }

    /// Says where the tenant's pages are served from, and from nowhere else.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_origins(&self, origins: &[Origin]) -> Result<(), Error> {
        self.run(self.query("DELETE FROM tenant_origins WHERE tenant_id = $1"))
            .await?;
        if origins.is_empty() {
            return Ok(());
        }
        let rows = origins
            .iter()
            .map(|it| -> [Value; 1] { [it.as_str().into()] });
        let query = self
            .query("INSERT INTO tenant_origins (tenant_id, origin)")
            .tenant_rows(rows);
        self.run(query.sql(" ON CONFLICT DO NOTHING"))
            .await
            .map(drop)
    }

    /// Destroys the tenant's wrapped data keys: nothing that is sealed opens any more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_data_keys(&self) -> Result<u64, Error> {
        self.run(self.query("DELETE FROM tenant_keys WHERE tenant_id = $1"))
            .await
    }

    /// Deletes everything that is the tenant's own but its audit; how many rows that were.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_own(&self) -> Result<u64, Error> {
        let mut all = 0_u64;
        for table in OWN {
            let query = self
                .query("DELETE FROM ")
                .sql(table)
                .sql(" WHERE tenant_id = $1");
            all = all.saturating_add(self.run(query).await?);
        }
        Ok(all)
    }
}

fn number(limit: Option<u32>) -> Option<i64> {
    limit.map(i64::from)
}

fn read(row: &Row) -> Result<Tenant, Error> {
    let limit = |column| {
        let limit: Option<i64> = row.get(column)?;
        limit
            .map(|it| u32::try_from(it).map_err(|_| Error::Corrupt(column)))
            .transpose()
    };
    Ok(Tenant {
        id: TenantId::from_uuid(row.get("id")?),
        name: row.get("name")?,
        app_id: row.parsed("app_id")?,
        status: row.parsed("status")?,
        limits: TenantLimits {
            max_assets: limit("max_assets")?,
            max_running_reconnects: limit("max_running_reconnects")?,
            requests_per_second: limit("requests_per_second")?,
        },
        reason_required: row.get("reason_required")?,
        created_at: row.time("created_at")?,
        delete_after: row.maybe_time("delete_after")?,
        deleted_at: row.maybe_time("deleted_at")?,
        shredded_at: row.maybe_time("shredded_at")?,
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::OWN;

    const STEPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migration/src/steps");
    const AUDIT: [&str; 3] = ["audit_events", "audit_heads", "audit_checkpoints"];

    /// Tables with a column `tenant_id`, as the migrations make them.
    fn tables() -> BTreeSet<String> {
        let mut tables = BTreeSet::new();
        for step in fs::read_dir(STEPS).unwrap() {
            let text = fs::read_to_string(step.unwrap().path()).unwrap();
            for table in text.split("CREATE TABLE ").skip(1) {
                let (name, rest) = table.split_once(" (").unwrap();
                if rest
                    .split(");")
                    .next()
                    .unwrap()
                    .contains("tenant_id {uuid}")
                {
                    tables.insert(name.to_owned());
                }
            }
        }
        tables
    }

    #[test]
    fn a_tenant_that_is_deleted_leaves_nothing_but_its_audit() {
        let kept = OWN
            .into_iter()
            .chain(AUDIT)
            .map(ToOwned::to_owned)
            .collect::<BTreeSet<_>>();
        assert_eq!(kept, tables());
    }
}
