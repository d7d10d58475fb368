//! Operators of the installation. Only transactions of the installation itself change them.
//!
//! The rule: call [`TenantTx::lock_owners`] before removing an owner, so that two concurrent removals cannot
//! leave none.

use regrant_domain::{Operator, OperatorId, OperatorName, TenantId};

use crate::{
    Error, Store, TenantTx,
    integrity::OPERATORS,
    sql::{Query, Row, maybe_micros, to_micros},
};

/// An operator with the hash of the password. Not to be printed.
pub struct OperatorWithPassword {
    /// The operator.
    pub operator: Operator,
    /// The hash of the password.
    pub password_hash: String,
}

pub(crate) const COLUMNS: &str =
    "o.id, o.name, o.role, o.created_at, o.disabled_at, o.last_login_at, {sealed_operator}";

impl Store {
    /// The next operators after `after`, the oldest first.
    pub async fn list_operators(
        &self,
        after: Option<OperatorId>,
        limit: u32,
    ) -> Result<Vec<Operator>, Error> {
        let query = Query::new(
            "SELECT {columns} FROM operators o WHERE TRUE [AND o.id > :after]
             ORDER BY o.id LIMIT :limit",
        )
        .fill("columns", COLUMNS)
        .fill("sealed_operator", OPERATORS.select_list("o"))
        .bind_optional("after", after.map(OperatorId::uuid))
        .bind("limit", i64::from(limit));
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(operator_from_row).collect()
    }

    /// The operator with this id and the hash of the password.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none; [`Error::Tampered`].
    pub async fn find_operator_by_id(&self, id: OperatorId) -> Result<OperatorWithPassword, Error> {
        let query =
            Query::new("SELECT {columns}, o.password_hash FROM operators o WHERE o.id = :id")
                .fill("columns", COLUMNS)
                .fill("sealed_operator", OPERATORS.select_list("o"))
                .bind("id", id.uuid());
        let row = query.fetch_one(&self.connection).await?;
        let row = row.ok_or(Error::NotFound)?;
        self.check_operator_row(&row)?;
        operator_with_password_from_row(&row)
    }

    /// The operator with this name and the hash of the password, if there is one.
    ///
    /// # Errors
    /// [`Error::Tampered`].
    pub async fn find_operator_by_name(
        &self,
        name: &OperatorName,
    ) -> Result<Option<OperatorWithPassword>, Error> {
        let query =
            Query::new("SELECT {columns}, o.password_hash FROM operators o WHERE o.name = :name")
                .fill("columns", COLUMNS)
                .fill("sealed_operator", OPERATORS.select_list("o"))
                .bind("name", name.as_str());
        let Some(row) = query.fetch_one(&self.connection).await? else {
            return Ok(None);
        };
        self.check_operator_row(&row)?;
        operator_with_password_from_row(&row).map(Some)
    }

    fn check_operator_row(&self, row: &Row) -> Result<(), Error> {
        self.row_seals()?
            .check_row(&OPERATORS, TenantId::SYSTEM, row, "o")
    }
}

impl TenantTx {
    /// Inserts an operator.
    ///
    /// # Errors
    /// [`Error::Taken`]: the name is.
    pub async fn insert_operator(
        &self,
        operator: &Operator,
        password_hash: &str,
    ) -> Result<(), Error> {
        let query = Query::new(
            "INSERT INTO operators (id, name, role, password_hash, created_at, disabled_at)
             VALUES (:id, :name, :role, :password_hash, :created_at, :disabled_at)
             ON CONFLICT DO NOTHING",
        )
        .bind("id", operator.id.uuid())
        .bind("name", operator.name.as_str())
        .bind("role", operator.role.as_str())
        .bind("password_hash", password_hash)
        .bind("created_at", to_micros(operator.created_at))
        .bind("disabled_at", maybe_micros(operator.disabled_at));
        match self
            .insert_sealed(&OPERATORS, operator.id.uuid(), query)
            .await?
        {
            0 => Err(Error::Taken("operator")),
            _ => Ok(()),
        }
    }

