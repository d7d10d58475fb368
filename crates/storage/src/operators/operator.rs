//! Operators and their log-ins: installation-wide, so the transactions that change them are the installation's own.
//!
//! The rule: whoever takes an owner away holds [`TenantTx::lock_owners`] first, so that of two that do so at once
//! the second one sees what the first did.

use regrant_domain::{
    OperatorId, OperatorName, OperatorRole, OperatorSessionId, TenantId, Timestamp,
};
use sea_orm::Value;

use crate::{
    Error, Store, TenantTx,
    sql::{Query, Row, maybe_time, time},
};

/// An operator, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// What it logs in as.
    pub name: OperatorName,
    /// What it may do.
    pub role: OperatorRole,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is refused.
    pub disabled_at: Option<Timestamp>,
    /// When it logged in last.
    pub last_login_at: Option<Timestamp>,
}

/// An operator with the hash of its password. Not to be printed.
pub struct OperatorWithPassword {
    /// The operator.
    pub operator: Operator,
    /// The hash of its password.
    pub password_hash: String,
}

/// A log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorSession {
    /// Its id.
    pub id: OperatorSessionId,
    /// Whose it is.
    pub operator: OperatorId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

const COLUMNS: &str = "SELECT o.id, o.name, o.role, o.created_at, o.disabled_at, o.last_login_at";

impl Store {
    /// Operators after `after`, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn operators(
        &self,
        after: Option<OperatorId>,
        limit: u32,
    ) -> Result<Vec<Operator>, Error> {
        let mut query = Query::new(COLUMNS).sql(" FROM operators o");
        if let Some(after) = after {
            query = query.sql(" WHERE o.id > ").bind(after.uuid());
        }
        let query = query.sql(" ORDER BY o.id LIMIT ").bind(i64::from(limit));
        query
            .all(&self.connection)
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// The operator with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn operator(&self, id: OperatorId) -> Result<Operator, Error> {
        let query = Query::new(COLUMNS)
            .sql(" FROM operators o WHERE o.id = ")
            .bind(id.uuid());
        read(&query.one(&self.connection).await?.ok_or(Error::NotFound)?)
    }

    /// The operator of this name with the hash of its password, if there is one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find_operator(
        &self,
        name: &OperatorName,
    ) -> Result<Option<OperatorWithPassword>, Error> {
        let query = Query::new(COLUMNS).sql(", o.password_hash FROM operators o WHERE o.name = ");
        let row = query.bind(name.as_str()).one(&self.connection).await?;
        row.map(|row| with_password(&row)).transpose()
    }

    /// Whoever is logged in with this session at `now`, unless it is disabled.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find_logged_in(
        &self,
        session: OperatorSessionId,
        now: Timestamp,
    ) -> Result<Option<Operator>, Error> {
        let query = Query::new(COLUMNS)
            .sql(
                " FROM operator_sessions s JOIN operators o ON o.id = s.operator_id
                 WHERE o.disabled_at IS NULL AND s.expires_at > ",
            )
            .bind(time(now))
            .sql(" AND s.id = ")
            .bind(session.uuid());
        query
            .one(&self.connection)
            .await?
            .map(|row| read(&row))
            .transpose()
    }

    /// Drops log-ins that ended before `before`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_operator_sessions(&self, before: Timestamp) -> Result<u64, Error> {
        self.write(
            Query::new("DELETE FROM operator_sessions WHERE expires_at < ").bind(time(before)),
        )
        .await
    }
}

impl TenantTx {
    /// Keeps an operator.
    ///
    /// # Errors
    /// [`Error::Taken`]: its name is.
    pub async fn insert_operator(
        &self,
        operator: &Operator,
        password_hash: &str,
    ) -> Result<(), Error> {
        let row: [Value; 6] = [
            operator.id.uuid().into(),
            operator.name.as_str().into(),
            operator.role.as_str().into(),
            password_hash.into(),
            time(operator.created_at).into(),
            maybe_time(operator.disabled_at).into(),
        ];
        let query = Query::new(
            "INSERT INTO operators (id, name, role, password_hash, created_at, disabled_at) VALUES ",
        );
        match self
            .of_installation(query.list(row).sql(" ON CONFLICT DO NOTHING"))
            .await?
        {
            0 => Err(Error::Taken("operator")),
            _ => Ok(()),
        }
    }

