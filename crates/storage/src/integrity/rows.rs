//! Sealing rows, and changing rows that carry a seal.
//!
//! The rule: check before the change and seal after it, both under the row's lock. So a change never seals what
//! someone else wrote.

use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, TenantTx,
    integrity::{
        RowSeals,
        table::{RowOwner, SealedTable},
    },
    sql::{CHUNK, Query, Row},
};

/// The alias under which rows are read here.
pub(super) const ALIAS: &str = "s";

impl TenantTx {
    /// Changes rows that carry a seal; returns how many the statement touched.
    ///
    /// # Errors
    /// [`Error::Tampered`]: a row was changed around the application.
    pub(crate) async fn change_sealed(
        &self,
        table: &SealedTable,
        ids: &[Uuid],
        change: Query,
    ) -> Result<u64, Error> {
        self.lock_sealed(table, ids).await?;
        let touched = self.run_on(table, change).await?;
        self.seal_rows(table, ids).await?;
        Ok(touched)
    }

    /// Inserts one row that carries a seal; 0 if it was not inserted.
    pub(crate) async fn insert_sealed(
        &self,
        table: &SealedTable,
        id: Uuid,
        insert: Query,
    ) -> Result<u64, Error> {
        let inserted = self.run_on(table, insert).await?;
        if inserted > 0 {
            self.seal_rows(table, &[id]).await?;
        }
        Ok(inserted)
    }

    /// Locks rows until this transaction ends, and checks their seals. Rows that are gone are left out.
    ///
    /// # Errors
    /// [`Error::Tampered`]: a row was changed around the application.
    pub(crate) async fn lock_sealed(&self, table: &SealedTable, ids: &[Uuid]) -> Result<(), Error> {
        for row in self.read_sealed(table, ids).await? {
            self.check_sealed(table, &row, ALIAS)?;
        }
        Ok(())
    }

    /// Checks the seal of a row that was read with [`SealedTable::select_list`] as `alias`.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the row was changed around the application.
    pub(crate) fn check_sealed(
        &self,
        table: &SealedTable,
        row: &Row,
        alias: &str,
    ) -> Result<(), Error> {
        self.row_seals()?.check_row(table, self.tenant, row, alias)
    }

    /// Writes the seals of these rows as they are now, whatever seal they had; returns how many rows there are.
    pub(crate) async fn seal_rows(
        &self,
        table: &SealedTable,
        ids: &[Uuid],
    ) -> Result<usize, Error> {
        let rows = self.read_sealed(table, ids).await?;
        let mut sealed = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: Uuid = row.get("s_id")?;
            let seal = self
                .row_seals()?
                .compute_seal(table, self.tenant, row, ALIAS)?;
            self.ledger.note_seal(table.name, id, Some(seal));
            sealed.push((id, seal));
        }
        for chunk in sealed.chunks(CHUNK) {
            self.write_seals(table, chunk).await?;
        }
        Ok(sealed.len())
    }

    /// Notes that a sealed row was deleted, so that verifying the audit finds it if it is put back.
    pub(crate) fn note_sealed_row_deleted(&self, table: &SealedTable, id: Uuid) {
        self.ledger.note_seal(table.name, id, None);
    }

    pub(crate) fn row_seals(&self) -> Result<&RowSeals, Error> {
        self.seals.as_ref().ok_or_else(without_seals)
    }

    /// Reads every column that the seals cover, and locks the rows.
    async fn read_sealed(&self, table: &SealedTable, ids: &[Uuid]) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let query = self.sealed_query(
                table,
                "SELECT {columns} FROM {table} s WHERE {own} AND s.id IN :ids ORDER BY s.id {for_update}",
            );
            let query = query
                .fill("columns", table.select_list(ALIAS))
                .bind_list("ids", chunk.iter().copied());
            rows.extend(self.fetch_on(table, query).await?);
        }
        Ok(rows)
    }

    async fn write_seals(
        &self,
        table: &SealedTable,
        sealed: &[(Uuid, [u8; 32])],
    ) -> Result<(), Error> {
        let row =
            |(id, seal): &(Uuid, [u8; 32])| -> [Value; 2] { [(*id).into(), seal.to_vec().into()] };
        let query = self.sealed_query(
            table,
            "WITH sealed (id, seal) AS (VALUES :sealed)
             UPDATE {table} AS s SET seal = sealed.seal FROM sealed
             WHERE {own} AND s.id = sealed.id",
        );
        let query = query.bind_rows("sealed", sealed.iter().map(row));
        self.run_on(table, query).await.map(drop)
    }

    /// A statement over rows `s` of this table, with `{table}` and `{own}` filled.
    pub(crate) fn sealed_query(&self, table: &SealedTable, sql: &'static str) -> Query {
        let own = match table.owner {
            RowOwner::Tenant => "s.tenant_id = :tenant",
            RowOwner::Itself => "s.id = :tenant",
            // These rows name no tenant; only transactions of the installation reach them.
            RowOwner::Installation => "TRUE",
        };
        let query = match table.owner {
            RowOwner::Tenant | RowOwner::Itself => Query::tenant(self.tenant, sql),
            RowOwner::Installation => Query::new(sql),
        };
        query.fill("table", table.name).fill("own", own)
    }

    pub(crate) async fn fetch_on(
        &self,
        table: &SealedTable,
        query: Query,
    ) -> Result<Vec<Row>, Error> {
        self.check_owner(table)?;
        match table.owner {
            RowOwner::Tenant => self.fetch_all(query).await,
            RowOwner::Itself | RowOwner::Installation => query.fetch_all(&self.transaction).await,
        }
    }

    async fn run_on(&self, table: &SealedTable, query: Query) -> Result<u64, Error> {
        self.check_owner(table)?;
        match table.owner {
            RowOwner::Tenant => self.execute(query).await,
            RowOwner::Itself | RowOwner::Installation => query.execute(&self.transaction).await,
        }
    }

    fn check_owner(&self, table: &SealedTable) -> Result<(), Error> {
        if table.owner == RowOwner::Installation {
            self.require_installation()?;
        }
        Ok(())
    }
}

pub(crate) fn without_seals() -> Error {
    Error::Unsupported("a store without the key of its seals".to_owned())
}
