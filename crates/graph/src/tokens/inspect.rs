//! Inspection of a token: is it valid, of our app, whose is it, when does it end, what was granted.
//!
//! The rule: `debug_token` is called with the app's own token, and responds with HTTP 200 for dead
//! tokens too. Granted targets are a hint, never a proof of access. What `debug_token` named stays known, whatever
//! `/me` responds.
//! Start at `Client::inspect_token`.

use chrono::TimeDelta;
use regrant_domain::{AccessToken, CredentialKind, Refusal, RefusalKind, TokenFacts};
use serde::Deserialize;

use crate::{
    AppCredentials, CallError, Client,
    call::context::CallContext,
    call::wire,
    errors::graph_error::build_refusal,
    tokens::debug_token::{DebugTokenData, DebugTokenResponse, NO_PERSON_MESSAGE},
};

/// What an inspection says about a valid token of our app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInspection {
    /// What Graph says about the token.
    pub facts: TokenFacts,
    /// Whether it is a person's token that expires within a day; exchange it before it does.
    pub is_short_lived: bool,
}

impl TokenInspection {
    /// Refuses a page's token, for callers that need a token of a person or a system user.
    ///
    /// # Errors
    /// [`InspectError::NotAPersonToken`].
    pub fn require_person_token(self) -> Result<Self, InspectError> {
        match self.facts.kind {
            CredentialKind::User | CredentialKind::SystemUser => Ok(self),
            CredentialKind::Page | CredentialKind::WorkplaceApp => {
                Err(InspectError::NotAPersonToken)
            }
        }
    }
}

/// Why a token is not accepted or cannot be inspected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// A token of our app, dead.
    #[error("the token is dead: {reason}")]
    Dead {
        /// Graph's message, redacted.
        reason: String,
        /// Whose token it was, where Graph says so.
        facts: Option<Box<TokenFacts>>,
    },
    /// The token belongs to another app.
    #[error("the token belongs to another app")]
    ForeignApp,
    /// Graph cannot read the text as a token.
    #[error("the text is no token that Graph can read")]
    Undecipherable,
    /// The token of an app or another holder that is no person, system user or page; or a page's,
    /// where the caller needs a person's.
    #[error("the token is neither a person's nor a system user's")]
    NotAPersonToken,
    /// Graph does not accept the token, and a new one may not help: the person must act at Meta first
    /// (`Checkpoint` and others), or no row of the table of errors says why (`TokenRefused`).
    #[error("{}", .refusal.message)]
    Invalid {
        /// What Graph said.
        refusal: Refusal,
        /// Whose token it is, where Graph says so.
        facts: Option<Box<TokenFacts>>,
    },
    /// Graph could not be reached, or refused for another reason.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The same after Graph had named whose token it is: ask again, and keep the owner.
    #[error("{error}")]
    Unsettled {
        /// Why the call failed.
        error: CallError,
        /// Whose token it is.
        facts: Box<TokenFacts>,
    },
}

impl InspectError {
    /// Whose token it is, where Graph said so although it does not accept the token.
    #[must_use]
    pub fn facts(&self) -> Option<&TokenFacts> {
        match self {
            Self::Dead { facts, .. } | Self::Invalid { facts, .. } => facts.as_deref(),
            Self::Unsettled { facts, .. } => Some(facts),
            Self::ForeignApp | Self::Undecipherable | Self::NotAPersonToken | Self::Call(_) => None,
        }
    }

    /// Whether Graph gave no answer about the token. Where it gave one, it may name no person.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        match self {
            Self::Call(CallError::Refused(refusal)) => refusal.message != NO_PERSON_MESSAGE,
            Self::Dead { .. }
            | Self::ForeignApp
            | Self::Undecipherable
            | Self::NotAPersonToken
            | Self::Invalid { .. }
            | Self::Unsettled { .. } => false,
        }
    }

    /// The same error with the facts that Graph named, if it is about a token of our app.
    pub(crate) fn with_facts(self, named: Option<Box<TokenFacts>>) -> Self {
        match (self, named) {
            (Self::Dead { reason, .. }, facts) => Self::Dead { reason, facts },
            (Self::Invalid { refusal, .. }, facts) => Self::Invalid { refusal, facts },
            (Self::Call(error), Some(facts)) => Self::Unsettled { error, facts },
            (error, _) => error,
        }
    }
}

