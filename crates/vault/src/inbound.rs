//! What Meta sends: webhooks, deauthorisations, requests to delete a person's data (design D7).
//!
//! The rule: nothing is parsed before its signature is believed, and nothing is done before it is answered:
//! a message is kept and made due for every tenant of its person, in one transaction. An app that is not
//! known is worked on like one whose signature is wrong. `received.rs` carries the messages out.

mod apply;

use regrant_crypto::{DataKey, Purpose, open_signed_request, repeats, signs_webhook};
use regrant_domain::{AppId, AppSecret, Clock, InboxKind, Sealed, Timestamp, VerifyToken, Word};
use regrant_graph::notices;
use regrant_storage::{NewWord, StoredApp};
use tracing::info;

use crate::{
    Error, Resource, Vault,
    tenants::apps::{app_context, older_secret},
};

/// A deletion that was asked for: the code by which the person asks how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// The code.
    pub code: String,
}

/// How far a deletion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletionStatus {
    /// When it was asked for.
    pub received_at: Timestamp,
    /// When work on it began.
    pub begun_at: Option<Timestamp>,
    /// When it was complete.
    pub completed_at: Option<Timestamp>,
}

/// Stands in for the secrets of an app that is not known, so that refusing it takes the same work.
pub(crate) struct Decoy {
    app: AppId,
    secret: Sealed,
}

impl Decoy {
    pub(crate) fn new(key: &DataKey) -> Result<Self, Error> {
        let app: AppId = "0".parse().map_err(Error::internal)?;
        let secret = regrant_crypto::mint_client_secret()?.0;
        let secret = key.seal(
            &app_context(&app, Purpose::AppSecret),
            secret.expose().as_bytes(),
        )?;
        Ok(Self { app, secret })
    }
}

impl Vault {
    /// Answers Meta's question whether a webhook address is this app's: the word must be the one agreed on.
    ///
    /// # Errors
    /// `NotSigned` for another word, an app without one, and an app that is not known.
    pub async fn verify_webhook(
        &self,
        app: Option<&AppId>,
        word: &VerifyToken,
    ) -> Result<(), Error> {
        let stored = self.known(app).await?;
        let sealed = stored
            .as_ref()
            .and_then(|it| Some((&it.id, it.verify_token.as_ref()?)));
        let agreed = match sealed {
            Some((id, sealed)) => self.open_for_app(id, Purpose::VerifyToken, sealed).await?,
            None => {
                self.open_for_app(&self.decoy.app, Purpose::AppSecret, &self.decoy.secret)
                    .await?
            }
        };
        let agreed = VerifyToken::parse(agreed).map_err(Error::internal)?;
        (repeats(&agreed, word.expose()) && sealed.is_some())
            .then_some(())
            .ok_or(Error::NotSigned)
    }

    /// Keeps what a webhook tells, and makes it due.
    ///
    /// # Errors
    /// `NotSigned` unless the signature fits the raw bytes under the app's secret; nothing is kept then.
    pub async fn receive_webhook(
        &self,
        app: Option<&AppId>,
        raw: &[u8],
        signature: Option<&str>,
    ) -> Result<(), Error> {
        let (known, secrets) = self.incoming_secrets(app).await?;
        let signed = signs_webhook(&secrets, raw, signature.unwrap_or_default());
        let app = known.filter(|_| signed).ok_or(Error::NotSigned)?;
        let words: Vec<_> = notices::words(raw, self.clock.now())
            .into_iter()
            .map(|told| self.new_word(&app, told.word, &told.digest, None))
            .collect();
        self.keep_words(&app, &words).await
    }

    /// Keeps that a person removed the app.
    ///
    /// # Errors
    /// `NotSigned` unless the app's secret signed the request and it is fresh; nothing is kept then.
    pub async fn deauthorize(
        &self,
        app: Option<&AppId>,
        signed_request: &str,
    ) -> Result<(), Error> {
        let (app, word) = self
            .request(app, signed_request, InboxKind::Deauthorize)
            .await?;
        let digest = digest_of(&word);
        let word = self.new_word(&app, word, &digest, None);
        self.keep_words(&app, &[word]).await
    }

