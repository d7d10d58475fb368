//! To whom a consent is given, and what is expected of it.

use regrant_domain::{AssetId, AssetKind, ConsentOwner, PersonId, Timestamp};
use regrant_storage::TenantScope;

use crate::{Conflict, Error, Principal, Vault, consents::login::Login};

/// To whom a consent is given, and what is expected of it.
pub(super) struct ConsentReceiver {
    pub(super) scope: TenantScope,
    pub(super) owner: ConsentOwner,
    /// The name in the audit.
    pub(super) actor: String,
    /// The only person who may log in.
    pub(super) person: Option<PersonId>,
    /// The assets that the consent is for, where they are known before.
    pub(super) assets: Vec<AssetId>,
    /// When the owner ends.
    pub(super) ends_at: Option<Timestamp>,
}

impl Vault {
    /// The caller as the one to whom a consent is given.
    pub(super) async fn find_receiver(&self, caller: &Principal) -> Result<ConsentReceiver, Error> {
        let ends_at = match caller.session() {
            Some(id) => {
                let tx = self.store.begin_read(&caller.scope).await?;
                let session = tx.find_reconnect_session(id).await;
                tx.commit().await?;
                let session = session.map_err(|error| match error {
                    // It was valid a moment ago.
                    regrant_storage::Error::NotFound => Error::Conflict(Conflict::SessionUsedUp),
                    other => other.into(),
                })?;
                Some(session.expires_at)
            }
            None => None,
        };
        let assets = match caller.session().and(caller.reach_limit()) {
            Some(limit) => limit.assets.into_iter().collect(),
            None => Vec::new(),
        };
        Ok(ConsentReceiver {
            scope: caller.scope.clone(),
            owner: caller.consent_owner(),
            actor: caller.audit_name(),
            person: caller.person().cloned(),
            assets,
            ends_at,
        })
    }

    /// The kinds of the assets that a consent is for.
    pub(super) async fn find_kinds(
        &self,
        receiver: &ConsentReceiver,
    ) -> Result<Vec<AssetKind>, Error> {
        if receiver.assets.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.store.begin_read(&receiver.scope).await?;
        let assets = tx.find_assets_alone(&receiver.assets).await?;
        tx.commit().await?;
        let mut kinds: Vec<_> = assets.into_iter().map(|it| it.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        Ok(kinds)
    }

    /// Checks that the `redirect_uri` is a page of the tenant.
    ///
    /// # Errors
    /// `Invalid`.
    pub(super) async fn check_redirect(
        &self,
        caller: &Principal,
        login: &Login,
    ) -> Result<(), Error> {
        let Some(origin) = login.redirect_origin() else {
            return Ok(());
        };
        if self.is_origin_of_caller(caller, origin.as_str()).await? {
            return Ok(());
        }
        let reason = "expected an address of an origin that the tenant lists".to_owned();
        Err(Error::Invalid {
            field: "redirect_uri".to_owned(),
            reason,
        })
    }
}
