//! Inspection: whether a received token is alive, ours, a person's, and what it was granted.
//!
//! The rule: `debug_token` is asked with the app's own token and answers HTTP 200 for the dead too.
//! Granted targets are a hint, never a proof of access.

use chrono::TimeDelta;
use regrant_domain::{AccessToken, CredentialKind, Refusal, RefusalKind, TokenFacts};
use serde::Deserialize;

use crate::{
    AppCredentials, CallError, Client,
    caller::Caller,
    debugged::{Debugged, Envelope},
    error::refusal,
    wire,
};

/// A token that lives and is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What is known of it.
    pub facts: TokenFacts,
    /// Whether it ends within a day, so that it should be exchanged while it lives.
    pub short_lived: bool,
}

/// Why a token is not accepted, or could not be inspected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// The token is ours and dead.
    #[error("the token is dead: {reason}")]
    Dead {
        /// Graph's own words, redacted.
        reason: String,
    },
    /// The token belongs to another app.
    #[error("the token belongs to another app")]
    ForeignApp,
    /// Graph cannot make out any token in it.
    #[error("the text is no token that Graph can read")]
    Undecipherable,
    /// A page's, an app's or another token that is no person's and no system user's.
    #[error("the token is neither a person's nor a system user's")]
    NotAPersonToken,
    /// Its person must act before it works.
    #[error("{}", .0.message)]
    UserAction(Refusal),
    /// Graph could not be asked, or refused for another reason.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl From<Refusal> for InspectError {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind {
            RefusalKind::TokenDead => Self::Dead {
                reason: refusal.message,
            },
            RefusalKind::Checkpoint
            | RefusalKind::Unconfirmed
            | RefusalKind::TwoFactorRequired
            | RefusalKind::ConsentRequired
            | RefusalKind::DataAccessExpired => Self::UserAction(refusal),
            _ => Self::Call(CallError::Refused(refusal)),
        }
    }
}

impl Client {
    /// Asks Graph about `token`: first with the app's own token, then as its person.
    ///
    /// # Errors
    /// The token is of no use, or Graph could not be asked; the variants tell which.
    #[tracing::instrument(name = "inspect", skip_all, fields(app.id = %app.id))]
    pub async fn inspect(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<Inspected, InspectError> {
        let debugged = self.debug_token(app, token).await?;
        let mut facts = debugged.into_facts(app, token)?;
        let me = self.me(app, token, &facts).await?;
        facts.person_name = me.name;
        facts.is_work_account = me.is_work_account;
        let tomorrow = self.inner.clock.now() + TimeDelta::hours(24);
        let short_lived =
            facts.kind == CredentialKind::User && facts.expires_at.is_some_and(|it| it <= tomorrow);
        Ok(Inspected { facts, short_lived })
    }

    async fn debug_token(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<Debugged, InspectError> {
        let app_token = app
            .token()
            .map_err(|_| refusal(RefusalKind::AppFault, "The app has no usable secret."))?;
        let caller = Caller::new(app, Some(&app_token), None, &[token]);
        let asked = [("input_token", token.expose())];
        match self.read::<Envelope>(&caller, "debug_token", &asked).await {
            Ok(answer) => Ok(answer.data),
            Err(refusal) if refusal.message.to_lowercase().contains(OTHER_APP) => {
                Err(InspectError::ForeignApp)
            }
            Err(refusal) if refusal.kind == RefusalKind::TokenDead => {
                Err(self.whose_death(app).await)
            }
            Err(refusal) => Err(CallError::Refused(refusal).into()),
        }
    }

    /// Graph called some token bad: the app's own, or the one inspected.
    async fn whose_death(&self, app: &AppCredentials) -> InspectError {
        match self.vouch(app).await {
            Ok(()) => InspectError::Undecipherable,
            Err(refusal) => CallError::Refused(refusal).into(),
        }
    }

    /// What the person says of themselves. A node without these fields is no reason to refuse.
    async fn me(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        facts: &TokenFacts,
    ) -> Result<Me, InspectError> {
        let caller = Caller::new(app, Some(token), Some(&facts.person_id), &[]);
        let fields = if facts.kind == CredentialKind::User {
            "id,name,is_work_account"
        } else {
            "id,name"
        };
        match self.read(&caller, "me", &[("fields", fields)]).await {
            Err(refusal) if refusal.kind == RefusalKind::RequestFault => Ok(Me::default()),
            answer => Ok(answer?),
        }
    }
}

const OTHER_APP: &str = "did not match the viewing app";

#[derive(Default, Deserialize)]
struct Me {
    #[serde(default, deserialize_with = "wire::text")]
    name: Option<String>,
    #[serde(default)]
    is_work_account: Option<bool>,
}
