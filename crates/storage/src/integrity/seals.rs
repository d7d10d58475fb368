//! The seal of a row: a keyed code over the columns that decide something, under a key of the row's tenant.
//!
//! The rule: this crate does not hold the key; [`RowSeals`] is given a function. A row without a seal is as bad as one
//! with a wrong seal.

use std::{collections::BTreeMap, fmt, sync::Arc};

use regrant_domain::TenantId;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::{
    Error,
    integrity::table::{ColumnType, SealedTable},
    sql::Row,
};

/// Computes the keyed code of a message of a tenant.
type Code = dyn Fn(TenantId, &[u8]) -> [u8; 32] + Send + Sync;

/// Computes and checks the seals of rows.
#[derive(Clone)]
pub struct RowSeals(Arc<Code>);

/// The seals that one transaction wrote, by `table/id`, in hex; `None` for a row that it deleted.
pub(crate) type SealRecords = BTreeMap<String, Option<String>>;

impl RowSeals {
    /// Seals whose codes this function computes. Its key must not be the key of the audit.
    #[must_use]
    pub fn new(code: impl Fn(TenantId, &[u8]) -> [u8; 32] + Send + Sync + 'static) -> Self {
        Self(Arc::new(code))
    }

    /// The seal of a row that was read with [`SealedTable::select_list`] as `alias`.
    pub(crate) fn compute_seal(
        &self,
        table: &SealedTable,
        tenant: TenantId,
        row: &Row,
        alias: &str,
    ) -> Result<[u8; 32], Error> {
        let mut message = Vec::with_capacity(512);
        push_field(&mut message, Some(table.name.as_bytes()));
        for (column, kind) in table.columns {
            let value = read_bytes(row, &format!("{alias}_"), column, *kind)?;
            push_field(&mut message, value.as_deref());
        }
        for (column, kind) in table.later_columns {
            if let Some(value) = read_bytes(row, &format!("{alias}_"), column, *kind)? {
                push_field(&mut message, Some(column.as_bytes()));
                push_field(&mut message, Some(&value));
            }
        }
        Ok((self.0)(tenant, &message))
    }

    /// The seal of fields that are not one row of a sealed table.
    pub(crate) fn compute_fields(&self, tenant: TenantId, fields: &[&[u8]]) -> [u8; 32] {
        let mut message = Vec::with_capacity(256);
        for field in fields {
            push_field(&mut message, Some(field));
        }
        (self.0)(tenant, &message)
    }

    /// Checks the seal of a row that was read with [`SealedTable::select_list`] as `alias`.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the row was changed around the application.
    pub(crate) fn check_row(
        &self,
        table: &SealedTable,
        tenant: TenantId,
        row: &Row,
        alias: &str,
    ) -> Result<(), Error> {
        let prefix = format!("{alias}_");
        let id: Uuid = row.get_prefixed(&prefix, "id")?;
        let stored: Option<Vec<u8>> = row.get_prefixed(&prefix, "seal")?;
        let computed = self.compute_seal(table, tenant, row, alias);
        // A value that does not even parse was not written by the application either.
        let fits = computed.is_ok_and(|it| matches_seal(&it, stored.as_deref()));
        let table = table.name;
        fits.then_some(()).ok_or(Error::Tampered { table, id })
    }
}

/// Whether a stored seal is the computed one; compared in constant time.
pub(crate) fn matches_seal(computed: &[u8; 32], stored: Option<&[u8]>) -> bool {
    stored.is_some_and(|it| computed.as_slice().ct_eq(it).into())
}

impl fmt::Debug for RowSeals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowSeals(…)")
    }
}

/// The field after its length; a value that is absent differs from one that is empty.
fn push_field(message: &mut Vec<u8>, field: Option<&[u8]>) {
    let length = field.map_or(u64::MAX, |it| u64::try_from(it.len()).unwrap_or(u64::MAX));
    message.extend_from_slice(&length.to_be_bytes());
    message.extend_from_slice(field.unwrap_or_default());
}

fn read_bytes(
    row: &Row,
    prefix: &str,
    column: &'static str,
    kind: ColumnType,
) -> Result<Option<Vec<u8>>, Error> {
    Ok(match kind {
        ColumnType::Uuid => row
            .get_prefixed::<Option<Uuid>>(prefix, column)?
            .map(|it| it.as_bytes().to_vec()),
        ColumnType::Text => row
            .get_prefixed::<Option<String>>(prefix, column)?
            .map(String::into_bytes),
        ColumnType::Bytes => row.get_prefixed(prefix, column)?,
        ColumnType::Int => row
            .get_prefixed::<Option<i64>>(prefix, column)?
            .map(|it| it.to_be_bytes().to_vec()),
        ColumnType::Bool => row
            .get_prefixed::<Option<bool>>(prefix, column)?
            .map(|it| vec![u8::from(it)]),
    })
}