    /// Keeps that a person asks for their data to be deleted; the same request has the same code.
    ///
    /// # Errors
    /// `NotSigned` unless the app's secret signed the request and it is fresh; nothing is kept then.
    pub async fn delete_person_data(
        &self,
        app: Option<&AppId>,
        signed_request: &str,
    ) -> Result<Deletion, Error> {
        let (app, word) = self
            .request(app, signed_request, InboxKind::DataDeletion)
            .await?;
        let digest = digest_of(&word);
        let code = hex(self.directory.hash("code", &app, digest.as_bytes()));
        let code_hash = self.directory.hash("code-hash", &app, code.as_bytes());
        let word = self.new_word(&app, word, &digest, Some(code_hash));
        self.keep_words(&app, &[word]).await?;
        Ok(Deletion { code })
    }

    /// How far the deletion with this code has come.
    ///
    /// # Errors
    /// `NotFound(Deletion)`: there is none; an app that is not known looks the same.
    pub async fn deletion_status(&self, app: &AppId, code: &str) -> Result<DeletionStatus, Error> {
        let code_hash = self.directory.hash("code-hash", app, code.as_bytes());
        let stored = self.store.deletion(app, code_hash).await;
        let stored = stored.map_err(Error::missing(Resource::Deletion))?;
        let (received_at, begun_at, completed_at) =
            (stored.received_at, stored.begun_at, stored.done_at);
        Ok(DeletionStatus {
            received_at,
            begun_at,
            completed_at,
        })
    }

    /// What a signed request says, once it is believed.
    async fn request(
        &self,
        app: Option<&AppId>,
        text: &str,
        kind: InboxKind,
    ) -> Result<(AppId, Word), Error> {
        let (known, secrets) = self.incoming_secrets(app).await?;
        let payload = open_signed_request(&secrets, text);
        let app = known.ok_or(Error::NotSigned)?;
        let said = payload.and_then(|it| notices::signed_request(&it, self.clock.now()));
        let (person_id, told_at) = said.ok_or(Error::NotSigned)?;
        Ok((
            app,
            Word {
                kind,
                person_id,
                cut_off: None,
                told_at,
            },
        ))
    }

    /// Keeps words and makes them due, in one transaction.
    async fn keep_words(&self, app: &AppId, words: &[NewWord]) -> Result<(), Error> {
        if words.is_empty() {
            return Ok(());
        }
        let new = self
            .store
            .receive(words, self.clock.now(), Clock::wall())
            .await?;
        info!(app.id = %app, messages = words.len(), new, "Meta told something");
        Ok(())
    }

    fn new_word(
        &self,
        app: &AppId,
        word: Word,
        digest: &str,
        code_hash: Option<[u8; 16]>,
    ) -> NewWord {
        NewWord {
            digest: self.directory.hash("digest", app, digest.as_bytes()),
            person: self.directory.person(app, &word.person_id),
            app_id: app.clone(),
            word,
            code_hash,
        }
    }

    /// The app if it is known, and the secrets to try: after a change the one before counts too, to its end.
    async fn incoming_secrets(
        &self,
        app: Option<&AppId>,
    ) -> Result<(Option<AppId>, Vec<AppSecret>), Error> {
        let stored = self.known(app).await?;
        let sealed = match &stored {
            Some(it) => [Some(&it.secret), older_secret(it, self.clock.now())],
            None => [Some(&self.decoy.secret), None],
        };
        let id = stored.as_ref().map_or(&self.decoy.app, |it| &it.id);
        let mut secrets = Vec::with_capacity(2);
        for sealed in sealed.into_iter().flatten() {
            let text = self.open_for_app(id, Purpose::AppSecret, sealed).await?;
            secrets.push(AppSecret::parse(text).map_err(Error::internal)?);
        }
        Ok((stored.map(|it| it.id), secrets))
    }

    async fn known(&self, app: Option<&AppId>) -> Result<Option<StoredApp>, Error> {
        match self.store.app(app.unwrap_or(&self.decoy.app)).await {
            Ok(stored) => Ok(Some(stored)),
            Err(regrant_storage::Error::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn digest_of(word: &Word) -> String {
    format!(
        "{}/{}/{}",
        word.kind,
        word.person_id,
        word.told_at.timestamp()
    )
}

fn hex(bytes: [u8; 16]) -> String {
    uuid::Uuid::from_bytes(bytes).simple().to_string()
}
