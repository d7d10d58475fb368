//! One HTTP call to Graph: sends the request, reads the response, retries.
//!
//! The rule: nothing of a request or a response is logged; a text that ends up in a message goes
//! through the redactor of the [`CallContext`] first.
//! Start at `Client::read_and_check_app`.
//!
//! [`CallContext`]: context::CallContext

pub(crate) mod app_credentials;
pub(crate) mod appsecret_proof;
pub(crate) mod context;
pub(crate) mod wire;

use backon::Retryable;
use regrant_domain::{Refusal, RefusalKind};
use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::{
    Client,
    call::context::CallContext,
    errors::graph_error::{GraphError, build_refusal},
    errors::interpret::ErrorContext,
    limits::usage::parse_usage_header,
};

/// A response of Graph, read to its end; it may hold an error.
pub(crate) struct GraphResponse {
    pub(crate) status: u16,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Longer responses are refused.
const MAX_BODY_BYTES: usize = 16 << 20;
/// Capacity for most batches: a buffer that grows leaves an unzeroed copy of its content behind.
const USUAL_BODY_BYTES: usize = 256 << 10;

impl Client {
    /// Reads `path` with retries. If Graph blames the app, checks whether the app is at fault.
    pub(crate) async fn read_and_check_app<T: DeserializeOwned>(
        &self,
        context: &CallContext<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        let response = self.read_with_retries(context, path, query).await;
        if response
            .as_ref()
            .is_err_and(|it| it.kind == RefusalKind::AppFault)
        {
            self.check_app_after_fault(context.app, context.bearer)
                .await;
        }
        response
    }

    /// Reads `path`; retries with backoff while Graph is unavailable.
    pub(crate) async fn read_with_retries<T: DeserializeOwned>(
        &self,
        context: &CallContext<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        (|| self.read_once(context, path, query))
            .retry(self.backoff_builder())
            .sleep(tokio::time::sleep)
            .when(|it: &Refusal| it.kind == RefusalKind::Unavailable)
            .await
    }

    /// Reads `path` once, after waiting for short pauses.
    pub(crate) async fn read_once<T: DeserializeOwned>(
        &self,
        context: &CallContext<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        self.call_once(context, Method::GET, path, query).await
    }

    /// Calls `path` once, after waiting for short pauses.
    pub(crate) async fn call_once<T: DeserializeOwned>(
        &self,
        context: &CallContext<'_>,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        self.admit_call(context).await?;
        let mut url = self.inner.settings.url_of_path(path);
        url.query_pairs_mut()
            .extend_pairs(query)
            .extend_pairs(self.proof_parameters(context));
        let request = self.inner.http.request(method, url);
        let response = self.send_request(context, request).await?;
        let read = match response.graph_error(context) {
            Some(error) => Err(self.interpret_error(context, &error, response.error_context())),
            None => response.parse_success(),
        };
        self.observe_token(context, read).await
    }

    /// Sends one request and reads the whole response. No error names the URL: it may hold a token.
    pub(crate) async fn send_request(
        &self,
        context: &CallContext<'_>,
        request: RequestBuilder,
    ) -> Result<GraphResponse, Refusal> {
        let request = match context.bearer {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        };
        let response = request.send().await.map_err(|it| connection_refusal(&it))?;
        self.read_response(context, response).await
    }

    /// Reads the whole response.
    pub(crate) async fn read_response(
        &self,
        context: &CallContext<'_>,
        response: Response,
    ) -> Result<GraphResponse, Refusal> {
        let status = response.status().as_u16();
        self.note_headers(context, &response);
        Ok(GraphResponse {
            status,
            body: read_body(response).await?,
        })
    }

    /// Pauses what the usage headers report as used up.
    fn note_headers(&self, context: &CallContext<'_>, response: &Response) {
        let headers = response.headers();
        let text = |name| {
            headers
                .get(name)
                .and_then(|it| it.to_str().ok())
                .unwrap_or_default()
        };
        tracing::debug!(
            http.status = response.status().as_u16(),
            graph.version = %context.redactor.redact_text(text("facebook-api-version")),
            graph.trace_id = %context.redactor.redact_text(text("x-fb-trace-id")),
            "Graph responded"
        );
        let texts = headers
            .iter()
            .filter_map(|(name, value)| Some((name, value.to_str().ok()?)));
        for (name, value) in texts {
            self.pause_exhausted_scopes(context, None, parse_usage_header(name.as_str(), value));
        }
    }

    fn proof_parameters(&self, context: &CallContext<'_>) -> Vec<(&'static str, String)> {
        context.bearer.map_or_else(Vec::new, |token| {
            self.sign_appsecret_proof(context.app, token)
                .into_parameters()
                .into()
        })
    }
}

impl GraphResponse {
    /// The error in the body, if there is one.
    pub(crate) fn graph_error(&self, context: &CallContext<'_>) -> Option<GraphError> {
        GraphError::parse_body(&self.body, &context.redactor)
    }

    /// The body of a response without an error. Outside of 2xx it counts as unreadable, whatever it says: a proxy between
    /// Graph and us may have written it.
    pub(crate) fn parse_success<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let body = Some(&self.body).filter(|_| (200..300).contains(&self.status));
        body.and_then(|it| serde_json::from_slice(it).ok())
            .ok_or_else(|| unreadable_response(self.status))
    }

    pub(crate) const fn error_context(&self) -> ErrorContext<'static> {
        ErrorContext {
            status: self.status,
            about: None,
            retry_after: None,
        }
    }
}

async fn read_body(mut response: Response) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut body = Zeroizing::new(Vec::with_capacity(USUAL_BODY_BYTES));
    while let Some(piece) = response
        .chunk()
        .await
        .map_err(|it| connection_refusal(&it))?
    {
        if body.len() + piece.len() > MAX_BODY_BYTES {
            return Err(build_refusal(
                RefusalKind::Unavailable,
                "The response of Graph is too long.",
            ));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The refusal for a failed connection. It drops the error itself, which holds the URL.
pub(crate) fn connection_refusal(error: &reqwest::Error) -> Refusal {
    let message = match error {
        it if it.is_timeout() => "Graph did not respond in time.",
        it if it.is_connect() => "Graph could not be reached.",
        _ => "The connection to Graph broke.",
    };
    build_refusal(RefusalKind::Unavailable, message)
}

/// The refusal for a body that is not JSON of the expected form: HTML, empty or truncated.
pub(crate) fn unreadable_response(status: u16) -> Refusal {
    build_refusal(
        RefusalKind::Unavailable,
        format!("The response of Graph is not readable (HTTP {status})."),
    )
}
