//! The key of the seals of rows, and the rows from before there were seals.
//!
//! The rule: rows are sealed as they are only once, at the first start after the seals came. The mark of it and its audit
//! event are written in one transaction, and a mark that is gone while its event is there stops the start.
//! Start at [`open_sealed_store`].

use regrant_crypto::AuditKey;
use regrant_domain::{TenantId, Timestamp};
use regrant_storage::{AuditEvent, RowSeals, Store, TenantScope};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Actor, Error, Resource, Vault,
    credentials::{data_keys::DataKeys, named_keys::named_key_context},
};

/// The name of the only key of seals.
const KEY_NAME: &str = "rows-1";
/// The name of the mark that every row is sealed.
const MARK_NAME: &str = "rows-1-adopted";
/// The event that goes with the mark.
const ADOPTED: &str = "rows.adopted";
/// How many tenants one query lists.
const PAGE: u32 = 200;

/// Opens `store` so that sealed rows are checked. Creates the key at the first start, and seals the rows that are there.
pub(crate) async fn open_sealed_store(
    keys: &DataKeys,
    store: Store,
    now: Timestamp,
) -> Result<Store, Error> {
    let key = keys.open_or_create_key(KEY_NAME, now).await?;
    let seals = RowSeals::new(move |tenant, message| key.compute_row_seal(tenant, message));
    let store = store.with_seals(seals);
    if store.find_audit_key(MARK_NAME).await?.is_none() {
        adopt_rows(keys, &store, now).await?;
    }
    Ok(store)
}

impl Vault {
    /// Accepts a row, `table/id`, as it is: it is sealed again, and the audit records who accepted it. For an operator
    /// who has looked at a row that verifying the audit names. `tenant` is [`TenantId::SYSTEM`] for the installation's rows.
    ///
    /// # Errors
    /// `ReadOnly`; `NotFound(Tenant)`; `NotFound(Row)`.
    pub async fn accept_row(&self, by: Actor, tenant: TenantId, row: &str) -> Result<(), Error> {
        self.require_owner(by).await?;
        let (table, id) = row
            .split_once('/')
            .and_then(|(table, id)| Some((table, id.parse::<Uuid>().ok()?)))
            .ok_or(Error::NotFound(Resource::Row))?;
        let scope = self.find_chain_scope(tenant).await?;
        let tx = self.store.begin(&scope).await?;
        let accepted = tx.accept_row(table, id).await;
        accepted.map_err(Error::not_found_as(Resource::Row))?;
        let event = AuditEvent::new(by.audit_name(), "row.accepted", row, json!({}));
        tx.write_audit_events(&[event], self.clock.now()).await?;
        Ok(tx.commit().await?)
    }
}

async fn adopt_rows(keys: &DataKeys, store: &Store, now: Timestamp) -> Result<(), Error> {
    let system = store.system_scope();
    let mut after = None;
    loop {
        let page = store.list_all_scopes(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.tenant());
        for scope in &page {
            adopt_rows_of(store, scope).await?;
        }
    }
    let data_key = keys.active(&system).await?;
    let mark = data_key.seal_record(
        &named_key_context(MARK_NAME),
        AuditKey::generate()?.as_bytes(),
    )?;
    let tx = store.begin(&system).await?;
    if tx.has_audit_action(ADOPTED).await? {
        // Another process was first, or the mark was removed to have forged rows sealed.
        tx.commit().await?;
        return require_mark(store).await;
    }
    tx.adopt_unsealed_rows().await?;
    let adopted = AuditEvent::new("vault", ADOPTED, system.tenant(), json!({}));
    tx.write_audit_events(&[adopted], now).await?;
    match tx.insert_audit_key(MARK_NAME, &mark, now).await {
        Ok(()) => Ok(tx.commit().await?),
        // Another process that starts committed its mark meanwhile.
        Err(regrant_storage::Error::Taken(_)) => {
            drop(tx);
            require_mark(store).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn adopt_rows_of(store: &Store, scope: &TenantScope) -> Result<(), Error> {
    let tx = store.begin(scope).await?;
    tx.adopt_unsealed_rows().await?;
    Ok(tx.commit().await?)
}

async fn require_mark(store: &Store) -> Result<(), Error> {
    let mark = store.find_audit_key(MARK_NAME).await?;
    mark.map(drop).ok_or_else(|| {
        Error::from_cause(
            "the audit says that every row is sealed, but the mark of it is gone: the database was changed without Regrant; \
             restore the row `rows-1-adopted` of `audit_keys` from a backup",
        )
    })
}
