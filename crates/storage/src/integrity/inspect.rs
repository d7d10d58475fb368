//! What verifying the audit compares: every sealed row of a tenant, or of the installation.

use uuid::Uuid;

use crate::{
    Error, TenantTx,
    integrity::{
        rows::ALIAS,
        table::{ALL, SealedTable},
    },
};

/// A row that carries a seal, by table and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowName {
    /// The table.
    pub table: &'static str,
    /// The id.
    pub id: Uuid,
}

impl std::fmt::Display for RowName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.table, self.id)
    }
}

/// A row with the seal that is stored.
#[derive(Debug, Clone)]
pub struct SealedRow {
    /// The row.
    pub name: RowName,
    /// The stored seal, in hex.
    pub seal: String,
    /// Whether the seal is the one of the row as it is.
    pub is_intact: bool,
}

impl TenantTx {
    /// Every sealed row of the transaction's tenant, or of the installation.
    pub async fn inspect_sealed_rows(&self) -> Result<Vec<SealedRow>, Error> {
        let mut all = Vec::new();
        for table in ALL.into_iter().filter(|it| it.is_reached_by(self.tenant)) {
            all.extend(self.inspect_table(table).await?);
        }
        Ok(all)
    }

    /// Seals a row as it is: an operator looked at it and accepts it.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the transaction's tenant, or the installation, has no such sealed row.
    pub async fn accept_row(&self, table: &str, id: Uuid) -> Result<(), Error> {
        let reached = |it: &&SealedTable| it.name == table && it.is_reached_by(self.tenant);
        let table = ALL.into_iter().find(reached).ok_or(Error::NotFound)?;
        match self.seal_rows(table, &[id]).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }

    async fn inspect_table(&self, table: &'static SealedTable) -> Result<Vec<SealedRow>, Error> {
        let query = self.sealed_query(
            table,
            "SELECT {columns} FROM {table} s WHERE {own} ORDER BY s.id",
        );
        let query = query.fill("columns", table.select_list(ALIAS));
        let mut all = Vec::new();
        for row in self.fetch_on(table, query).await? {
            let seal: Option<Vec<u8>> = row.get("s_seal")?;
            all.push(SealedRow {
                name: RowName {
                    table: table.name,
                    id: row.get("s_id")?,
                },
                seal: hex::encode(seal.unwrap_or_default()),
                is_intact: self.check_sealed(table, &row, ALIAS).is_ok(),
            });
        }
        Ok(all)
    }
}
