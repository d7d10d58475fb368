//! The header `Idempotency-Key`, which makes a POST repeatable.
//!
//! The rule: two calls are equal if their paths and their bodies are. Bodies are compared in canonical form, in which
//! white space and the order of members do not matter. `envelope.rs` says in a header that an earlier call was answered
//! again.

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use regrant_vault::{IdempotencyKey, RepeatableRequest, ReplayNote};
use zeroize::Zeroizing;

use crate::problem::Problem;

/// The key, if the header was sent, and the path of the call.
#[derive(Default)]
pub(crate) struct IdempotencyHeader {
    key: Option<IdempotencyKey>,
    path: String,
    replay: ReplayNote,
}

impl IdempotencyHeader {
    /// The idempotent call, if a key was sent; `body` is the canonical body.
    pub(crate) fn into_call(self, route: &'static str, body: &[u8]) -> Option<RepeatableRequest> {
        let Self { key, path, replay } = self;
        key.map(|key| {
            // The body may hold a token: a buffer that grows would leave copies of it in freed memory.
            let mut canonical_request =
                Zeroizing::new(Vec::with_capacity(path.len() + 1 + body.len()));
            canonical_request.extend_from_slice(path.as_bytes());
            canonical_request.push(0);
            canonical_request.extend_from_slice(body);
            RepeatableRequest {
                key,
                route,
                canonical_request,
                replay,
            }
        })
    }
}

impl FromRequest for IdempotencyHeader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all("idempotency-key");
        let key = match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => {
                IdempotencyKey::parse(value.to_str().unwrap_or_default()).map(Some)
            }
            // Two keys are ambiguous: an empty key makes the parser refuse the call.
            (Some(_), Some(_)) => IdempotencyKey::parse("").map(Some),
        };
        let path = request.match_info().as_str().to_owned();
        let replay = ReplayNote::default();
        request.extensions_mut().insert(replay.clone());
        ready(
            key.map(|key| Self { key, path, replay })
                .map_err(Problem::from),
        )
    }
}
