//! The operator who calls; put it before the body in a handler's arguments.

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use regrant_vault::LoggedIn;

use crate::problem::{Problem, unauthenticated};

/// A logged-in operator. What it may change, the use case asks.
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
