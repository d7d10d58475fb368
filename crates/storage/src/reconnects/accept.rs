//! The life of a reconnect: accepted, validated, finished or erased.

use regrant_domain::{
    ClientId, GrantId, PersonId, ReconnectId, ReconnectSessionId, ReconnectStatus, SealedRecord,
    Timestamp,
};

use crate::{
    DueKind, Error, Lease, NewItem, ReconnectCause, TenantTx, UndoneReconnect,
    sql::{Query, to_micros},
};

/// A reconnect to accept.
#[derive(Debug, Clone)]
pub struct NewReconnect {
    /// The id.
    pub id: ReconnectId,
    /// The person the token must belong to, if the caller named one.
    pub expect_person: Option<PersonId>,
    /// The submitted token; an undo has none.
    pub submitted: Option<SealedRecord>,
    /// The client that requests it.
    pub created_by: ClientId,
    /// The reconnect session that requests it, if one does.
    pub session: Option<ReconnectSessionId>,
    /// What starts it.
    pub cause: ReconnectCause,
    /// The reconnect that it undoes, if it does.
    pub undo: Option<UndoneReconnect>,
    /// When it is requested.
    pub created_at: Timestamp,
}

/// The result of accepting a reconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedReconnect {
    /// The number of the reconnect among the tenant's.
    pub intent_seq: i64,
    /// The right to work on it, if it is due.
    pub lease: Option<Lease>,
}

impl TenantTx {
    /// Accepts a reconnect with its items, in their order. With `due` (owner, leased until, due at) it is
    /// due and leased from the start.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant is gone.
    pub async fn accept_reconnect(
        &self,
        reconnect: &NewReconnect,
        items: &[NewItem],
        due: Option<(&str, Timestamp, Timestamp)>,
    ) -> Result<AcceptedReconnect, Error> {
        let intent_seq = self.take_next_intent_seq().await?;
        self.insert_reconnect(reconnect, items, intent_seq).await?;
        self.insert_items(reconnect.id, items, reconnect.created_at)
            .await?;
        let Some((owner, until, due_at)) = due else {
            return Ok(AcceptedReconnect {
                intent_seq,
                lease: None,
            });
        };
        let object = reconnect.id.uuid();
        let lease = self
            .insert_due(DueKind::Reconnect, object, due_at, (owner, until))
            .await?;
        Ok(AcceptedReconnect {
            intent_seq,
            lease: Some(lease),
        })
    }

    async fn insert_reconnect(
        &self,
        reconnect: &NewReconnect,
        items: &[NewItem],
        intent_seq: i64,
    ) -> Result<(), Error> {
        let settled = items.iter().filter(|it| it.result.is_some()).count();
        let person = reconnect.expect_person.as_ref();
        let submitted = reconnect.submitted.as_ref();
        let query = self
            .query(
                "INSERT INTO reconnects (tenant_id, id, intent_seq, status, expect_person, submitted,
                     event_seq, total, created_by, session_id, origin, undo_of, undo_seq, created_at)
                 VALUES (:tenant, :id, :intent_seq, 'running', :person, :submitted,
                     :event_seq, :total, :created_by, :session, :origin, :undo_of, :undo_seq,
                     :created_at)",
            )
            .bind("id", reconnect.id.uuid())
            .bind("intent_seq", intent_seq)
            .bind("person", person.map(|id| id.as_str().to_owned()))
            .bind("submitted", submitted.map(|it| it.as_bytes().to_vec()))
            .bind("undo_of", reconnect.undo.map(|it| it.id.uuid()))
            .bind("undo_seq", reconnect.undo.map(|it| it.intent_seq))
            .bind("event_seq", to_count(settled)?)
            .bind("total", to_count(items.len())?)
            .bind("created_by", reconnect.created_by.uuid())
            .bind("session", reconnect.session.map(ReconnectSessionId::uuid))
            .bind("origin", reconnect.cause.as_str())
            .bind("created_at", to_micros(reconnect.created_at));
        self.execute(query).await.map(drop)
    }

    /// Takes the next number of the tenant's reconnects. The tenant's row stays locked until this
    /// transaction ends, so that reconnects are accepted one after the other.
    async fn take_next_intent_seq(&self) -> Result<i64, Error> {
        let query = Query::tenant(
            self.tenant,
            "UPDATE tenants SET intent_seq = intent_seq + 1 WHERE id = :tenant
             RETURNING intent_seq",
        );
        let row = query.fetch_one(&self.transaction).await?;
        row.ok_or(Error::NotFound)?.get("intent_seq")
    }

    /// Notes that the token was validated: the grant it belongs to, and the token resealed.
    ///
    /// # Errors
    /// [`Error::Stale`]: the reconnect is finished.
    pub async fn mark_token_validated(
        &self,
        id: ReconnectId,
        grant: GrantId,
        submitted: &SealedRecord,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE reconnects
                 SET token_validated = (0 = 0), grant_id = :grant, submitted = :submitted
                 WHERE tenant_id = :tenant AND id = :id
                     AND status NOT IN ('completed', 'cancelled')",
            )
            .bind("grant", grant.uuid())
            .bind("submitted", submitted.as_bytes())
            .bind("id", id.uuid());
        self.execute_exactly(1, query).await
    }

    /// Finishes a reconnect: wipes its token and removes its due work.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is finished already.
    pub async fn finish_reconnect(
        &self,
        id: ReconnectId,
        status: ReconnectStatus,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE reconnects SET submitted = NULL, status = :status, finished_at = :at
                 WHERE tenant_id = :tenant AND id = :id
                     AND status NOT IN ('completed', 'cancelled')",
            )
            .bind("status", status.as_str())
            .bind("at", to_micros(at))
            .bind("id", id.uuid());
        self.execute_exactly(1, query).await?;
        self.delete_due(DueKind::Reconnect, id.uuid()).await
    }

    /// Removes a reconnect from due work; a process that works on it loses its lease.
    pub async fn withdraw_reconnect(&self, id: ReconnectId) -> Result<(), Error> {
        self.delete_due(DueKind::Reconnect, id.uuid()).await
    }

    /// Deletes a reconnect whose call was refused, with its items, idempotency key and due work.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn erase_reconnect(&self, id: ReconnectId) -> Result<(), Error> {
        self.delete_due(DueKind::Reconnect, id.uuid()).await?;
        let query = self
            .query("DELETE FROM reconnects WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id.uuid());
        match self.execute(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

fn to_count(n: usize) -> Result<i64, Error> {
    i64::try_from(n).map_err(|_| Error::Unsupported("too many items".to_owned()))
}
