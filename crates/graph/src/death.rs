//! A second word: whether a token that Graph called dead is dead.
//!
//! The rule: it is asked with the app's own token, so that it does not hang on what was refused. Only
//! `debug_token` saying "invalid" with an error that ends a token confirms a death; whatever else goes
//! wrong means that nobody can say.

use regrant_domain::{AccessToken, Refusal, RefusalKind};

use crate::{AppCredentials, Client, caller::Caller, debugged::Envelope, error::refusal};

/// What `debug_token` says of a token that a call was refused with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Death {
    /// It is dead.
    Confirmed {
        /// Graph's own words, redacted.
        reason: String,
    },
    /// Graph calls it valid: what was refused was not the token.
    Denied,
}

impl Client {
    /// Asks, with the app's own token, whether `token` is dead.
    ///
    /// # Errors
    /// Nobody can say: the app is at fault or rests, Graph is down or throttles, or what it says of the
    /// token is nothing final.
    #[tracing::instrument(name = "confirm_death", skip_all, fields(app.id = %app.id))]
    pub async fn confirm_death(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<Death, Refusal> {
        let app_token = app
            .token()
            .map_err(|_| refusal(RefusalKind::AppFault, "The app has no usable secret."))?;
        let caller = Caller::new(app, Some(&app_token), None, &[token]);
        let asked = [("input_token", token.expose())];
        match self
            .read_patiently::<Envelope>(&caller, "debug_token", &asked)
            .await
        {
            Ok(answer) => answer.data.into_death(app, token),
            // Graph called some token bad; if it takes the app's own, it meant the other.
            Err(refused) if refused.kind == RefusalKind::TokenDead => {
                self.vouch(app).await.map(|()| Death::Confirmed {
                    reason: refused.message,
                })
            }
            Err(refused) => Err(refused),
        }
    }
}
