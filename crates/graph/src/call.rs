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

use std::time::Duration;

use backon::Retryable;
use regrant_domain::{Refusal, RefusalKind};
use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::{
    Client,
    call::context::Caller,
    errors::graph_error::{GraphError, refusal},
    errors::interpret::Circumstances,
    limits::usage::spent,
};

/// A response of Graph, read to its end; it may hold an error.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The longest wait that the usage headers ask for.
    pub(crate) regain: Option<Duration>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Longer responses are refused.
const LONGEST_BODY: usize = 16 << 20;
/// Capacity for most batches: a buffer that grows leaves an unzeroed copy of its content behind.
const USUAL_BODY: usize = 256 << 10;

impl Client {
    /// Reads `path` with retries. If Graph blames the app, checks whether the app is at fault.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        context: &Caller<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        let response = self.read_patiently(context, path, query).await;
        if response
            .as_ref()
            .is_err_and(|it| it.kind == RefusalKind::AppFault)
        {
            self.confirm_fault(context.app, context.bearer).await;
        }
        response
    }

    /// Reads `path`; retries with backoff while Graph is unavailable.
    pub(crate) async fn read_patiently<T: DeserializeOwned>(
        &self,
        context: &Caller<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        (|| self.read_once(context, path, query))
            .retry(self.backoff_plan())
            .sleep(tokio::time::sleep)
            .when(|it: &Refusal| it.kind == RefusalKind::Unavailable)
            .await
    }

    /// Reads `path` once, after waiting for short pauses.
    pub(crate) async fn read_once<T: DeserializeOwned>(
        &self,
        context: &Caller<'_>,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        self.admit(context).await?;
        let mut url = self.inner.settings.url(path);
        url.query_pairs_mut()
            .extend_pairs(query)
            .extend_pairs(self.proof_pairs(context));
        let response = self.send(context, self.inner.http.get(url)).await?;
        let read = match response.error(context) {
            Some(error) => Err(self.refuse(context, &error, response.circumstances())),
            None => serde_json::from_slice(&response.body).map_err(|_| unreadable(response.status)),
        };
        self.weigh_one(context, read)
    }

    /// Sends one request and reads the whole response. No error names the URL: it may hold a token.
    pub(crate) async fn send(
        &self,
        context: &Caller<'_>,
        request: RequestBuilder,
    ) -> Result<Answer, Refusal> {
        let request = match context.bearer {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        };
        let response = request.send().await.map_err(|it| silent(&it))?;
        let status = response.status().as_u16();
        let regain = self.note_headers(context, &response);
        Ok(Answer {
            status,
            regain,
            body: body(response).await?,
        })
    }

    fn note_headers(&self, context: &Caller<'_>, response: &Response) -> Option<Duration> {
        let headers = response.headers();
        let text = |name| {
            headers
                .get(name)
                .and_then(|it| it.to_str().ok())
                .unwrap_or_default()
        };
        tracing::debug!(
            http.status = response.status().as_u16(),
            graph.version = %context.redactor.text(text("facebook-api-version")),
            graph.trace_id = %context.redactor.text(text("x-fb-trace-id")),
            "Graph responded"
        );
        let texts = headers
            .iter()
            .filter_map(|(name, value)| Some((name, value.to_str().ok()?)));
        texts
            .filter_map(|(name, value)| self.note_usage(context, None, spent(name.as_str(), value)))
            .max()
    }

    fn proof_pairs(&self, context: &Caller<'_>) -> Vec<(&'static str, String)> {
        context.bearer.map_or_else(Vec::new, |token| {
            self.appsecret_proof(context.app, token).pairs().into()
        })
    }
}

impl Answer {
    /// The error in the body, if there is one.
    pub(crate) fn error(&self, context: &Caller<'_>) -> Option<GraphError> {
        GraphError::in_body(&self.body, &context.redactor)
    }

    pub(crate) const fn circumstances(&self) -> Circumstances<'static> {
        Circumstances {
            status: self.status,
            about: None,
            regain: self.regain,
        }
    }
}

async fn body(mut response: Response) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut body = Zeroizing::new(Vec::with_capacity(USUAL_BODY));
    while let Some(piece) = response.chunk().await.map_err(|it| silent(&it))? {
        if body.len() + piece.len() > LONGEST_BODY {
            return Err(refusal(
                RefusalKind::Unavailable,
                "The response of Graph is too long.",
            ));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The refusal for a failed connection. It drops the error itself, which holds the URL.
fn silent(error: &reqwest::Error) -> Refusal {
    let message = match error {
        it if it.is_timeout() => "Graph did not respond in time.",
        it if it.is_connect() => "Graph could not be reached.",
        _ => "The connection to Graph broke.",
    };
    refusal(RefusalKind::Unavailable, message)
}

/// The refusal for a body that is not JSON of the expected form: HTML, empty or truncated.
pub(crate) fn unreadable(status: u16) -> Refusal {
    refusal(
        RefusalKind::Unavailable,
        format!("The response of Graph is not readable (HTTP {status})."),
    )
}