    /// The operator with this id and the hash of the password, locked until this transaction ends.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none; [`Error::Tampered`].
    pub async fn lock_operator(&self, id: OperatorId) -> Result<OperatorWithPassword, Error> {
        self.require_installation()?;
        let query = Query::new(
            "SELECT {columns}, o.password_hash FROM operators o WHERE o.id = :id {for_update}",
        )
        .fill("columns", COLUMNS)
        .fill("sealed_operator", OPERATORS.select_list("o"))
        .bind("id", id.uuid());
        let row = query.fetch_one(&self.transaction).await?;
        let row = row.ok_or(Error::NotFound)?;
        self.check_sealed(&OPERATORS, &row, "o")?;
        operator_with_password_from_row(&row)
    }

    /// The owners that are not disabled, locked until this transaction ends. An owner whose row was changed around the
    /// application does not count.
    pub async fn lock_owners(&self) -> Result<Vec<OperatorId>, Error> {
        self.require_installation()?;
        let query = Query::new(
            "SELECT o.id, {sealed} FROM operators o
             WHERE o.role = 'owner' AND o.disabled_at IS NULL ORDER BY o.id {for_update}",
        )
        .fill("sealed", OPERATORS.select_list("o"));
        let rows = query.fetch_all(&self.transaction).await?;
        rows.iter()
            .filter(|row| self.check_sealed(&OPERATORS, row, "o").is_ok())
            .map(|row| Ok(OperatorId::from_uuid(row.get("id")?)))
            .collect()
    }

    /// Writes an operator's name and role, and whether the operator is disabled.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none; [`Error::Taken`]: another operator has the name.
    pub async fn update_operator(&self, operator: &Operator) -> Result<(), Error> {
        let taken =
            Query::new("SELECT 1 AS taken FROM operators o WHERE o.name = :name AND o.id <> :id")
                .bind("name", operator.name.as_str())
                .bind("id", operator.id.uuid());
        if taken.fetch_one(&self.transaction).await?.is_some() {
            return Err(Error::Taken("operator"));
        }
        let query = Query::new(
            "UPDATE operators SET name = :name, role = :role, disabled_at = :disabled_at
             WHERE id = :id",
        )
        .bind("name", operator.name.as_str())
        .bind("role", operator.role.as_str())
        .bind("disabled_at", maybe_micros(operator.disabled_at))
        .bind("id", operator.id.uuid());
        self.change_operator(operator.id, query).await
    }

    /// Changes an operator's password.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn set_operator_password(
        &self,
        id: OperatorId,
        password_hash: &str,
    ) -> Result<(), Error> {
        let query =
            Query::new("UPDATE operators SET password_hash = :password_hash WHERE id = :id")
                .bind("password_hash", password_hash)
                .bind("id", id.uuid());
        self.change_operator(id, query).await
    }

    /// Deletes an operator with the operator's sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn delete_operator(&self, id: OperatorId) -> Result<(), Error> {
        let query = Query::new("DELETE FROM operators WHERE id = :id").bind("id", id.uuid());
        if self.run_on_installation(query).await? == 0 {
            return Err(Error::NotFound);
        }
        self.note_sealed_row_deleted(&OPERATORS, id.uuid());
        Ok(())
    }

    /// Runs a statement on rows of the installation, which belong to no tenant.
    pub(crate) async fn run_on_installation(&self, query: Query) -> Result<u64, Error> {
        self.require_installation()?;
        query.execute(&self.transaction).await
    }

    /// Refuses a tenant's transaction: it must not touch rows of the installation.
    pub(crate) fn require_installation(&self) -> Result<(), Error> {
        if self.tenant == TenantId::SYSTEM {
            Ok(())
        } else {
            Err(Error::Unsupported(
                "a tenant's transaction on the installation's rows".to_owned(),
            ))
        }
    }

    /// Runs a statement that changes one operator.
    async fn change_operator(&self, id: OperatorId, change: Query) -> Result<(), Error> {
        match self.change_sealed(&OPERATORS, &[id.uuid()], change).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

fn operator_with_password_from_row(row: &Row) -> Result<OperatorWithPassword, Error> {
    Ok(OperatorWithPassword {
        operator: operator_from_row(row)?,
        password_hash: row.get("password_hash")?,
    })
}

pub(crate) fn operator_from_row(row: &Row) -> Result<Operator, Error> {
    Ok(Operator {
        id: OperatorId::from_uuid(row.get("id")?),
        name: row.parse("name")?,
        role: row.parse("role")?,
        created_at: row.time("created_at")?,
        disabled_at: row.maybe_time("disabled_at")?,
        last_login_at: row.maybe_time("last_login_at")?,
    })
}
