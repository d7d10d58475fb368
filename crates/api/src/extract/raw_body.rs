//! A body as it came, for callers that sign its bytes.

use crate::{json::Body, problem::Problem};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use std::{future::Future, pin::Pin};
use zeroize::Zeroizing;

/// The most Meta merges into one message is far below.
const MAX_BODY: usize = 1024 * 1024;

/// A body as it came, whatever it calls itself.
pub(crate) struct Raw(pub(crate) Zeroizing<Vec<u8>>);

impl FromRequest for Raw {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Body::of(request, payload);
        Box::pin(async move { body.raw(MAX_BODY).await.map(Self) })
    }
}