impl From<Refusal> for InspectError {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind {
            RefusalKind::TokenDead => Self::Dead {
                reason: refusal.message,
                facts: None,
            },
            RefusalKind::Checkpoint
            | RefusalKind::Unconfirmed
            | RefusalKind::TwoFactorRequired
            | RefusalKind::ConsentRequired
            | RefusalKind::DataAccessExpired
            | RefusalKind::TokenRefused => Self::Invalid {
                refusal,
                facts: None,
            },
            _ => Self::Call(CallError::Refused(refusal)),
        }
    }
}

impl Client {
    /// Reads the facts of `token`: `debug_token` with the app's own token, then, of a person's or a
    /// system user's, `/me` with `token`.
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
        let mut facts = data.into_facts(self, app, token, None)?;
        // Asked with a page's token, `/me` is the page.
        if facts.kind != CredentialKind::Page {
            match self.read_profile(app, token, &facts).await {
                Ok(me) => {
                    facts.person_name = me.name;
                    facts.is_work_account = me.is_work_account;
                }
                Err(error) => return Err(error.with_facts(Some(Box::new(facts)))),
            }
        }
        let tomorrow = self.inner.clock.now() + TimeDelta::hours(24);
        let short_lived =
            facts.kind == CredentialKind::User && facts.expires_at.is_some_and(|it| it <= tomorrow);
        Ok(TokenInspection {
            facts,
            is_short_lived: short_lived,
        })
    }

    /// Reads the facts of `token` without its person's profile: one call, `debug_token`. Dates that it does not say
    /// are those of `known`: absent is unknown, and no "never".
    ///
    /// # Errors
    /// As [`Client::inspect_token`].
    pub async fn read_dates(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        known: &TokenFacts,
    ) -> Result<TokenFacts, InspectError> {
        let data = self.debug_token(app, token).await?;
        data.into_facts(self, app, token, Some(known))
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
                Err(self.blame_token(app, InspectError::Undecipherable).await)
            }
            Err(refusal) if names_another_app(&refusal) => {
                Err(self.blame_token(app, InspectError::ForeignApp).await)
            }
            Err(refusal) => Err(CallError::Refused(refusal).into()),
        }
    }

    /// The error where Graph refuses a token without saying which: `blamed` if it accepts the app's own
    /// token, because then it meant the inspected one.
    async fn blame_token(&self, app: &AppCredentials, blamed: InspectError) -> InspectError {
        match self.verify_app(app).await {
            Ok(()) => blamed,
            Err(refusal) => CallError::Refused(refusal).into(),
        }
    }

    /// The profile of the person: empty where Graph refuses it for a reason that may concern the profile alone.
    async fn read_profile(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        facts: &TokenFacts,
    ) -> Result<PersonProfile, InspectError> {
        let context = CallContext::new(app, Some(token), Some(&facts.person_id), &[])
            .called_by(facts.kind.into());
        let fields = if facts.kind == CredentialKind::User {
            "id,name,is_work_account"
        } else {
            "id,name"
        };
        match self
            .read_and_check_app(&context, "me", &[("fields", fields)])
            .await
        {
            Err(refusal) if !outweighs_validity(&refusal.kind) => Ok(PersonProfile::default()),
            response => Ok(response?),
        }
    }
}

/// Whether a refusal of the profile counts although `debug_token` has just called the token valid: what must be asked
/// again, and what the person must do at Meta first. All others say nothing about assets: the read on each decides.
const fn outweighs_validity(kind: &RefusalKind) -> bool {
    kind.is_transient()
        || matches!(
            kind,
            RefusalKind::Checkpoint
                | RefusalKind::Unconfirmed
                | RefusalKind::TwoFactorRequired
                | RefusalKind::ConsentRequired
                | RefusalKind::DataAccessExpired
        )
}

const OTHER_APP_MESSAGE: &str = "did not match the viewing app";

/// Whether Graph complains about an app: ours, or that of the token in question, such as an Instagram
/// or Threads app, which Graph does not know.
pub(crate) fn names_another_app(refusal: &Refusal) -> bool {
    let message = refusal.message.to_lowercase();
    refusal.kind == RefusalKind::AppFault
        && UNKNOWN_APP_MESSAGES.iter().any(|it| message.contains(it))
}

const UNKNOWN_APP_MESSAGES: [&str; 3] = [
    "error validating application",
    "cannot get application info",
    "application has been deleted",
];

#[derive(Default, Deserialize)]
struct PersonProfile {
    #[serde(default, deserialize_with = "wire::parse_text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "wire::parse_flag")]
    is_work_account: Option<bool>,
}
