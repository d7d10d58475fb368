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
    calls::{LogEntry, mask_secrets},
    graph::{self, Call, CallResponse, GraphError, Method, Outcome, Reply},
    state::{SharedState, State},
};

/// Handles every path outside `/sandbox`.
pub(crate) async fn handle_graph_call(
    request: HttpRequest,
    body: web::Bytes,
    shared: web::Data<SharedState>,
) -> HttpResponse {
    let _visit = InFlightCall::start_counting(&shared);
    let mut call = match read_call(&request, &body).await {
        Ok(Some(call)) => call,
        Ok(None) => return HttpResponse::MethodNotAllowed().finish(),
        Err(fault) => {
            let text = format!("(#100) The multipart body cannot be read: {fault}");
            return write_reply(GraphError::new(100, text).to_reply());
        }
    };
    let challenge = graph::find_challenge(&shared.lock_state(), &call);
    if let Some(challenge) = challenge {
        call.is_challenge_echoed = challenge.is_echoed().await;
    }
    let (answer, wait) = {
        let mut state = shared.lock_state();
        let answer = graph::respond_to_call(&mut state, &call);
        log_call(&mut state, &request, &call, &answer);
        let wait = answer.delay_ms.saturating_add(state.latency_ms);
        (answer, wait)
    };
    if wait > 0 {
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    match answer.outcome {
        Outcome::Reply(reply) => write_reply(reply),
        Outcome::Null => HttpResponse::Ok().json(()),
        Outcome::Drop => HttpResponse::Ok().body(BrokenBody),
    }
}

async fn read_call(request: &HttpRequest, body: &[u8]) -> Result<Option<Call>, multer::Error> {
    let Some(method) = Method::parse(request.method().as_str()) else {
        return Ok(None);
    };
    let (path, query) = (read_sent_path(request), request.query_string());
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut call = match graph::read_parts(kind, body).await? {
        Some(parts) => Call::with_parts(method, path, query, parts),
        None => Call::new(method, path, query, body),
    };
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
    Ok(Some(call))
}

#[expect(
    clippy::disallowed_methods,
    reason = "no decision: Call parses the path, and the log shows it as it was sent"
)]
fn read_sent_path(request: &HttpRequest) -> &str {
    request.path()
}

fn write_reply(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    let kind = if reply.is_json {
        "application/json; charset=UTF-8"
    } else {
        "text/html; charset=utf-8"
    };
    response.insert_header((header::CONTENT_TYPE, kind));
    for (name, value) in reply.headers {
        response.insert_header((name.as_ref(), value));
    }
    response.body(reply.body)
}

fn log_call(state: &mut State, request: &HttpRequest, call: &Call, answer: &CallResponse) {
    let entry = LogEntry {
        at: state.now().to_rfc3339(),
        method: request.method().to_string(),
        path: mask_secrets(read_sent_path(request)),
        person: graph::find_caller(state, call).0,
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
struct InFlightCall(SharedState);

impl InFlightCall {
    fn start_counting(shared: &SharedState) -> Self {
        shared.lock_state().calls.start_call();
        Self(shared.clone())
    }
}

impl Drop for InFlightCall {
    fn drop(&mut self) {
        self.0.lock_state().calls.end_call();
    }
}

/// A body that fails before its first byte: the server closes the connection without a response.
struct BrokenBody;

impl MessageBody for BrokenBody {
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
