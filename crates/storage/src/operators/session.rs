//! Sessions of operators who logged in.

use regrant_domain::{Operator, OperatorId, OperatorSessionId, TenantId, Timestamp};

use crate::{
    Error, RowSeals, Store, TenantTx,
    integrity::{OPERATOR_SESSIONS, OPERATORS},
    operators::operator::{COLUMNS, operator_from_row},
    sql::{Query, Row, to_micros},
};

/// A session of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorSession {
    /// The id.
    pub id: OperatorSessionId,
    /// The operator.
    pub operator: OperatorId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Store {
    /// The operator of this session, if the session is valid at `now` and the operator not disabled.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the session or its operator was changed around the application.
    pub async fn find_operator_of_session(
        &self,
        session: OperatorSessionId,
        now: Timestamp,
    ) -> Result<Option<Operator>, Error> {
        let query = select_operator(session, now);
        let row = query.fetch_one(&self.connection).await?;
        row.map(|it| read_operator(self.row_seals()?, &it))
            .transpose()
    }

    /// Deletes sessions that expired before `before`.
    pub async fn purge_operator_sessions(&self, before: Timestamp) -> Result<u64, Error> {
        let query = Query::new("DELETE FROM operator_sessions WHERE expires_at < :before")
            .bind("before", to_micros(before));
        self.execute_write(query).await
    }
}

impl TenantTx {
    /// The same in this transaction, which may have waited for what ends sessions.
    ///
    /// # Errors
    /// As [`Store::find_operator_of_session`].
    pub async fn find_operator_of_session(
        &self,
        session: OperatorSessionId,
        now: Timestamp,
    ) -> Result<Option<Operator>, Error> {
        self.require_installation()?;
        let query = select_operator(session, now);
        let row = query.fetch_one(&self.transaction).await?;
        row.map(|it| read_operator(self.row_seals()?, &it))
            .transpose()
    }

    /// Inserts a session, and notes that its operator logged in.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the operator is gone.
    pub async fn insert_operator_session(&self, session: &OperatorSession) -> Result<(), Error> {
        let login = Query::new("UPDATE operators SET last_login_at = :at WHERE id = :id")
            .bind("at", to_micros(session.created_at))
            .bind("id", session.operator.uuid());
        if self.run_on_installation(login).await? == 0 {
            return Err(Error::NotFound);
        }
        let query = Query::new(
            "INSERT INTO operator_sessions (id, operator_id, created_at, expires_at)
             VALUES (:id, :operator, :created_at, :expires_at)",
        )
        .bind("id", session.id.uuid())
        .bind("operator", session.operator.uuid())
        .bind("created_at", to_micros(session.created_at))
        .bind("expires_at", to_micros(session.expires_at));
        self.insert_sealed(&OPERATOR_SESSIONS, session.id.uuid(), query)
            .await
            .map(drop)
    }

    /// Deletes one session; whether there was one.
    pub async fn delete_operator_session(&self, session: OperatorSessionId) -> Result<bool, Error> {
        let query = Query::new("DELETE FROM operator_sessions WHERE id = :session")
            .bind("session", session.uuid());
        let was_there = self.run_on_installation(query).await? > 0;
        if was_there {
            self.note_sealed_row_deleted(&OPERATOR_SESSIONS, session.uuid());
        }
        Ok(was_there)
    }

    /// Deletes an operator's sessions except `but`; returns how many.
    pub async fn end_operator_sessions(
        &self,
        operator: OperatorId,
        but: Option<OperatorSessionId>,
    ) -> Result<u64, Error> {
        let query = Query::new(
            "DELETE FROM operator_sessions WHERE operator_id = :operator [AND id <> :but]
             RETURNING id",
        )
        .bind("operator", operator.uuid())
        .bind_optional("but", but.map(OperatorSessionId::uuid));
        self.require_installation()?;
        let ended = query.fetch_all(&self.transaction).await?;
        for row in &ended {
            self.note_sealed_row_deleted(&OPERATOR_SESSIONS, row.get("id")?);
        }
        u64::try_from(ended.len()).map_err(|_| Error::Corrupt("count"))
    }
}

fn select_operator(session: OperatorSessionId, now: Timestamp) -> Query {
    Query::new(
        "SELECT {columns}, {sealed_session}
         FROM operator_sessions s JOIN operators o ON o.id = s.operator_id
         WHERE o.disabled_at IS NULL AND s.expires_at > :now AND s.id = :session",
    )
    .fill("columns", COLUMNS)
    .fill("sealed_operator", OPERATORS.select_list("o"))
    .fill("sealed_session", OPERATOR_SESSIONS.select_list("s"))
    .bind("now", to_micros(now))
    .bind("session", session.uuid())
}

fn read_operator(seals: &RowSeals, row: &Row) -> Result<Operator, Error> {
    seals.check_row(&OPERATORS, TenantId::SYSTEM, row, "o")?;
    seals.check_row(&OPERATOR_SESSIONS, TenantId::SYSTEM, row, "s")?;
    operator_from_row(row)
}
