//! A log-in at Meta that a link starts, and its return.
//!
//! The rule: the return counts only with a state that this browser was given, once. A return without a consent (the person
//! cancelled, or is the wrong one) keeps the link usable; the first consent gives the link to its browser.
//! `[tx]` spends the state and opens the session, the network exchanges the code, `[tx]` gives the link away.

use regrant_crypto::Capability;
use regrant_domain::{
    AuthorizationCode, ConsentOwner, LoginNotice, PageUrl, ReconnectSessionId, Timestamp,
};
use regrant_storage::{
    AuditEvent, BrowserHash, LinkKey, NewLinkLogin, NewReconnectSession, TenantScope,
    UnverifiedLink,
};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    address::TenantCapability, dialog::DialogCall, notice::notice_of_error, visit::LinkName,
};
use crate::{Error, Principal, Resource, Vault};

/// How long a state is accepted: a log-in may need a second factor and a look for the right account.
const LOGIN_LIFE: chrono::Duration = chrono::Duration::hours(1);
/// How many log-ins of a link are kept; a scanner that submits every form replaces the oldest.
const LOGINS_A_LINK: u32 = 20;
/// How long the session that a link opens lives.
const SESSION_LIFE: chrono::Duration = chrono::Duration::hours(1);
/// How many reconnects and previews the session of a link may start.
const SESSION_USES: u32 = 5;
const SESSION_PREVIEWS: u32 = 20;

/// How a browser names the link with which it starts a log-in.
#[derive(Debug)]
pub enum LinkEntry {
    /// By its address.
    Address(TenantCapability),
    /// By its name, in a browser that started a log-in with it before.
    Name(LinkName),
}

/// What Meta's dialog led a browser back with.
pub enum DialogAnswer {
    /// A code for a token.
    Code(AuthorizationCode),
    /// No code: the person cancelled, or Meta refused.
    Refused,
}

impl Vault {
    /// Starts a log-in: returns the address of Meta's dialog, with a state that only this browser can use.
    ///
    /// # Errors
    /// `NotFound`: the link opens nothing, or is another browser's.
    pub async fn start_link_login(
        &self,
        entry: &LinkEntry,
        browser: &Capability,
        callback: &PageUrl,
        asks_again: bool,
    ) -> Result<Zeroizing<String>, Error> {
        let hash = *browser.hash().as_bytes();
        let found = match entry {
            LinkEntry::Address(address) => {
                let key = LinkKey::Secret(*address.hash().as_bytes());
                self.find_open_link(address.tenant(), key).await?
            }
            LinkEntry::Name(name) => self.find_link_of_browser(*name, &hash).await?.0,
        };
        if found.link.is_of_another_browser(Some(&hash)) {
            return Err(Error::NotFound(Resource::Link));
        }
        let app = self.store.find_app(found.scope().app_id()).await?;
        let state = TenantCapability::mint(found.scope().tenant())?;
        let call = DialogCall {
            app: found.scope().app_id(),
            login: &app.login,
            version: self.graph.version(),
            callback: callback.as_str(),
            state: &state,
            asks_again,
        };
        let url = call.to_url()?;
        self.store_login(&found, &state, hash).await?;
        Ok(url)
    }

    /// Takes the return of a log-in; the link to show next.
    ///
    /// # Errors
    /// `NotFound`: the state is unknown, spent, over or another browser's, or its link opens nothing: all the same.
    pub async fn finish_link_login(
        &self,
        state: &TenantCapability,
        browser: &Capability,
        answer: DialogAnswer,
        callback: &PageUrl,
    ) -> Result<LinkName, Error> {
        let returned = self.take_return(state, browser, &answer).await?;
        let name = returned.name;
        let DialogAnswer::Code(code) = answer else {
            return Ok(name);
        };
        let (vault, callback) = (self.clone(), callback.clone());
        // It ends even if the browser leaves, because a code cannot be exchanged again.
        self.run_to_end(async move { vault.use_code(returned, code, callback).await })
            .await?;
        Ok(name)
    }

    async fn store_login(
        &self,
        found: &UnverifiedLink,
        state: &TenantCapability,
        browser: BrowserHash,
    ) -> Result<(), Error> {
        let (now, link) = (self.clock.now(), found.link.summary.id);
        let login = NewLinkLogin {
            id: Uuid::now_v7(),
            link,
            state_hash: *state.hash().as_bytes(),
            browser,
            created_at: now,
            expires_at: now + LOGIN_LIFE,
        };
        let tx = self.store.begin(found.scope()).await?;
        tx.insert_link_login(&login).await?;
        tx.trim_link_logins(link, LOGINS_A_LINK).await?;
        Ok(tx.commit().await?)
    }

