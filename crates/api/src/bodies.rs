//! Request bodies on their way in: how many bytes of them a listener holds at once, for whom, and for how long.
//!
//! The rule: [`bound_body`] is around every route of every listener, so a route that reads its body in any way is
//! counted without doing anything for it. Bytes count as they arrive and are given back when the request has ended. A
//! caller that is not authenticated yet may send little, and never takes what authenticated callers need.
//! Start at [`bound_body`]; `budget.rs` decides, `counted.rs` counts, `unread.rs` ends the connections of bodies that
//! are not read to their ends.

mod budget;
mod counted;
mod unread;

use std::{pin::Pin, rc::Rc};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::header,
    middleware::Next,
    web::{Bytes, Data},
};
use futures_util::Stream;

use self::{budget::BodyRefusal, counted::CountedBody};
pub(crate) use self::{
    budget::{BodyBudget, BodyOwner},
    counted::{BodyHold, announced_length},
    unread::end_unread,
};
use crate::{extract::CallerAddress, problem::Problem, settings::Settings};

/// Below it, Meta sends the webhooks of an app.
const WEBHOOKS_OF_META: &str = "/meta/webhooks/";

/// Middleware: counts the body of the request, and answers for a body that was refused, whatever read it.
pub(crate) async fn bound_body(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(hold) = count_body(&mut request) else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let response = next.call(request).await?;
    hold.release();
    let refusal = hold.refusal();
    if refusal != Some(BodyRefusal::Late) {
        hold.drain().await;
    }
    Ok(match refusal {
        Some(refusal) => {
            let refused = HttpResponse::from_error(Problem::from(refusal));
            replace_response(response, refused).map_into_right_body()
        }
        None => response.map_into_left_body(),
    })
}

/// Puts a counted body in the position of the request's body, if it has one.
fn count_body(request: &mut ServiceRequest) -> Option<Rc<BodyHold>> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return None;
    }
    let settings = request.app_data::<Data<Settings>>()?.clone();
    let budget = request.app_data::<Data<BodyBudget>>()?.clone();
    let owner = stranger_of(request);
    let announced = announced_length(request.headers()).unwrap_or(0);
    let hold = Rc::new(BodyHold::new(
        payload,
        announced,
        budget.into_inner(),
        owner,
    ));
    let body = CountedBody::new(Rc::clone(&hold), &settings);
    let body: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(body);
    request.set_payload(Payload::from(body));
    request.extensions_mut().insert(Rc::clone(&hold));
    Some(hold)
}

/// Whom a body counts for until its caller is authenticated.
fn stranger_of(request: &ServiceRequest) -> BodyOwner {
    let network = CallerAddress::of_request(request).network_bits();
    if request.match_info().as_str().starts_with(WEBHOOKS_OF_META) {
        BodyOwner::MetaWebhook(network)
    } else {
        BodyOwner::Address(network)
    }
}

/// The refusal of a body, with the headers that other middleware gave the response.
fn replace_response(
    response: ServiceResponse<impl MessageBody>,
    mut refused: HttpResponse,
) -> ServiceResponse {
    for (name, value) in response.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            refused.headers_mut().append(name.clone(), value.clone());
        }
    }
    response.into_response(refused)
}