    /// The operator as this transaction sees it, kept from changes by others until it ends.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn lock_operator(&self, id: OperatorId) -> Result<OperatorWithPassword, Error> {
        self.demand_installation()?;
        let query = Query::new(COLUMNS).sql(", o.password_hash FROM operators o WHERE o.id = ");
        let query = query.bind(id.uuid()).sql(self.dialect.for_update());
        with_password(&query.one(&self.transaction).await?.ok_or(Error::NotFound)?)
    }

    /// The owners who are not disabled, kept from changes by others until this transaction ends.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lock_owners(&self) -> Result<Vec<OperatorId>, Error> {
        self.demand_installation()?;
        let query = Query::new(
            "SELECT o.id FROM operators o WHERE o.role = 'owner' AND o.disabled_at IS NULL ORDER BY o.id",
        );
        let rows = query
            .sql(self.dialect.for_update())
            .all(&self.transaction)
            .await?;
        rows.iter()
            .map(|row| Ok(OperatorId::from_uuid(row.get("id")?)))
            .collect()
    }

    /// Writes what of an operator can change: its name, its role, whether it is disabled.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none; [`Error::Taken`]: another one has the name.
    pub async fn update_operator(&self, operator: &Operator) -> Result<(), Error> {
        let taken = Query::new("SELECT 1 AS taken FROM operators o WHERE o.name = ")
            .bind(operator.name.as_str())
            .sql(" AND o.id <> ")
            .bind(operator.id.uuid());
        if taken.one(&self.transaction).await?.is_some() {
            return Err(Error::Taken("operator"));
        }
        let query = Query::new("UPDATE operators SET name = ")
            .bind(operator.name.as_str())
            .sql(", role = ")
            .bind(operator.role.as_str())
            .sql(", disabled_at = ")
            .bind(maybe_time(operator.disabled_at));
        self.of_operator(operator.id, query).await
    }

    /// Gives an operator another password.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn set_operator_password(
        &self,
        id: OperatorId,
        password_hash: &str,
    ) -> Result<(), Error> {
        self.of_operator(
            id,
            Query::new("UPDATE operators SET password_hash = ").bind(password_hash),
        )
        .await
    }

    /// Forgets an operator and its log-ins.
    ///
    /// # Errors
    /// [`Error::NotFound`]: there is none.
    pub async fn delete_operator(&self, id: OperatorId) -> Result<(), Error> {
        self.of_operator(id, Query::new("DELETE FROM operators"))
            .await
    }

    /// Keeps a log-in, and when its operator logged in last.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the operator is gone.
    pub async fn insert_operator_session(&self, session: &OperatorSession) -> Result<(), Error> {
        let seen =
            Query::new("UPDATE operators SET last_login_at = ").bind(time(session.created_at));
        self.of_operator(session.operator, seen).await?;
        let row: [Value; 4] = [
            session.id.uuid().into(),
            session.operator.uuid().into(),
            time(session.created_at).into(),
            time(session.expires_at).into(),
        ];
        let query = Query::new(
            "INSERT INTO operator_sessions (id, operator_id, created_at, expires_at) VALUES ",
        );
        self.of_installation(query.list(row)).await.map(drop)
    }

    /// Ends one log-in; whether there was one to end.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_operator_session(&self, session: OperatorSessionId) -> Result<bool, Error> {
        let query = Query::new("DELETE FROM operator_sessions WHERE id = ").bind(session.uuid());
        Ok(self.of_installation(query).await? > 0)
    }

    /// Ends an operator's log-ins, but for the one named; how many there were.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_operator_sessions(
        &self,
        operator: OperatorId,
        but: Option<OperatorSessionId>,
    ) -> Result<u64, Error> {
        let mut query =
            Query::new("DELETE FROM operator_sessions WHERE operator_id = ").bind(operator.uuid());
        if let Some(but) = but {
            query = query.sql(" AND id <> ").bind(but.uuid());
        }
        self.of_installation(query).await
    }

    /// Runs a statement on what belongs to the installation and to no tenant.
    pub(crate) async fn of_installation(&self, query: Query) -> Result<u64, Error> {
        self.demand_installation()?;
        query.run(&self.transaction).await
    }

    /// A tenant's transaction touches nothing of the installation's.
    pub(crate) fn demand_installation(&self) -> Result<(), Error> {
        if self.tenant == TenantId::SYSTEM {
            Ok(())
        } else {
            Err(Error::Unsupported(
                "a tenant's transaction on the installation's rows".to_owned(),
            ))
        }
    }

    async fn of_operator(&self, id: OperatorId, query: Query) -> Result<(), Error> {
        match self
            .of_installation(query.sql(" WHERE id = ").bind(id.uuid()))
            .await?
        {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

fn with_password(row: &Row) -> Result<OperatorWithPassword, Error> {
    Ok(OperatorWithPassword {
        operator: read(row)?,
        password_hash: row.get("password_hash")?,
    })
}

fn read(row: &Row) -> Result<Operator, Error> {
    Ok(Operator {
        id: OperatorId::from_uuid(row.get("id")?),
        name: row.parsed("name")?,
        role: row.parsed("role")?,
        created_at: row.time("created_at")?,
        disabled_at: row.maybe_time("disabled_at")?,
        last_login_at: row.maybe_time("last_login_at")?,
    })
}