    /// Spends the state. With a code it opens the session in which the consent is to be used.
    async fn take_return(
        &self,
        state: &TenantCapability,
        browser: &Capability,
        answer: &DialogAnswer,
    ) -> Result<LoginReturn, Error> {
        let now = self.clock.now();
        let (state_hash, browser) = (*state.hash().as_bytes(), *browser.hash().as_bytes());
        let key = LinkKey::State {
            state: state_hash,
            browser,
            now,
        };
        let found = self.find_open_link(state.tenant(), key).await?;
        if found.link.is_of_another_browser(Some(&browser)) {
            return Err(Error::NotFound(Resource::Link));
        }
        self.check_record_quota(found.scope()).await?;
        let tx = self.store.begin(found.scope()).await?;
        let spent = tx.spend_link_login(&state_hash, &browser, now).await?;
        let login = spent.ok_or(Error::NotFound(Resource::Link))?;
        let session = match answer {
            DialogAnswer::Refused => {
                tx.note_link_login(login, &LoginNotice::Declined).await?;
                None
            }
            DialogAnswer::Code(_) => {
                let session = session_of_link(&found, now);
                tx.insert_reconnect_session(&session).await?;
                tx.write_audit_events(&[returned_event(&found, &session)], now)
                    .await?;
                Some(session.id)
            }
        };
        tx.commit().await?;
        Ok(LoginReturn {
            name: LinkName {
                tenant: found.scope().tenant(),
                id: found.link.summary.id,
            },
            scope: found.scope().clone(),
            version: found.client_version,
            login,
            browser,
            session,
            replaced: found.link.summary.session,
        })
    }

    /// Exchanges the code for a consent of the session, and gives the link to the browser.
    async fn use_code(
        &self,
        returned: LoginReturn,
        code: AuthorizationCode,
        callback: PageUrl,
    ) -> Result<(), Error> {
        let Some(session) = returned.session else {
            return Ok(());
        };
        let caller = self
            .find_session_caller(returned.name.tenant, session, (returned.version, None))
            .await?;
        match self.give_hosted_consent(&caller, code, callback).await {
            Ok(_) => self.give_link_away(&caller, &returned, session).await,
            Err(error) => {
                let notice = notice_of_error(&error);
                let said = notice.as_ref().unwrap_or(&LoginNotice::CodeSpent);
                self.end_return(&returned, session, said).await?;
                notice.map(drop).ok_or(error)
            }
        }
    }

    async fn give_link_away(
        &self,
        caller: &Principal,
        returned: &LoginReturn,
        session: ReconnectSessionId,
    ) -> Result<(), Error> {
        let (now, id) = (self.clock.now(), returned.name.id);
        let tx = self.store.begin(&returned.scope).await?;
        if !tx.claim_link(id, &returned.browser, session, now).await? {
            // Another browser was first, or the link was withdrawn.
            tx.delete_consents_of_owner(ConsentOwner::Session(session))
                .await?;
            tx.end_reconnect_session(session, now).await?;
            tx.commit().await?;
            return Err(Error::NotFound(Resource::Link));
        }
        if let Some(replaced) = returned.replaced {
            tx.delete_consents_of_owner(ConsentOwner::Session(replaced))
                .await?;
            tx.end_reconnect_session(replaced, now).await?;
        }
        let detail = json!({ "session_id": session });
        let event = AuditEvent::new(caller.audit_name(), "reconnect_link.used", id, detail);
        tx.write_audit_events(&[event], now).await?;
        Ok(tx.commit().await?)
    }

    /// Ends the session of a return that brought no consent, and keeps why.
    async fn end_return(
        &self,
        returned: &LoginReturn,
        session: ReconnectSessionId,
        notice: &LoginNotice,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&returned.scope).await?;
        tx.end_reconnect_session(session, now).await?;
        tx.note_link_login(returned.login, notice).await?;
        Ok(tx.commit().await?)
    }
}

/// A return whose state was spent.
struct LoginReturn {
    name: LinkName,
    scope: TenantScope,
    /// The version of the client's tokens when the link was made.
    version: i64,
    login: Uuid,
    browser: BrowserHash,
    /// The session for the consent; `None` where the person came back without a code.
    session: Option<ReconnectSessionId>,
    /// The session that an earlier consent of the same browser was used in.
    replaced: Option<ReconnectSessionId>,
}

/// The session in which the consent of a link is used. Each of its calls reaches what the client reaches then.
fn session_of_link(found: &UnverifiedLink, now: Timestamp) -> NewReconnectSession {
    let summary = &found.link.summary;
    NewReconnectSession {
        id: ReconnectSessionId::mint(),
        client: summary.client,
        person_id: summary.person_id.clone(),
        require_person: summary.require_person,
        asset_ids: found.link.asset_ids.clone(),
        uses: SESSION_USES,
        previews: SESSION_PREVIEWS,
        created_at: now,
        expires_at: now + SESSION_LIFE,
    }
}

fn returned_event(found: &UnverifiedLink, session: &NewReconnectSession) -> AuditEvent {
    let detail = json!({ "session_id": session.id });
    let actor = format!("link:{}", found.link.summary.id);
    AuditEvent::new(
        actor,
        "reconnect_link.returned",
        found.link.summary.id,
        detail,
    )
}
