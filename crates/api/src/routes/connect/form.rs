//! The forms of the hosted pages.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use std::{future::Future, pin::Pin};
use url::form_urlencoded;

use crate::{json::Body, problem::Problem};

/// The fields of a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// The first value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(have, _)| have == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl FromRequest for Form {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Body::take_from(request, payload);
        Box::pin(async move {
            let bytes = body.read_bytes("application/x-www-form-urlencoded").await?;
            let pairs = form_urlencoded::parse(&bytes);
            Ok(Self(pairs.into_owned().collect()))
        })
    }
}
