//! The id of a request, and the trace that it belongs to.

use actix_web::http::header::HeaderMap;
use regrant_domain::RequestId;

/// The header of a request id, in requests and responses.
pub(crate) const REQUEST_ID_HEADER: &str = "x-request-id";
/// The longest id that is accepted from a caller.
const MAX_LENGTH: usize = 64;

/// The id that the caller sent, if it is safe to log, else a new one.
pub(crate) fn choose_request_id(headers: &HeaderMap) -> String {
    let sent = headers
        .get(REQUEST_ID_HEADER)
        .and_then(|it| it.to_str().ok());
    sent.filter(|it| is_harmless(it))
        .map_or_else(|| RequestId::mint().to_string(), str::to_owned)
}

fn is_harmless(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// The content of a `traceparent` header (W3C Trace Context, version 00).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TraceParent<'a> {
    /// Id of the trace, 32 hex digits.
    pub(crate) trace: &'a str,
    /// Id of the caller's span, 16 hex digits.
    pub(crate) parent: &'a str,
}

impl<'a> TraceParent<'a> {
    /// Reads the header; a malformed one is ignored.
    pub(crate) fn from_headers(headers: &'a HeaderMap) -> Option<Self> {
        let mut parts = headers.get("traceparent")?.to_str().ok()?.split('-');
        let (version, trace, parent, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let good = version == "00"
            && is_hex(trace, 32)
            && is_hex(parent, 16)
            && flags.len() == 2
            && parts.next().is_none();
        good.then_some(Self { trace, parent })
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    text.len() == length && digits && text.bytes().any(|b| b != b'0')
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn id(sent: &str) -> String {
        choose_request_id(
            TestRequest::default()
                .insert_header((REQUEST_ID_HEADER, sent))
                .to_http_request()
                .headers(),
        )
    }

    #[test]
    fn a_harmless_id_is_kept() {
        assert_eq!(id("job-7.retry_2"), "job-7.retry_2");
    }

    #[test]
    fn any_other_id_is_replaced() {
        for sent in ["", "a b", "a\"b", "<script>", "é", &"a".repeat(65)] {
            assert!(id(sent).starts_with("req_"), "{sent}");
        }
    }

    #[test]
    fn a_well_formed_trace_parent_is_read() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let read = |value: String| {
            let request = TestRequest::default()
                .insert_header(("traceparent", value))
                .to_http_request();
            TraceParent::from_headers(request.headers())
                .is_some_and(|it| it == TraceParent { trace, parent })
        };
        assert!(read(format!("00-{trace}-{parent}-01")));
        assert!(!read(format!("00-{trace}-{parent}")));
        assert!(!read(format!("00-{}-{parent}-01", "0".repeat(32))));
    }
}
