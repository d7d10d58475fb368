//! Log-ins at Meta that a link started.
//!
//! The rule: a state is spent once, by the browser that started the log-in. Of a link the newest log-ins count, so that
//! a scanner that submits every form fills no table.

use regrant_domain::{LinkId, LoginNotice, Timestamp};
use uuid::Uuid;

use super::link::BrowserHash;
use crate::{
    Error, TenantTx,
    integrity::LINK_LOGINS,
    sql::{to_json, to_micros},
};

/// A log-in that starts.
#[derive(Debug, Clone)]
pub struct NewLinkLogin {
    /// The id of its row.
    pub id: Uuid,
    /// The link that starts it.
    pub link: LinkId,
    /// The hash of the state that comes back.
    pub state_hash: [u8; 32],
    /// The hash of the cookie of the browser that starts it.
    pub browser: BrowserHash,
    /// When it starts.
    pub created_at: Timestamp,
    /// When its state ends.
    pub expires_at: Timestamp,
}

impl TenantTx {
    /// Inserts a log-in.
    pub async fn insert_link_login(&self, login: &NewLinkLogin) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO link_logins (tenant_id, id, link_id, state_hash, browser_hash,
                     created_at, expires_at)
                 VALUES (:tenant, :id, :link, :state, :browser, :created_at, :expires_at)",
            )
            .bind("id", login.id)
            .bind("link", login.link.uuid())
            .bind("state", login.state_hash.to_vec())
            .bind("browser", login.browser.to_vec())
            .bind("created_at", to_micros(login.created_at))
            .bind("expires_at", to_micros(login.expires_at));
        self.insert_sealed(&LINK_LOGINS, login.id, query)
            .await
            .map(drop)
    }

    /// Deletes the log-ins of a link but its newest `most`.
    pub async fn trim_link_logins(&self, link: LinkId, most: u32) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM link_logins WHERE tenant_id = :tenant AND link_id = :link AND id NOT IN (
                     SELECT id FROM link_logins WHERE tenant_id = :tenant AND link_id = :link
                     ORDER BY id DESC LIMIT :most)",
            )
            .bind("link", link.uuid())
            .bind("most", i64::from(most));
        self.execute(query).await
    }

    /// Spends the state of a log-in; the id of its row, unless the state is unknown, spent, over, or another browser's.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the row was changed around the application.
    pub async fn spend_link_login(
        &self,
        state_hash: &[u8; 32],
        browser: &BrowserHash,
        now: Timestamp,
    ) -> Result<Option<Uuid>, Error> {
        let found = self
            .query(
                "SELECT id FROM link_logins
                 WHERE tenant_id = :tenant AND state_hash = :state AND browser_hash = :browser",
            )
            .bind("state", state_hash.to_vec())
            .bind("browser", browser.to_vec());
        let Some(row) = self.fetch_one(found).await? else {
            return Ok(None);
        };
        let id: Uuid = row.get("id")?;
        let query = self
            .query(
                "UPDATE link_logins SET spent_at = :now
                 WHERE tenant_id = :tenant AND id = :id AND spent_at IS NULL AND expires_at > :now",
            )
            .bind("id", id)
            .bind("now", to_micros(now));
        let changed = self.change_sealed(&LINK_LOGINS, &[id], query).await?;
        Ok((changed > 0).then_some(id))
    }

    /// Notes why a log-in ended without a consent.
    pub async fn note_link_login(&self, id: Uuid, notice: &LoginNotice) -> Result<(), Error> {
        let query = self
            .query("UPDATE link_logins SET notice = :notice WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id)
            .bind("notice", to_json(notice)?);
        self.change_sealed(&LINK_LOGINS, &[id], query)
            .await
            .map(drop)
    }

    /// Whether this browser started a log-in of the link, and why the newest ended without a consent.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the row was changed around the application.
    pub async fn find_newest_login(
        &self,
        link: LinkId,
        browser: &BrowserHash,
    ) -> Result<Option<Option<LoginNotice>>, Error> {
        let query = self
            .query(
                "SELECT g.notice, {sealed} FROM link_logins g
                 WHERE g.tenant_id = :tenant AND g.link_id = :link AND g.browser_hash = :browser
                 ORDER BY g.id DESC LIMIT 1",
            )
            .fill("sealed", LINK_LOGINS.select_list("g"))
            .bind("link", link.uuid())
            .bind("browser", browser.to_vec());
        let Some(row) = self.fetch_one(query).await? else {
            return Ok(None);
        };
        self.check_sealed(&LINK_LOGINS, &row, "g")?;
        row.maybe_json("notice").map(Some)
    }
}
