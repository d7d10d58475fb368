//! Confirms that a token is dead after a call with it was refused.
//!
//! The rule: ask with the app's own token, so that the response does not depend on the refused token.
//! A death is confirmed only when `debug_token` says "invalid" with an error that ends a token; after
//! any other answer the state of the token is unknown.

use regrant_domain::{AccessToken, Refusal, RefusalKind};

use crate::{
    AppCredentials, Client,
    call::context::CallContext,
    errors::graph_error::build_refusal,
    tokens::debug_token::{DebugTokenData, DebugTokenResponse, Validity, message_of_error},
    tokens::inspect::names_another_app,
};

/// What `debug_token` says about a token after a call with it was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeathVerdict {
    /// The token is dead.
    Confirmed {
        /// Graph's message, redacted.
        reason: String,
    },
    /// Graph calls the token valid: the call was refused for another reason.
    Denied,
}

impl Client {
    /// Checks with the app's own token whether `token` is dead.
    ///
    /// # Errors
    /// Unknown: the app is at fault or suspended, Graph is down or throttles, or its response about
    /// the token is not final. `TokenRefused`: Graph calls the token invalid, and no row of the table
    /// of errors says why.
    #[tracing::instrument(name = "confirm_death", skip_all, fields(app.id = %app.id))]
    pub async fn confirm_death(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<DeathVerdict, Refusal> {
        let app_token = app
            .app_token()
            .map_err(|_| build_refusal(RefusalKind::AppFault, "The app has no usable secret."))?;
        let context = CallContext::new(app, Some(&app_token), None, &[token]);
        let query = [("input_token", token.expose())];
        match self
            .read_with_retries::<DebugTokenResponse>(&context, "debug_token", &query)
            .await
        {
            Ok(response) => self.judge_death(response.data, app, token),
            // Graph does not say which token is invalid; if it accepts the app's own, it meant `token`.
            Err(refused) if refused.kind == RefusalKind::TokenDead => self
                .verify_app(app)
                .await
                .map(|()| DeathVerdict::Confirmed {
                    reason: refused.message,
                }),
            // The same: the app that Graph does not know is the one of `token`.
            Err(refused) if names_another_app(&refused) => {
                self.verify_app(app).await?;
                Err(Refusal {
                    kind: RefusalKind::TokenRefused,
                    ..refused
                })
            }
            Err(refused) => Err(refused),
        }
    }

    /// Whether the response calls the token dead.
    ///
    /// # Errors
    /// The response is about another app's token or is not final.
    fn judge_death(
        &self,
        data: DebugTokenData,
        app: &AppCredentials,
        token: &AccessToken,
    ) -> Result<DeathVerdict, Refusal> {
        let unclear = |kind, message: &str| Err(build_refusal(kind, message));
        if data.is_of_another_app(&app.id) {
            return unclear(
                RefusalKind::Unclassified,
                "The token belongs to another app.",
            );
        }
        match data.validity() {
            Validity::Valid => return Ok(DeathVerdict::Denied),
            Validity::Unknown => {
                return unclear(
                    RefusalKind::Unclassified,
                    "Graph said nothing about the token.",
                );
            }
            Validity::Invalid => {}
        }
        let error = data.into_redacted_error(app, token);
        let message = message_of_error(&error);
        match self.classify_invalid(&app.id, &error) {
            RefusalKind::TokenDead => Ok(DeathVerdict::Confirmed { reason: message }),
            kind => unclear(kind, &message),
        }
    }
}
