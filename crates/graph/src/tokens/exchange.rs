//! Exchanges: a short-lived user token for a long-lived one, a system user's token for 60 more days.
//!
//! The rule: where Graph does not say when the new token expires, no date is invented. A limit that Graph names is the
//! person's: it rests no other person.

use chrono::TimeDelta;
use regrant_domain::{AccessToken, CredentialKind, PersonId, Timestamp};
use serde::Deserialize;

use crate::{AppCredentials, CallError, Client, call::context::CallContext, call::wire};

/// The token that Graph issues in an exchange.
#[derive(Debug)]
pub struct IssuedToken {
    /// The new token, always different from the old one.
    pub token: AccessToken,
    /// When it expires; `None` where Graph does not say: inspect the token.
    pub expires_at: Option<Timestamp>,
}

#[derive(Deserialize)]
pub(super) struct ExchangeResponse {
    access_token: AccessToken,
    #[serde(default, deserialize_with = "wire::parse_integer")]
    expires_in: Option<i64>,
}

impl Client {
    /// Exchanges a valid token of `person` for a long-lived one.
    ///
    /// # Errors
    /// Graph refused or could not be reached. An expired token cannot be exchanged.
    pub async fn exchange_token(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        person: &PersonId,
    ) -> Result<IssuedToken, CallError> {
        let context = context_of_exchange(app, token, person, CredentialKind::User);
        self.request_exchange(&context, token, &[]).await
    }

    /// Refreshes a 60-day token of the system user `person` for 60 more days. The old token works until it expires.
    ///
    /// # Errors
    /// Graph refused or could not be reached. An expired token cannot be refreshed.
    pub async fn refresh_system_user_token(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        person: &PersonId,
    ) -> Result<IssuedToken, CallError> {
        let context = context_of_exchange(app, token, person, CredentialKind::SystemUser);
        let more = [("set_token_expires_in_60_days", "true")];
        self.request_exchange(&context, token, &more).await
    }

    /// Graph documents this as a GET, so the secrets are in the query; no error or log repeats it.
    #[tracing::instrument(name = "exchange", skip_all, fields(app.id = %context.app.id))]
    async fn request_exchange(
        &self,
        context: &CallContext<'_>,
        token: &AccessToken,
        more: &[(&str, &str)],
    ) -> Result<IssuedToken, CallError> {
        let app = context.app;
        let mut query = vec![
            ("grant_type", "fb_exchange_token"),
            ("client_id", app.id.as_str()),
            ("client_secret", app.secret.expose()),
            ("fb_exchange_token", token.expose()),
        ];
        query.extend_from_slice(more);
        let response: ExchangeResponse = self
            .read_and_check_app(context, "oauth/access_token", &query)
            .await?;
        Ok(self.issued_token(response))
    }

    pub(super) fn issued_token(&self, response: ExchangeResponse) -> IssuedToken {
        let expires_at = response.expires_in.and_then(|it| self.expiry_after(it));
        IssuedToken {
            token: response.access_token,
            expires_at,
        }
    }

    fn expiry_after(&self, seconds: i64) -> Option<Timestamp> {
        let lasts = TimeDelta::try_seconds(seconds).filter(|it| *it > TimeDelta::zero())?;
        let expiry = self.inner.clock.now().checked_add_signed(lasts);
        expiry.filter(wire::is_storable)
    }
}

/// The context of an exchange: the parameters carry the token, and the limits of its person hold for the call.
fn context_of_exchange<'a>(
    app: &'a AppCredentials,
    token: &AccessToken,
    person: &'a PersonId,
    kind: CredentialKind,
) -> CallContext<'a> {
    CallContext::new(app, None, Some(person), &[token]).called_by(kind.into())
}
