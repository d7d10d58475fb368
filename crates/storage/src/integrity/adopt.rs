//! Rows from before there were seals: they are sealed as they are, once.
//!
//! The rule: only a row without a seal is sealed here, and only at the first start after the seals came. Later a row
//! without a seal is a row that was changed around the application.

use uuid::Uuid;

use crate::{
    Error, TenantTx,
    credentials::credential::{SELECT, credential_from_row},
    integrity::table::{ALL, SealedTable},
    sql::CHUNK,
};

impl TenantTx {
    /// Seals every row of this tenant, or of the installation, that has no seal yet; returns how many.
    pub async fn adopt_unsealed_rows(&self) -> Result<usize, Error> {
        let mut adopted = 0;
        for table in ALL.into_iter().filter(|it| it.is_reached_by(self.tenant)) {
            let ids = self.find_unsealed_rows(table).await?;
            self.seal_rows(table, &ids).await?;
            adopted += ids.len();
        }
        Ok(adopted + self.adopt_unsealed_slots().await?)
    }

    async fn find_unsealed_rows(&self, table: &SealedTable) -> Result<Vec<Uuid>, Error> {
        let query = self.sealed_query(
            table,
            "SELECT s.id FROM {table} s WHERE {own} AND s.seal IS NULL ORDER BY s.id",
        );
        let rows = self.fetch_on(table, query).await?;
        rows.iter().map(|row| row.get("id")).collect()
    }

    async fn adopt_unsealed_slots(&self) -> Result<usize, Error> {
        let mut adopted = 0;
        loop {
            let query = self
                .query(
                    "{select} AND c.slot = 'active' AND c.slot_seal IS NULL ORDER BY c.id LIMIT :limit",
                )
                .fill("select", SELECT)
                .bind("limit", i64::try_from(CHUNK).unwrap_or(i64::MAX));
            let rows = self.fetch_all(query).await?;
            if rows.is_empty() {
                return Ok(adopted);
            }
            let mut sealed = Vec::with_capacity(rows.len());
            for row in &rows {
                let credential = credential_from_row(row)?.credential;
                let seal = self.seal_slot(&credential)?;
                sealed.push([credential.id.uuid().into(), seal.into()]);
            }
            adopted += sealed.len();
            let query = self
                .query(
                    "WITH sealed (id, seal) AS (VALUES :sealed)
                     UPDATE credentials AS c SET slot_seal = sealed.seal FROM sealed
                     WHERE c.tenant_id = :tenant AND c.id = sealed.id",
                )
                .bind_rows("sealed", sealed);
            self.execute(query).await?;
        }
    }
}
