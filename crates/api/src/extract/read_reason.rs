//! The reason for reading a token: the header `X-Regrant-Reason`.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use regrant_domain::ReadReason;

use crate::problem::{Code, Problem};

/// Name of the header.
const READ_REASON_HEADER: &str = "X-Regrant-Reason";

/// The reason, if the header was sent.
pub(crate) struct ReadReasonHeader(pub(crate) Option<ReadReason>);

impl FromRequest for ReadReasonHeader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let values: Vec<_> = request.headers().get_all(READ_REASON_HEADER).collect();
        let reason = match values.as_slice() {
            [] => Some(None),
            [one] => std::str::from_utf8(one.as_bytes())
                .ok()
                .and_then(|it| it.parse().ok())
                .map(Some),
            _ => None,
        };
        ready(reason.map(Self).ok_or_else(|| {
            Problem::new(
                Code::ReasonRequired,
                "Send `X-Regrant-Reason` once, with 1 to 200 characters and no control characters.",
            )
        }))
    }
}
