//! Previews: what a reconnect would do, while it is asked and until the plan expires.
//!
//! The rule: a preview is reached by its id and its owner together: the client or the session that asked. One that has
//! expired, or is another owner's, is absent. `preview_finding.rs` has what it found.

use regrant_domain::{ConsentId, PersonId, PlanId, PreviewId, PreviewStatus, Timestamp};
use uuid::Uuid;

use crate::{
    Error, ListedRows, TenantTx,
    sql::{Query, Row, to_micros},
};

/// A preview to begin.
#[derive(Debug, Clone)]
pub struct NewPreview {
    /// The id.
    pub id: PreviewId,
    /// The client or the session that asks.
    pub owner: Uuid,
    /// The consent whose hosted page shows it.
    pub page_consent: Option<ConsentId>,
    /// How many distinct assets it names.
    pub total: i64,
    /// When it begins.
    pub created_at: Timestamp,
    /// When its process has ended it at the latest, by the time of the system.
    pub run_until: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

/// A stored preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The id.
    pub id: PreviewId,
    /// Where it is.
    pub status: PreviewStatus,
    /// How many distinct assets it names.
    pub total: i64,
    /// The plan; `None` until it ends, and where nothing is known of the token.
    pub plan: Option<PlanId>,
    /// Whose token it is; `None` until it ends, and where nothing is known of the token.
    pub person: Option<PreviewPerson>,
    /// Whether the person has more assets than were searched for left-out ones.
    pub has_more: bool,
    /// Whether all lists of the token were read for new assets; `None` where they were not asked for.
    pub is_search_complete: Option<bool>,
    /// Why it failed, as JSON.
    pub failure: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its process has ended it at the latest, by the time of the system.
    pub run_until: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// The person of the token of a preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewPerson {
    /// The id at Meta.
    pub id: PersonId,
    /// The name.
    pub name: Option<String>,
    /// Whether it is a managed account.
    pub is_work_account: Option<bool>,
}

/// How a preview ends.
#[derive(Debug, Clone)]
pub struct PreviewEnding {
    /// Completed or failed.
    pub status: PreviewStatus,
    /// The plan.
    pub plan: Option<PlanId>,
    /// Whose token it is.
    pub person: Option<PreviewPerson>,
    /// Whether the person has more assets than were searched for left-out ones.
    pub has_more: bool,
    /// Whether all lists of the token were read for new assets; `None` where they were not asked for.
    pub is_search_complete: Option<bool>,
    /// Why it failed, as JSON.
    pub failure: Option<String>,
    /// When it is forgotten.
    pub expires_at: Timestamp,
}

const SELECT: &str = "
    SELECT p.id, p.status, p.total, p.plan, p.person_id, p.person_name, p.is_work_account,
        p.has_more, p.is_search_complete, p.failure, p.created_at, p.run_until, p.expires_at,
        p.finished_at
    FROM previews p
    WHERE p.tenant_id = :tenant AND p.owner_id = :owner AND p.expires_at > :now";

