//! The id of the last event that a reader received.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use serde::Deserialize;

use crate::{
    json::{parse_pairs, read_request},
    problem::Problem,
};

/// From the header `Last-Event-ID`, else from the query parameter `last_event_id`; 0 reads from the start.
pub(crate) struct LastEventId(pub(super) i64);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventQuery {
    last_event_id: Option<String>,
}

impl FromRequest for LastEventId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request
            .headers()
            .get("last-event-id")
            .map(|it| it.to_str().unwrap_or("?"));
        ready(read_last_event_id(header, request.query_string()).map(Self))
    }
}

fn read_last_event_id(header: Option<&str>, query: &str) -> Result<i64, Problem> {
    let query: EventQuery = read_request(parse_pairs(query)?).map_err(Problem::invalid_fields)?;
    let (field, text) = match header {
        Some(text) => ("Last-Event-ID", Some(text.to_owned())),
        None => ("last_event_id", query.last_event_id),
    };
    let number = text.map_or(Ok(0), |it| it.parse().ok().filter(|it| *it >= 0).ok_or(()));
    number.map_err(|()| Problem::invalid_field(field, "expected the id of an event of this stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_comes_before_the_query() {
        assert_eq!(read_last_event_id(None, "").unwrap(), 0);
        assert_eq!(read_last_event_id(None, "last_event_id=7").unwrap(), 7);
        assert_eq!(read_last_event_id(Some("9"), "last_event_id=7").unwrap(), 9);
    }

    #[test]
    fn an_invalid_event_id_is_refused() {
        for (header, query) in [
            (Some("x"), ""),
            (Some("-1"), ""),
            (None, "last_event_id=x"),
            (None, "access_token=E"),
        ] {
            assert!(
                read_last_event_id(header, query).is_err(),
                "{header:?} {query}"
            );
        }
    }
}
