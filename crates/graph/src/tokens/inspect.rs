//! Inspection of a submitted token: is it valid, of our app, of a person; what was it granted.
//!
//! The rule: `debug_token` is called with the app's own token, and responds with HTTP 200 for dead
//! tokens too. Granted targets are a hint, never a proof of access.
//! Start at `Client::inspect_token`.

use chrono::TimeDelta;
use regrant_domain::{AccessToken, CredentialKind, Refusal, RefusalKind, TokenFacts};
use serde::Deserialize;

use crate::{
    AppCredentials, CallError, Client,
    call::context::CallContext,
    call::wire,
    errors::graph_error::build_refusal,
    tokens::debug_token::{DebugTokenData, DebugTokenResponse},
};

/// What an inspection says about a valid token of our app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInspection {
    /// What Graph says about the token.
    pub facts: TokenFacts,
    /// Whether it expires within a day; exchange it before it does.
    pub is_short_lived: bool,
}

/// Why a token is not accepted or cannot be inspected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// A token of our app, dead.
    #[error("the token is dead: {reason}")]
    Dead {
        /// Graph's message, redacted.
        reason: String,
    },
    /// The token belongs to another app.
    #[error("the token belongs to another app")]
    ForeignApp,
    /// Graph cannot read the text as a token.
    #[error("the text is no token that Graph can read")]
    Undecipherable,
    /// The token of a page, an app or another holder that is neither person nor system user.
    #[error("the token is neither a person's nor a system user's")]
    NotAPersonToken,
    /// The person must act at Meta before the token works.
    #[error("{}", .0.message)]
    UserAction(Refusal),
    /// Graph could not be reached, or refused for another reason.
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
    /// Reads the facts of `token`: `debug_token` with the app's own token, then `/me` with `token`.
    ///
    /// # Errors
    /// The variants separate a token that is not acceptable from a failed call
    /// ([`InspectError::Call`]).
    #[tracing::instrument(name = "inspect", skip_all, fields(app.id = %app.id))]
    pub async fn inspect_token(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<TokenInspection, InspectError> {
        let data = self.debug_token(app, token).await?;
        let mut facts = data.into_facts(app, token)?;
        let me = self.read_profile(app, token, &facts).await?;
        facts.person_name = me.name;
        facts.is_work_account = me.is_work_account;
        let tomorrow = self.inner.clock.now() + TimeDelta::hours(24);
        let short_lived =
            facts.kind == CredentialKind::User && facts.expires_at.is_some_and(|it| it <= tomorrow);
        Ok(TokenInspection {
            facts,
            is_short_lived: short_lived,
        })
    }

    async fn debug_token(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<DebugTokenData, InspectError> {
        let app_token = app
            .app_token()
            .map_err(|_| build_refusal(RefusalKind::AppFault, "The app has no usable secret."))?;
        let context = CallContext::new(app, Some(&app_token), None, &[token]);
        let query = [("input_token", token.expose())];
        match self
            .read_and_check_app::<DebugTokenResponse>(&context, "debug_token", &query)
            .await
        {
            Ok(response) => Ok(response.data),
            Err(refusal) if refusal.message.to_lowercase().contains(OTHER_APP_MESSAGE) => {
                Err(InspectError::ForeignApp)
            }
            Err(refusal) if refusal.kind == RefusalKind::TokenDead => {
                Err(self.invalid_token_error(app).await)
            }
            Err(refusal) => Err(CallError::Refused(refusal).into()),
        }
    }

    /// The error where Graph calls a token invalid without saying which: if it accepts the app's own
    /// token, it meant the inspected one.
    async fn invalid_token_error(&self, app: &AppCredentials) -> InspectError {
        match self.verify_app_token(app).await {
            Ok(()) => InspectError::Undecipherable,
            Err(refusal) => CallError::Refused(refusal).into(),
        }
    }

    /// The profile of the person. A node without these fields gives an empty profile, not an error.
    async fn read_profile(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        facts: &TokenFacts,
    ) -> Result<PersonProfile, InspectError> {
        let context = CallContext::new(app, Some(token), Some(&facts.person_id), &[]);
        let fields = if facts.kind == CredentialKind::User {
            "id,name,is_work_account"
        } else {
            "id,name"
        };
        match self
            .read_and_check_app(&context, "me", &[("fields", fields)])
            .await
        {
            Err(refusal) if refusal.kind == RefusalKind::RequestFault => {
                Ok(PersonProfile::default())
            }
            response => Ok(response?),
        }
    }
}

const OTHER_APP_MESSAGE: &str = "did not match the viewing app";

#[derive(Default, Deserialize)]
struct PersonProfile {
    #[serde(default, deserialize_with = "wire::parse_text")]
    name: Option<String>,
    #[serde(default)]
    is_work_account: Option<bool>,
}
