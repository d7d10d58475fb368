//! The proof that a call sends with the header `DPoP` (RFC 9449), and the nonce for the next proof.
//!
//! The rule: a proof is for the method that was sent and for the public address of the call, whatever the caller's Host
//! header says. A response to a call that sent a proof has a nonce.

use std::convert::Infallible;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::{Payload, ServiceRequest},
    http::{
        Method,
        header::{HeaderName, HeaderValue},
    },
    web::Data,
};
use futures_util::future::{Ready, ready};
use regrant_vault::{PresentedProof, Vault};

use super::public_address;

/// The header of a proof.
const PROOF_HEADER: HeaderName = HeaderName::from_static("dpop");
/// The header with the nonce for the next proof.
pub(crate) const NONCE_HEADER: HeaderName = HeaderName::from_static("dpop-nonce");

/// What a call sent as its proof, and what the proof must name.
pub(crate) struct ProvedRequest {
    /// `None`: the call has no proof.
    proof: Option<String>,
    method: Method,
    url: String,
}

/// Marks a HEAD that is handled as GET.
struct SentAsHead;

impl ProvedRequest {
    /// The proof of this call. Two of them are ambiguous, so they count as one that is not valid.
    pub(crate) fn of_request(request: &HttpRequest) -> Self {
        let mut values = request.headers().get_all(PROOF_HEADER);
        let proof = match (values.next(), values.next()) {
            (None, _) => None,
            (Some(value), None) => Some(value.to_str().unwrap_or_default().to_owned()),
            (Some(_), Some(_)) => Some(String::new()),
        };
        let is_head = request.extensions().contains::<SentAsHead>();
        Self {
            proof,
            method: if is_head {
                Method::HEAD
            } else {
                request.method().clone()
            },
            url: format!("{}{}", public_address(request), request.uri().path()),
        }
    }

    /// The proof with the call that it must be for.
    pub(crate) fn proof(&self) -> Option<PresentedProof<'_>> {
        self.proof.as_deref().map(|proof| PresentedProof {
            proof,
            method: self.method.as_str(),
            url: &self.url,
        })
    }

    /// The nonce for the next proof, if this call sent one.
    pub(crate) async fn next_nonce(request: &HttpRequest) -> Option<HeaderValue> {
        if !request.headers().contains_key(PROOF_HEADER) {
            return None;
        }
        let vault = request.app_data::<Data<Vault>>()?;
        // On the heap: every call holds this future, and few need it.
        let nonce = Box::pin(vault.proof_nonce()).await.ok()?;
        HeaderValue::from_str(&nonce).ok()
    }
}

/// Handles a HEAD as GET; its proof still names HEAD.
pub(crate) fn handle_head_as_get(request: &mut ServiceRequest) {
    request.extensions_mut().insert(SentAsHead);
    request.head_mut().method = Method::GET;
}

impl FromRequest for ProvedRequest {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of_request(request)))
    }
}
