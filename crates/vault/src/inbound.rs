//! Receives Meta's notices: webhooks, deauthorizations, and requests to delete a person's data (design D7).
//!
//! The rule: verify the signature before parsing. Then store the notice and make it due for every tenant of its
//! person, in one transaction; the response does not wait for its effects. A request for an unknown app takes the
//! same steps as one with a wrong signature, so that timing does not reveal which apps exist.
//! Start at [`Vault::receive_webhook`]; `deletions.rs` takes deletions from operators,
//! `deletion_status.rs` has their progress, `apply.rs` applies the stored
//! notices.

mod apply;
pub(crate) mod deletion_status;
pub(crate) mod deletions;
mod tally;

use std::sync::{Mutex, PoisonError};

use regrant_crypto::{
    DataKey, KeyRef, Purpose, is_webhook_signed, matches_verify_token, open_signed_request,
};
use regrant_domain::{
    AppId, AppSecret, AssetId, Clock, MetaNotice, NoticeKind, NoticeSubject, SealedRecord,
    VerifyToken,
};
use regrant_graph::notices;
use regrant_storage::{NewNotice, StoredApp};
use tracing::info;

use crate::{
    Error, Vault,
    tenants::apps::{app_context, valid_older_secret},
};

/// An accepted request to delete a person's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionReceipt {
    /// The confirmation code. With it, the person reads the status of the deletion.
    pub code: String,
}

/// A sealed random secret. For an unknown app, it is opened instead of the app's secrets, so that a refusal takes
/// equally long. It is sealed under the installation's data key, as they are.
pub(crate) struct DecoyApp {
    app: AppId,
    secret: Mutex<SealedRecord>,
}

impl DecoyApp {
    pub(crate) fn new(key: &DataKey) -> Result<Self, Error> {
        let app: AppId = "0".parse().map_err(Error::from_cause)?;
        let secret = Mutex::new(Self::seal_secret(&app, key)?);
        Ok(Self { app, secret })
    }

    /// The secret under this key; another one if a rotation replaced the key that it was sealed under.
    fn secret_under(&self, key: &DataKey) -> Result<SealedRecord, Error> {
        let mut secret = self.secret.lock().unwrap_or_else(PoisonError::into_inner);
        if KeyRef::from_record(&secret)?.id != key.id() {
            *secret = Self::seal_secret(&self.app, key)?;
        }
        Ok(secret.clone())
    }

    fn seal_secret(app: &AppId, key: &DataKey) -> Result<SealedRecord, Error> {
        let secret = regrant_crypto::mint_client_secret()?.0;
        let context = app_context(app, Purpose::AppSecret);
        Ok(key.seal_record(&context, secret.expose().as_bytes())?)
    }
}

/// The app that a callback of Meta names. An unknown app looks the same from outside.
pub struct CallbackApp(Option<StoredApp>);

impl Vault {
    /// Looks up the app that a callback names, before the body of the callback is read.
    pub async fn find_callback_app(&self, app: Option<&AppId>) -> Result<CallbackApp, Error> {
        self.find_known_app(app).await.map(CallbackApp)
    }

    /// Checks the verify token that Meta sends when a webhook address is configured.
    ///
    /// # Errors
    /// `NotSigned` for a wrong verify token, an app without one, and an unknown app.
    pub async fn check_verify_token(
        &self,
        app: Option<&AppId>,
        token: &VerifyToken,
    ) -> Result<(), Error> {
        let stored = self.find_known_app(app).await?;
        let sealed = stored
            .as_ref()
            .and_then(|it| Some((&it.id, it.verify_token.as_ref()?)));
        let expected = if let Some((id, sealed)) = sealed {
            self.open_secret_of_app(id, Purpose::VerifyToken, sealed)
                .await?
        } else {
            let secret = self.find_decoy_secret().await?;
            self.open_secret_of_app(&self.decoy.app, Purpose::AppSecret, &secret)
                .await?
        };
        let expected = VerifyToken::parse(expected).map_err(Error::from_cause)?;
        (matches_verify_token(&expected, token.expose()) && sealed.is_some())
            .then_some(())
            .ok_or(Error::NotSigned)
    }

    /// Stores the notices of a webhook and makes them due.
    ///
    /// # Errors
    /// `NotSigned` unless the app's secret signed the raw bytes; nothing is stored then.
    pub async fn receive_webhook(
        &self,
        app: CallbackApp,
        raw: &[u8],
        signature: Option<&str>,
    ) -> Result<(), Error> {
        let (known, secrets) = self.open_incoming_secrets(app).await?;
        let signed = is_webhook_signed(&secrets, raw, signature.unwrap_or_default());
        let app = known.filter(|_| signed).ok_or(Error::NotSigned)?;
        let new: Vec<_> = notices::parse_notices(raw, self.clock.now())
            .into_iter()
            .flat_map(|it| split_by_subject(it.notice, &it.digest))
            .map(|(notice, digest)| self.new_notice(&app, notice, &digest, None))
            .collect();
        self.store_notices(&app, &new).await
    }

