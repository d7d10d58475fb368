//! The id of the last event that a reader received.
//!
//! The rule: events have numbers, and the last event of a stream has the id `end`: a reader that has it gets no more.

use std::fmt;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use serde::Deserialize;

use crate::{
    json::{parse_pairs, read_request},
    problem::Problem,
};

/// The id of an event of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamPosition {
    /// An event that others may follow.
    Number(i64),
    /// The last event.
    End,
}

impl StreamPosition {
    /// The number after which a reader at this position reads.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::Number(number) => number,
            Self::End => i64::MAX,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "end" {
            return Some(Self::End);
        }
        let number = text.parse().ok().filter(|it| *it >= 0);
        number.map(Self::Number)
    }
}

impl fmt::Display for StreamPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::End => f.write_str("end"),
        }
    }
}

/// From the header `Last-Event-ID`, else from the query parameter `last_event_id`; 0 reads from the start.
pub(crate) struct LastEventId(pub(super) StreamPosition);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventQuery {
    last_event_id: Option<String>,
    /// Read before, instead of an access token.
    #[serde(rename = "ticket")]
    _ticket: Option<String>,
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

fn read_last_event_id(header: Option<&str>, query: &str) -> Result<StreamPosition, Problem> {
    let query: EventQuery = read_request(parse_pairs(query)?).map_err(Problem::invalid_fields)?;
    let (field, text) = match header {
        Some(text) => ("Last-Event-ID", Some(text.to_owned())),
        None => ("last_event_id", query.last_event_id),
    };
    let position = text.map_or(Some(StreamPosition::Number(0)), |it| {
        StreamPosition::parse(&it)
    });
    position
        .ok_or_else(|| Problem::invalid_field(field, "expected the id of an event of this stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_comes_before_the_query() {
        let number = |header, query| read_last_event_id(header, query).unwrap().number();
        assert_eq!(number(None, ""), 0);
        assert_eq!(number(None, "last_event_id=7"), 7);
        assert_eq!(number(None, "ticket=a&last_event_id=7"), 7);
        assert_eq!(number(Some("9"), "last_event_id=7"), 9);
    }

    #[test]
    fn the_last_event_has_an_id_of_its_own() {
        let end = read_last_event_id(Some("end"), "").unwrap();
        assert_eq!(
            (end, end.to_string().as_str()),
            (StreamPosition::End, "end")
        );
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
