//! Graph over HTTP: reads a request, runs it, waits for the delay of fault rules, writes the response.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::{StatusCode, header},
    web,
};

use crate::{
    calls::{Entry, redacted},
    graph::{self, Answer, Call, Method, Outcome, Reply},
    state::{Shared, State},
};

/// Handles every path outside `/sandbox`.
pub(crate) async fn graph(
    request: HttpRequest,
    body: web::Bytes,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let _visit = Visit::begin(&shared);
    let Some(call) = read(&request, &body) else {
        return HttpResponse::MethodNotAllowed().finish();
    };
    let (answer, wait) = {
        let mut state = shared.lock();
        let answer = graph::answer(&mut state, &call);
        log(&mut state, &request, &call, &answer);
        let wait = answer.delay_ms.saturating_add(state.latency_ms);
        (answer, wait)
    };
    if wait > 0 {
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    match answer.outcome {
        Outcome::Reply(reply) => write(reply),
        Outcome::Null => HttpResponse::Ok().json(()),
        Outcome::Drop => HttpResponse::Ok().body(Broken),
    }
}

fn read(request: &HttpRequest, body: &[u8]) -> Option<Call> {
    let method = Method::parse(request.method().as_str())?;
    let mut call = Call::new(method, request.path(), request.query_string(), body);
    let authorization = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = authorization.and_then(|value| {
        value
            .strip_prefix("Bearer ")
            .or(value.strip_prefix("OAuth "))
    });
    call.bearer = bearer.map(str::to_owned);
    Some(call)
}

fn write(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    let kind = if reply.is_json {
        "application/json; charset=UTF-8"
    } else {
        "text/html; charset=utf-8"
    };
    response.insert_header((header::CONTENT_TYPE, kind));
    for header in reply.headers {
        response.insert_header(header);
    }
    response.body(reply.body)
}

fn log(state: &mut State, request: &HttpRequest, call: &Call, answer: &Answer) {
    let entry = Entry {
        at: state.now().to_rfc3339(),
        method: request.method().to_string(),
        path: redacted(request.path()),
        person: graph::holder_of(state, call),
        items: answer.items,
        status: if let Outcome::Reply(reply) = &answer.outcome {
            reply.status
        } else {
            0
        },
    };
    tracing::debug!(
        http.path = entry.path,
        http.status = entry.status,
        batch.items = entry.items,
        "graph call"
    );
    state.calls.log(entry);
}

/// Counts a call as in flight until it is dropped.
struct Visit(Shared);

impl Visit {
    fn begin(shared: &Shared) -> Self {
        shared.lock().calls.enter();
        Self(shared.clone())
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.lock().calls.leave();
    }
}

/// A body that fails before its first byte: the server closes the connection without a response.
struct Broken;

impl MessageBody for Broken {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(1)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}
