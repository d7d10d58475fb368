//! The operator that calls.
//!
//! The rule: in a handler's arguments it comes before the body.

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use regrant_vault::AuthenticatedOperator;

use crate::problem::{Problem, unauthenticated_problem};

/// A logged-in operator. The use case checks what it may change.
pub(super) struct OperatorCaller(pub(super) AuthenticatedOperator);

impl FromRequest for OperatorCaller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<AuthenticatedOperator>().cloned();
        ready(
            caller
                .map(Self)
                .ok_or_else(|| unauthenticated_problem("", "This call needs an access token.")),
        )
    }
}
