//! A body as it was received, because its sender signs the bytes.
//!
//! The rule: the bytes are not parsed before the use case has checked the signature.

use crate::{json::Body, problem::Problem};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use std::{future::Future, pin::Pin};
use zeroize::Zeroizing;

/// In bytes; Meta's largest messages are far smaller.
const MAX_RAW_BODY: usize = 1024 * 1024;

/// The bytes of a body of any media type, at most `MAX_RAW_BODY`.
pub(crate) struct RawBody(pub(crate) Zeroizing<Vec<u8>>);

impl FromRequest for RawBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Body::take_from(request, payload);
        Box::pin(async move { body.read_raw(MAX_RAW_BODY).await.map(Self) })
    }
}
