//! Longer lives: a short-lived token for a long-lived one, a system user's 60 days for 60 more.
//!
//! The rule: where Graph does not say when the new token ends, no date is invented.

use chrono::TimeDelta;
use regrant_domain::{AccessToken, Timestamp};
use serde::Deserialize;

use crate::{AppCredentials, CallError, Client, caller::Caller, wire};

/// A new token in place of another.
#[derive(Debug)]
pub struct Exchanged {
    /// The new token: always another text.
    pub token: AccessToken,
    /// Its end; `None` where Graph did not say, then inspect it.
    pub expires_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: AccessToken,
    #[serde(default, deserialize_with = "wire::integer")]
    expires_in: Option<i64>,
}

impl Client {
    /// Exchanges a living user token for a long-lived one.
    ///
    /// # Errors
    /// Graph refused, or could not be asked. An expired token cannot be exchanged.
    pub async fn exchange(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<Exchanged, CallError> {
        self.exchange_with(app, token, &[]).await
    }

    /// Gives a system user's token of the 60-day kind 60 new days. The old token lives on until its own end.
    ///
    /// # Errors
    /// Graph refused, or could not be asked. An expired token cannot be refreshed.
    pub async fn refresh_system_user(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<Exchanged, CallError> {
        self.exchange_with(app, token, &[("set_token_expires_in_60_days", "true")])
            .await
    }

    /// Graph documents this as a GET: the secrets travel in the query, which no error and no log repeats.
    #[tracing::instrument(name = "exchange", skip_all, fields(app.id = %app.id))]
    async fn exchange_with(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        more: &[(&str, &str)],
    ) -> Result<Exchanged, CallError> {
        let caller = Caller::new(app, None, None, &[token]);
        let mut query = vec![
            ("grant_type", "fb_exchange_token"),
            ("client_id", app.id.as_str()),
            ("client_secret", app.secret.expose()),
            ("fb_exchange_token", token.expose()),
        ];
        query.extend_from_slice(more);
        let answer: Answer = self.read(&caller, "oauth/access_token", &query).await?;
        let expires_at = answer.expires_in.and_then(|it| self.after(it));
        Ok(Exchanged {
            token: answer.access_token,
            expires_at,
        })
    }

    fn after(&self, seconds: i64) -> Option<Timestamp> {
        let lasts = TimeDelta::try_seconds(seconds).filter(|it| *it > TimeDelta::zero())?;
        self.inner.clock.now().checked_add_signed(lasts)
    }
}
