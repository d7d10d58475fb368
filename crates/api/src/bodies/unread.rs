//! Ends the connection of a request whose body was not read to its end.
//!
//! The rule: the rest of the body is held until the response is sent. The server reads a chunked body that nothing holds
//! to its end, however long that is, and keeps the connection meanwhile; a body that is held ends the connection.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage,
    body::{BodySize, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::ConnectionType,
    middleware::Next,
    web::Bytes,
};

use super::counted::BodyHold;

/// The last response of a connection, with the rest of the request's body.
pub(crate) struct LastResponse<B> {
    body: Pin<Box<B>>,
    _rest: Rc<BodyHold>,
}

/// Middleware around all other: another one could replace the response.
pub(crate) async fn end_unread<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, LastResponse<B>>>, Error> {
    let response = next.call(request).await?;
    let hold = response.request().extensions().get().cloned();
    let Some(rest) = hold.filter(|it: &Rc<BodyHold>| !it.has_ended()) else {
        return Ok(response.map_into_left_body());
    };
    Ok(response.map_body(|head, body| {
        head.set_connection_type(ConnectionType::Close);
        let body = Box::pin(body);
        EitherBody::right(LastResponse { body, _rest: rest })
    }))
}

impl<B: MessageBody> MessageBody for LastResponse<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_mut().poll_next(cx)
    }
}
