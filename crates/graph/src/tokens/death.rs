//! Confirms that a token is dead after a call with it was refused.
//!
//! The rule: ask with the app's own token, so that the response does not depend on the refused token.
//! A death is confirmed only when `debug_token` says "invalid" with an error that ends a token; after
//! any other failure the state of the token is unknown.

use regrant_domain::{AccessToken, Refusal, RefusalKind};

use crate::{
    AppCredentials, Client, call::context::CallContext, errors::graph_error::build_refusal,
    tokens::debug_token::DebugTokenResponse,
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
    /// the token is not final.
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
            Ok(response) => response.data.into_death(app, token),
            // Graph does not say which token is invalid; if it accepts the app's own, it meant `token`.
            Err(refused) if refused.kind == RefusalKind::TokenDead => self
                .verify_app_token(app)
                .await
                .map(|()| DeathVerdict::Confirmed {
                    reason: refused.message,
                }),
            Err(refused) => Err(refused),
        }
    }
}
