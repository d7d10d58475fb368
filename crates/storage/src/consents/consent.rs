//! Consents: sealed tokens that were not yet used.
//!
//! The rule: a consent is reached by its id and its owner together. One that has ended, or is another owner's, is absent.

use regrant_domain::{Consent, ConsentId, ConsentOwner, SealedRecord, Timestamp};

use crate::{
    Error, ListedRows, RevokedConsent, TenantTx,
    sql::{Query, Row, maybe_micros, to_json, to_micros},
};

/// A consent with its sealed token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConsent {
    /// What is known of it.
    pub consent: Consent,
    /// Its token.
    pub sealed: SealedRecord,
}

const SELECT: &str = "
    SELECT c.id, c.owner_kind, c.owner_id, c.sealed, c.person_id, c.person_name, c.kind,
        c.is_work_account, c.token_expires_at, c.missing_scopes, c.created_at, c.ends_at
    FROM consents c
    WHERE c.tenant_id = :tenant AND c.owner_kind = :owner_kind AND c.owner_id = :owner
        AND c.ends_at > :now";

impl TenantTx {
    /// Stores a consent. Of an owner that has one at most, it replaces the one before, whose token is gone then.
    pub async fn store_consent(&self, it: &StoredConsent) -> Result<(), Error> {
        let consent = &it.consent;
        let query = self
            .query(
                "INSERT INTO consents (tenant_id, id, owner_kind, owner_id, sealed, person_id,
                     person_name, kind, is_work_account, token_expires_at, missing_scopes,
                     created_at, ends_at)
                 VALUES (:tenant, :id, :owner_kind, :owner, :sealed, :person_id, :person_name,
                     :kind, :is_work_account, :token_expires_at, :missing_scopes, :created_at,
                     :ends_at)
                 ON CONFLICT (tenant_id, owner_kind, owner_id) WHERE owner_kind <> 'client'
                 DO UPDATE SET id = excluded.id, sealed = excluded.sealed,
                     person_id = excluded.person_id, person_name = excluded.person_name,
                     kind = excluded.kind, is_work_account = excluded.is_work_account,
                     token_expires_at = excluded.token_expires_at,
                     missing_scopes = excluded.missing_scopes,
                     created_at = excluded.created_at, ends_at = excluded.ends_at",
            )
            .bind("id", consent.id.uuid())
            .bind("sealed", it.sealed.as_bytes())
            .bind("person_id", consent.person_id.as_str())
            .bind("person_name", consent.person_name.clone())
            .bind("kind", consent.kind.as_str())
            .bind("is_work_account", consent.is_work_account)
            .bind("token_expires_at", maybe_micros(consent.token_expires_at))
            .bind("missing_scopes", to_json(&consent.missing_scopes)?)
            .bind("created_at", to_micros(consent.created_at))
            .bind("ends_at", to_micros(consent.ends_at));
        self.execute(bind_owner(query, consent.owner))
            .await
            .map(drop)
    }

    /// A consent of this owner that has not ended.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the owner has none with this id.
    pub async fn find_consent(
        &self,
        owner: ConsentOwner,
        id: ConsentId,
        now: Timestamp,
    ) -> Result<StoredConsent, Error> {
        let query = self
            .query("{select} AND c.id = :id")
            .fill("select", SELECT)
            .bind("id", id.uuid())
            .bind("now", to_micros(now));
        let row = self.fetch_one(bind_owner(query, owner)).await?;
        consent_from_row(&row.ok_or(Error::NotFound)?)
    }

    /// The next consents of this owner that have not ended and are older than `after`, the newest first.
    pub async fn list_consents(
        &self,
        owner: ConsentOwner,
        after: Option<ConsentId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<ListedRows<StoredConsent>, Error> {
        let query = self
            .query("{select} [AND c.id < :after] ORDER BY c.id DESC LIMIT :limit")
            .fill("select", SELECT)
            .bind_optional("after", after.map(ConsentId::uuid))
            .bind("limit", i64::from(limit))
            .bind("now", to_micros(now));
        self.fetch_listed("consents", bind_owner(query, owner), consent_from_row)
            .await
    }

    /// How many consents of the tenant have not ended.
    pub async fn count_consents(&self, now: Timestamp) -> Result<usize, Error> {
        let query = self
            .query(
                "SELECT count(*) AS n FROM consents WHERE tenant_id = :tenant AND ends_at > :now",
            )
            .bind("now", to_micros(now));
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        usize::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))
    }

    /// Deletes a consent of this owner, with its token; whether there was one that had not ended. Two transactions that
    /// delete it wait for each other, and one of them finds it.
    pub async fn delete_consent(
        &self,
        owner: ConsentOwner,
        id: ConsentId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let query = self
            .query(
                "DELETE FROM consents WHERE tenant_id = :tenant AND id = :id
                     AND owner_kind = :owner_kind AND owner_id = :owner AND ends_at > :now",
            )
            .bind("id", id.uuid())
            .bind("now", to_micros(now));
        Ok(self.execute(bind_owner(query, owner)).await? > 0)
    }

    /// Deletes every consent of this owner; returns how many.
    pub async fn delete_consents_of_owner(&self, owner: ConsentOwner) -> Result<u64, Error> {
        let query = self.query(
            "DELETE FROM consents WHERE tenant_id = :tenant
                 AND owner_kind = :owner_kind AND owner_id = :owner",
        );
        self.execute(bind_owner(query, owner)).await
    }

    /// Deletes the consents of a person who took the app's access back; returns how many. Those that came in after it stay.
    pub async fn delete_revoked_consents(&self, revoked: RevokedConsent<'_>) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM consents WHERE tenant_id = :tenant AND person_id = :person
                     AND created_at < :before",
            )
            .bind("person", revoked.person.as_str())
            .bind("before", to_micros(revoked.before));
        self.execute(query).await
    }

    /// Deletes consents that ended by `now`, with their tokens.
    pub async fn purge_consents(&self, now: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM consents WHERE tenant_id = :tenant AND id IN (
                 SELECT c.id FROM consents c WHERE c.tenant_id = :tenant AND c.ends_at <= :now
                 ORDER BY c.ends_at LIMIT :limit)",
            )
            .bind("now", to_micros(now))
            .bind("limit", i64::from(limit));
        self.execute(query).await
    }
}

fn bind_owner(query: Query, owner: ConsentOwner) -> Query {
    let (kind, id) = owner.to_parts();
    query.bind("owner_kind", kind).bind("owner", id)
}

fn consent_from_row(row: &Row) -> Result<StoredConsent, Error> {
    let owner = ConsentOwner::from_parts(&row.get::<String>("owner_kind")?, row.get("owner_id")?);
    Ok(StoredConsent {
        consent: Consent {
            id: ConsentId::from_uuid(row.get("id")?),
            owner: owner.ok_or(Error::Corrupt("owner_kind"))?,
            person_id: row.parse("person_id")?,
            person_name: row.get("person_name")?,
            kind: row.parse("kind")?,
            is_work_account: row.get("is_work_account")?,
            token_expires_at: row.maybe_time("token_expires_at")?,
            missing_scopes: row.json("missing_scopes")?,
            created_at: row.time("created_at")?,
            ends_at: row.time("ends_at")?,
        },
        sealed: row.sealed("sealed")?,
    })
}
