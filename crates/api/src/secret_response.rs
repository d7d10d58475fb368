//! Responses that hold secrets.
//!
//! The rule: the buffer is sized before it is filled, so it never moves and leaves no copy behind. It is zeroed once
//! the server has sent it. The header that keeps the response out of caches is set here, beside the body.

use crate::problem::Problem;
use actix_web::{HttpResponse, HttpResponseBuilder, http::header, web::Bytes};
use serde::Serialize;
use zeroize::Zeroizing;

/// The bytes of one entry: the longest token and the fields around it.
const ENTRY_CAPACITY: usize = 7 * 1024;

/// Ends a response with a body that holds `entries` secrets.
pub(crate) fn secret_response(
    mut response: HttpResponseBuilder,
    body: &impl Serialize,
    entries: usize,
) -> Result<HttpResponse, Problem> {
    let body = zeroizing_body(body, entries)?;
    Ok(response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type("application/json")
        .body(body))
}

/// A JSON body that holds `entries` secrets: its buffer never moves and is zeroed after sending.
fn zeroizing_body(body: &impl Serialize, entries: usize) -> Result<Bytes, Problem> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(entries.saturating_mul(ENTRY_CAPACITY)));
    let written = serde_json::to_writer(&mut *bytes, body);
    written.map_err(|error| regrant_vault::Error::Internal(error.into()))?;
    Ok(Bytes::from_owner(bytes))
}
