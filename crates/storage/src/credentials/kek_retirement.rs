//! Requests to destroy a version of the key-encryption key (KEK). Only transactions of the installation change them.
//!
//! The rule: a request decides what a second operator approves, and an approved one that the version may be destroyed. So
//! its row carries a seal.

use regrant_domain::{KekRef, OperatorId, RetirementRequest, Timestamp};
use uuid::Uuid;

use crate::{
    Error, Store, TenantTx,
    integrity::KEK_RETIREMENTS,
    sql::{Query, Row, maybe_micros, to_micros},
};

/// A request to destroy a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KekRetirement {
    /// The version.
    pub kek: KekRef,
    /// Who asked, and when.
    pub request: RetirementRequest,
    /// When it was approved. From then on it does not end before the version is destroyed.
    pub approved_at: Option<Timestamp>,
}

impl Store {
    /// Every request, those that ended too. They are for reading: nothing may be decided by them.
    pub async fn list_kek_retirements(&self) -> Result<Vec<KekRetirement>, Error> {
        let query = Query::new(
            "SELECT kek, requester_id, requested_at, approved_at FROM kek_retirements ORDER BY kek",
        );
        let rows = query.fetch_all(&self.connection).await?;
        rows.iter().map(retirement_from_row).collect()
    }
}

impl TenantTx {
    /// The request for this version, if there is one; locked until this transaction ends.
    ///
    /// # Errors
    /// [`Error::Tampered`].
    pub async fn lock_kek_retirement(&self, kek: KekRef) -> Result<Option<KekRetirement>, Error> {
        self.require_installation()?;
        let query = Query::new(
            "SELECT s.kek, s.requester_id, s.requested_at, s.approved_at, {sealed}
             FROM kek_retirements s WHERE s.kek = :kek {for_update}",
        )
        .fill("sealed", KEK_RETIREMENTS.select_list("s"))
        .bind("kek", kek.to_bytes().to_vec());
        let Some(row) = query.fetch_one(&self.transaction).await? else {
            return Ok(None);
        };
        self.check_sealed(&KEK_RETIREMENTS, &row, "s")?;
        retirement_from_row(&row).map(Some)
    }

    /// Writes a request, open or approved, in the place of an earlier one for this version.
    ///
    /// # Errors
    /// [`Error::Stale`]: another transaction wrote one.
    pub async fn put_kek_retirement(&self, written: KekRetirement) -> Result<(), Error> {
        let KekRetirement {
            kek,
            request,
            approved_at,
        } = written;
        self.delete_kek_retirement(kek).await?;
        let id = Uuid::now_v7();
        let query = Query::new(
            "INSERT INTO kek_retirements (id, kek, requester_id, requested_at, approved_at)
             VALUES (:id, :kek, :requester, :at, :approved_at) ON CONFLICT DO NOTHING",
        )
        .bind("id", id)
        .bind("kek", kek.to_bytes().to_vec())
        .bind("requester", request.requester.map(OperatorId::uuid))
        .bind("at", to_micros(request.requested_at))
        .bind("approved_at", maybe_micros(approved_at));
        match self.insert_sealed(&KEK_RETIREMENTS, id, query).await? {
            0 => Err(Error::Stale),
            _ => Ok(()),
        }
    }

    pub(super) async fn delete_kek_retirement(&self, kek: KekRef) -> Result<(), Error> {
        self.require_installation()?;
        let query = Query::new("DELETE FROM kek_retirements WHERE kek = :kek RETURNING id")
            .bind("kek", kek.to_bytes().to_vec());
        for row in query.fetch_all(&self.transaction).await? {
            self.note_sealed_row_deleted(&KEK_RETIREMENTS, row.get("id")?);
        }
        Ok(())
    }
}

fn retirement_from_row(row: &Row) -> Result<KekRetirement, Error> {
    let kek = KekRef::from_bytes(&row.get::<Vec<u8>>("kek")?);
    let requester: Option<Uuid> = row.get("requester_id")?;
    Ok(KekRetirement {
        kek: kek.ok_or(Error::Corrupt("kek"))?,
        request: RetirementRequest {
            requester: requester.map(OperatorId::from_uuid),
            requested_at: row.time("requested_at")?,
        },
        approved_at: row.maybe_time("approved_at")?,
    })
}
