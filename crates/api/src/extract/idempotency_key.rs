//! `Idempotency-Key`: what makes a POST repeatable.
//!
//! The rule: a repeated call is the same in its path and its body; the body counts in its canonical form, so that
//! spaces and the order of members do not.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use regrant_vault::{IdempotencyKey, Repeatable};
use zeroize::Zeroizing;

use crate::problem::Problem;

/// The header's value with the path it came to, if there is one.
#[derive(Default)]
pub(crate) struct Repeat {
    key: Option<IdempotencyKey>,
    path: String,
}

impl Repeat {
    /// The call, if it may be repeated; `body` is its canonical form.
    pub(crate) fn of(self, route: &'static str, body: &[u8]) -> Option<Repeatable> {
        let Self { key, path } = self;
        key.map(|key| {
            // Sized before it is filled: a body may hold a token, and growth would leave a copy behind.
            let mut said = Zeroizing::new(Vec::with_capacity(path.len() + 1 + body.len()));
            said.extend_from_slice(path.as_bytes());
            said.push(0);
            said.extend_from_slice(body);
            Repeatable { key, route, said }
        })
    }
}

impl FromRequest for Repeat {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all("idempotency-key");
        let key = match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => {
                IdempotencyKey::parse(value.to_str().unwrap_or_default()).map(Some)
            }
            // One parse refuses: which of two keys counts, nobody can say.
            (Some(_), Some(_)) => IdempotencyKey::parse("").map(Some),
        };
        let path = request.path().to_owned();
        ready(key.map(|key| Self { key, path }).map_err(Problem::from))
    }
}
