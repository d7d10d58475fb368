//! The person who used a link: who gave its consent.
//!
//! The rule: nothing is stored for this. A consent lives for minutes, so the reconnect that it became says who gave it; of
//! a consent that came to nothing, only a link for one person alone still does.

use regrant_domain::{ConsentOwner, LinkPerson, ReconnectSessionId, Timestamp};
use regrant_storage::{LinkSummary, ReconnectVisibility, TenantTx, UnverifiedLink};

use super::visit::find_link_person;
use crate::{Error, Vault};

/// The most reconnects and undos that a session of a link starts.
const RECONNECTS_A_SESSION: u32 = 25;

impl Vault {
    /// The person who gave the consent of a used link, as far as it is known.
    pub(super) async fn find_giver(
        &self,
        found: &UnverifiedLink,
    ) -> Result<Option<LinkPerson>, Error> {
        let summary = &found.link.summary;
        let tx = self.store.begin_read(found.scope()).await?;
        let giver = match summary.session {
            Some(session) => find_giver_in(&tx, session, self.clock.now()).await?,
            None => None,
        };
        let giver = match giver {
            None => find_only_person(&tx, summary).await?,
            known => known,
        };
        tx.commit().await?;
        Ok(giver)
    }
}

/// The person of the consent that a session has, or of the newest reconnect that it started.
async fn find_giver_in(
    tx: &TenantTx,
    session: ReconnectSessionId,
    now: Timestamp,
) -> Result<Option<LinkPerson>, Error> {
    let owner = ConsentOwner::Session(session);
    if let Some(it) = tx.list_consents(owner, None, 1, now).await?.rows.pop() {
        return Ok(Some(LinkPerson {
            id: it.consent.person_id,
            name: it.consent.person_name,
        }));
    }
    let begun = ReconnectVisibility::OfSession(session);
    let reconnects = tx
        .list_reconnects(begun, None, RECONNECTS_A_SESSION)
        .await?;
    let Some(grant) = reconnects.rows.iter().find_map(|it| it.grant_id) else {
        return Ok(None);
    };
    let grant = tx.find_grants(&[grant]).await?.pop();
    Ok(grant.map(|it| LinkPerson {
        id: it.facts.person_id,
        name: it.facts.person_name,
    }))
}

/// The person of a link that accepts the consent of no other.
async fn find_only_person(
    tx: &TenantTx,
    summary: &LinkSummary,
) -> Result<Option<LinkPerson>, Error> {
    match summary
        .person_id
        .as_ref()
        .filter(|_| summary.require_person)
    {
        Some(id) => Ok(Some(find_link_person(tx, id).await?)),
        None => Ok(None),
    }
}
