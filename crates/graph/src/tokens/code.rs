//! The exchange of an authorization code for a token.
//!
//! The rule: a code is sent once. There is no retry, and none with another `redirect_uri`: the code is spent by then, and
//! trying shows a stranger how we behave.

use regrant_domain::{
    AuthorizationCode, RedirectUri, Refusal, RefusalKind,
    errors::{Caller, CodeFault},
};
use reqwest::Url;

use crate::{
    AppCredentials, Client, IssuedToken,
    call::{connection_refusal, context::CallContext},
    errors::graph_error::build_refusal,
};

/// Why a code was not exchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeExchangeError {
    /// Nothing was sent, so the code is as good as before.
    #[error("{}", .0.message)]
    NotSent(Refusal),
    /// Graph refuses this code.
    #[error("{}", .refusal.message)]
    Faulty {
        /// What is wrong with it.
        fault: CodeFault,
        /// What Graph said.
        refusal: Refusal,
    },
    /// Graph refuses the app.
    #[error("{}", .0.message)]
    AppRefused(Refusal),
    /// No answer came that says whether the code was exchanged, so it counts as spent.
    #[error("{}", .0.message)]
    Unknown(Refusal),
}

impl Client {
    /// Exchanges a code for a token. `redirect` is left out where it is absent.
    ///
    /// # Errors
    /// The variants say whether the code may still be good.
    #[tracing::instrument(name = "exchange_code", skip_all, fields(app.id = %app.id))]
    pub async fn exchange_code(
        &self,
        app: &AppCredentials,
        code: &AuthorizationCode,
        redirect: Option<&RedirectUri>,
    ) -> Result<IssuedToken, CodeExchangeError> {
        // The code is a person's, whom only the answer could name: a limit of that person rests nothing of others.
        let context = CallContext::new(app, None, None, &[])
            .with_code(code)
            .called_by(Caller::Person);
        self.admit_call(&context)
            .await
            .map_err(CodeExchangeError::NotSent)?;
        let url = self.url_of_code(app, code, redirect);
        let sent = self.inner.http.get(url).send().await;
        let response = sent.map_err(|error| match connection_refusal(&error) {
            refusal if error.is_connect() => CodeExchangeError::NotSent(refusal),
            refusal => CodeExchangeError::Unknown(refusal),
        })?;
        let response = self
            .read_response(&context, response)
            .await
            .map_err(CodeExchangeError::Unknown)?;
        let Some(error) = response.graph_error(&context) else {
            return response
                .parse_success()
                .map(|it| self.issued_token(it))
                .map_err(CodeExchangeError::Unknown);
        };
        if let Some(fault) = CodeFault::of_error(error.code, error.subcode, &error.message) {
            let refusal = build_refusal(RefusalKind::RequestFault, error.to_sentence());
            return Err(CodeExchangeError::Faulty { fault, refusal });
        }
        let refusal = self.interpret_error(&context, &error, response.error_context());
        if refusal.kind != RefusalKind::AppFault {
            return Err(CodeExchangeError::Unknown(refusal));
        }
        self.check_app_after_fault(app, None).await;
        Err(CodeExchangeError::AppRefused(refusal))
    }

    /// Graph documents this as a GET, so the secrets are in the query; no error or log repeats it.
    fn url_of_code(
        &self,
        app: &AppCredentials,
        code: &AuthorizationCode,
        redirect: Option<&RedirectUri>,
    ) -> Url {
        let mut url = self.inner.settings.url_of_path("oauth/access_token");
        url.query_pairs_mut()
            .append_pair("client_id", app.id.as_str())
            .append_pair("client_secret", app.secret.expose())
            .extend_pairs(redirect.map(|it| ("redirect_uri", it.as_str())))
            .append_pair("code", code.expose());
        url
    }
}