impl TenantTx {
    /// Begins a preview.
    ///
    /// # Errors
    /// [`Error::Taken`]: the page of the consent has one.
    pub async fn insert_preview(&self, new: &NewPreview) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO previews (tenant_id, id, owner_id, page_consent, status, total,
                     created_at, run_until, expires_at)
                 VALUES (:tenant, :id, :owner, :page, 'running', :total, :created_at, :run_until,
                     :expires_at)
                 ON CONFLICT DO NOTHING",
            )
            .bind("id", new.id.uuid())
            .bind("owner", new.owner)
            .bind("page", new.page_consent.map(ConsentId::uuid))
            .bind("total", new.total)
            .bind("created_at", to_micros(new.created_at))
            .bind("run_until", to_micros(new.run_until))
            .bind("expires_at", to_micros(new.expires_at));
        match self.execute(query).await? {
            0 => Err(Error::Taken("preview of a page")),
            _ => Ok(()),
        }
    }

    /// A preview of this owner that has not expired.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the owner has none with this id.
    pub async fn find_preview(
        &self,
        owner: Uuid,
        id: PreviewId,
        now: Timestamp,
    ) -> Result<Preview, Error> {
        let query = self.query("{select} AND p.id = :id").bind("id", id.uuid());
        let row = self.fetch_one(bind_owner(query, owner, now)).await?;
        preview_from_row(&row.ok_or(Error::NotFound)?)
    }

    /// The preview that the page of a consent of this owner shows.
    pub async fn find_page_preview(
        &self,
        owner: Uuid,
        consent: ConsentId,
        now: Timestamp,
    ) -> Result<Option<Preview>, Error> {
        let query = self
            .query("{select} AND p.page_consent = :page")
            .bind("page", consent.uuid());
        let row = self.fetch_one(bind_owner(query, owner, now)).await?;
        row.as_ref().map(preview_from_row).transpose()
    }

    /// The previews of this owner before `after`, the newest first.
    pub async fn list_previews(
        &self,
        owner: Uuid,
        after: Option<PreviewId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<ListedRows<Preview>, Error> {
        let query = self
            .query("{select} [AND p.id < :after] ORDER BY p.id DESC LIMIT :limit")
            .bind_optional("after", after.map(PreviewId::uuid))
            .bind("limit", i64::from(limit));
        let query = bind_owner(query, owner, now);
        self.fetch_listed("previews", query, preview_from_row).await
    }

    /// Ends a preview.
    ///
    /// # Errors
    /// [`Error::Stale`]: it has ended, or was deleted.
    pub async fn finish_preview(
        &self,
        id: PreviewId,
        ending: &PreviewEnding,
        at: Timestamp,
    ) -> Result<(), Error> {
        let person = ending.person.as_ref();
        let query = self
            .query(
                "UPDATE previews SET status = :status, plan = :plan, person_id = :person,
                     person_name = :name, is_work_account = :work, has_more = :has_more,
                     is_search_complete = :complete, failure = :failure,
                     expires_at = :expires_at, finished_at = :at
                 WHERE tenant_id = :tenant AND id = :id AND status = 'running'",
            )
            .bind("status", ending.status.as_str())
            .bind("plan", ending.plan.map(|it| it.to_string()))
            .bind("person", person.map(|it| it.id.as_str().to_owned()))
            .bind("name", person.and_then(|it| it.name.clone()))
            .bind("work", person.and_then(|it| it.is_work_account))
            .bind("has_more", ending.has_more)
            .bind("complete", ending.is_search_complete)
            .bind("failure", ending.failure.clone())
            .bind("expires_at", to_micros(ending.expires_at))
            .bind("at", to_micros(at))
            .bind("id", id.uuid());
        self.execute_exactly(1, query).await
    }

    /// Deletes a preview of this owner with its findings; whether there was one.
    pub async fn delete_preview(&self, owner: Uuid, id: PreviewId) -> Result<bool, Error> {
        let query = self
            .query(
                "DELETE FROM previews
                 WHERE tenant_id = :tenant AND owner_id = :owner AND id = :id",
            )
            .bind("owner", owner)
            .bind("id", id.uuid());
        Ok(self.execute(query).await? > 0)
    }

    /// Deletes the oldest ended previews of the tenant: the newest stay that together name at most `items` assets, and at
    /// most `count` of them.
    pub async fn delete_excess_previews(&self, items: i64, count: i64) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM previews WHERE tenant_id = :tenant AND id IN (
                     SELECT k.id FROM (
                         SELECT p.id, p.status, sum(p.total) OVER (ORDER BY p.id DESC) AS named,
                             row_number() OVER (ORDER BY p.id DESC) AS place
                         FROM previews p WHERE p.tenant_id = :tenant) k
                     WHERE k.status <> 'running' AND (k.named > :items OR k.place > :count))",
            )
            .bind("items", items)
            .bind("count", count);
        self.execute(query).await
    }

    /// Deletes previews that expired by `now`, with their findings.
    pub async fn purge_previews(&self, now: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM previews WHERE tenant_id = :tenant AND id IN (
                     SELECT p.id FROM previews p
                     WHERE p.tenant_id = :tenant AND p.expires_at <= :now
                     ORDER BY p.expires_at LIMIT :limit)",
            )
            .bind("now", to_micros(now))
            .bind("limit", i64::from(limit));
        self.execute(query).await
    }
}

fn bind_owner(query: Query, owner: Uuid, now: Timestamp) -> Query {
    query
        .fill("select", SELECT)
        .bind("owner", owner)
        .bind("now", to_micros(now))
}

fn preview_from_row(row: &Row) -> Result<Preview, Error> {
    let person = match row.maybe_parse("person_id")? {
        None => None,
        Some(id) => Some(PreviewPerson {
            id,
            name: row.get("person_name")?,
            is_work_account: row.get("is_work_account")?,
        }),
    };
    Ok(Preview {
        id: PreviewId::from_uuid(row.get("id")?),
        status: row.parse("status")?,
        total: row.counter("total")?,
        plan: row.maybe_parse("plan")?,
        person,
        has_more: row.get("has_more")?,
        is_search_complete: row.get("is_search_complete")?,
        failure: row.get("failure")?,
        created_at: row.time("created_at")?,
        run_until: row.time("run_until")?,
        expires_at: row.time("expires_at")?,
        finished_at: row.maybe_time("finished_at")?,
    })
}