    /// Stores the notice that a person removed the app.
    ///
    /// # Errors
    /// `NotSigned` unless the app's secret signed the request and it is fresh; nothing is stored then.
    pub async fn receive_deauthorization(
        &self,
        app: CallbackApp,
        signed_request: &str,
    ) -> Result<(), Error> {
        let (app, notice) = self
            .open_signed_notice(app, signed_request, NoticeKind::Deauthorize)
            .await?;
        let digest = digest_notice(&notice);
        let new = self.new_notice(&app, notice, &digest, None);
        self.store_notices(&app, &[new]).await
    }

    /// Stores a person's request to delete their data. A repeated request returns the same code.
    ///
    /// # Errors
    /// `NotSigned` unless the app's secret signed the request and it is fresh; nothing is stored then.
    pub async fn receive_deletion_request(
        &self,
        app: CallbackApp,
        signed_request: &str,
    ) -> Result<DeletionReceipt, Error> {
        let (app, notice) = self
            .open_signed_notice(app, signed_request, NoticeKind::DataDeletion)
            .await?;
        let (new, code) = self.new_deletion(&app, notice);
        self.store_notices(&app, &[new]).await?;
        Ok(DeletionReceipt { code })
    }

    /// Verifies a signed request and returns its app and its notice.
    async fn open_signed_notice(
        &self,
        app: CallbackApp,
        text: &str,
        kind: NoticeKind,
    ) -> Result<(AppId, MetaNotice), Error> {
        let (known, secrets) = self.open_incoming_secrets(app).await?;
        let payload = open_signed_request(&secrets, text);
        let app = known.ok_or(Error::NotSigned)?;
        let parsed = payload.and_then(|it| notices::parse_signed_request(&it, self.clock.now()));
        let (person_id, sent_at) = parsed.ok_or(Error::NotSigned)?;
        Ok((
            app,
            MetaNotice {
                kind,
                subject: NoticeSubject::Person(person_id),
                cut_off: None,
                sent_at,
            },
        ))
    }

    /// Stores notices and makes them due, in one transaction.
    async fn store_notices(&self, app: &AppId, notices: &[NewNotice]) -> Result<(), Error> {
        if notices.is_empty() {
            return Ok(());
        }
        let new = self
            .store
            .receive_notices(notices, self.clock.now(), Clock::system_time())
            .await?;
        info!(app.id = %app, messages = notices.len(), new, "notices from Meta are stored");
        Ok(())
    }

    fn new_notice(
        &self,
        app: &AppId,
        notice: MetaNotice,
        digest: &str,
        code_hash: Option<[u8; 16]>,
    ) -> NewNotice {
        NewNotice {
            digest: self
                .person_directory
                .hash_message("digest", app, digest.as_bytes()),
            subject: self.person_directory.hash_subject(app, &notice.subject),
            app_id: app.clone(),
            notice,
            code_hash,
        }
    }

    /// The app if it is known, and the secrets to try. After a change of the secret, the older one is accepted until its
    /// overlap ends.
    async fn open_incoming_secrets(
        &self,
        CallbackApp(stored): CallbackApp,
    ) -> Result<(Option<AppId>, Vec<AppSecret>), Error> {
        let decoy = self.find_decoy_secret().await?;
        let sealed = match &stored {
            Some(it) => [Some(&it.secret), valid_older_secret(it, self.clock.now())],
            None => [Some(&decoy), None],
        };
        let id = stored.as_ref().map_or(&self.decoy.app, |it| &it.id);
        let mut secrets = Vec::with_capacity(2);
        for sealed in sealed.into_iter().flatten() {
            let text = self
                .open_secret_of_app(id, Purpose::AppSecret, sealed)
                .await?;
            secrets.push(AppSecret::parse(text).map_err(Error::from_cause)?);
        }
        Ok((stored.map(|it| it.id), secrets))
    }

    async fn find_decoy_secret(&self) -> Result<SealedRecord, Error> {
        let key = self.data_keys.active(&self.store.system_scope()).await?;
        self.decoy.secret_under(&key)
    }

    async fn find_known_app(&self, app: Option<&AppId>) -> Result<Option<StoredApp>, Error> {
        match self.store.find_app(app.unwrap_or(&self.decoy.app)).await {
            Ok(stored) => Ok(Some(stored)),
            Err(regrant_storage::Error::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// One notice for each asset that a notice names: each finds its own tenants.
fn split_by_subject(notice: MetaNotice, digest: &str) -> Vec<(MetaNotice, String)> {
    let about = |id: &AssetId| {
        let one = MetaNotice {
            subject: NoticeSubject::Assets(vec![id.clone()]),
            ..notice.clone()
        };
        (one, format!("{digest}/{id}"))
    };
    match &notice.subject {
        NoticeSubject::Person(_) => vec![(notice, digest.to_owned())],
        NoticeSubject::Assets(ids) => ids.iter().map(about).collect(),
    }
}

fn digest_notice(notice: &MetaNotice) -> String {
    format!(
        "{}/{}/{}",
        notice.kind,
        notice.subject,
        notice.sent_at.timestamp()
    )
}
