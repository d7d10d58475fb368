//! A callback of Meta to one app: the app at its address, and the body as it was received, because its sender signs
//! the bytes.
//!
//! The rule: the app is looked up before the body is read, and the bytes are not parsed before the use case has checked
//! the signature. An unknown app takes the same steps as a known one.

use crate::{
    bodies::BodyHold,
    json::Body,
    problem::{Code, Problem},
};
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use regrant_vault::{CallbackApp, Vault};
use std::{future::Future, pin::Pin, rc::Rc};
use zeroize::Zeroizing;

/// The app that a callback names, and the bytes of the body.
pub(crate) struct AppCallback {
    pub(crate) app: CallbackApp,
    pub(crate) raw: Zeroizing<Vec<u8>>,
}

impl FromRequest for AppCallback {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let vault = request.app_data::<Data<Vault>>().cloned();
        let hold = request.extensions().get::<Rc<BodyHold>>().cloned();
        let app = request.match_info().query("app").parse().ok();
        let body = Body::take_from(request, payload);
        Box::pin(async move {
            // The look-up keeps the body waiting, and what waits costs memory.
            hold.map_or(Ok(()), |it| it.take_slot())?;
            let vault = vault.ok_or_else(|| Problem::new(Code::Internal, "not set up"))?;
            let app = vault.find_callback_app(app.as_ref()).await?;
            let raw = body.read_raw().await?;
            Ok(Self { app, raw })
        })
    }
}
