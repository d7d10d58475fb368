//! The operator that calls.
//!
//! The rule: in a handler's arguments it comes before the body.

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use regrant_vault::LoggedIn;

use crate::problem::{Problem, unauthenticated};

/// A logged-in operator. The use case checks what it may change.
pub(super) struct Operator(pub(super) LoggedIn);

impl FromRequest for Operator {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<LoggedIn>().cloned();
        ready(
            caller
                .map(Self)
                .ok_or_else(|| unauthenticated("", "This call needs an access token.")),
        )
    }
}
