//! The filter of the forecast, and its page.

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use chrono::{NaiveDate, NaiveTime};
use futures_util::future::{Ready, ready};
use regrant_domain::{AssetId, AssetKind, PersonId, Timestamp};
use regrant_vault::{ForecastCursor, ForecastQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    cursor::PageQuery,
    json::{Moment, Node, UNKNOWN_FIELD, Values, parse_query, read_request},
    problem::{Fault, Problem},
    schema,
};

/// The parameters of a query string that belong to its page.
const PAGE_FIELDS: [&str; 2] = ["cursor", "limit"];

/// Filter of the forecast.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ForecastFilter {
    /// Start of the range: a day (UTC) or a moment in RFC 3339; by default now.
    #[param(value_type = Option<String>, example = "2026-12-01")]
    from: Option<RangeEdge>,
    /// End of the range: a day, which is included, or a moment; by default 90 days after the start, at most 366.
    #[param(value_type = Option<String>, example = "2027-02-28")]
    to: Option<RangeEdge>,
    /// Only assets of one of these kinds: repeated, or separated by commas.
    #[serde(default)]
    #[param(schema_with = schema::asset_kinds, required = false)]
    kind: Values<AssetKind>,
    /// Only assets of this business.
    #[param(schema_with = schema::graph_id, required = false)]
    business_id: Option<AssetId>,
    /// Only assets that a credential of this person serves.
    #[param(schema_with = schema::graph_id, required = false)]
    person_id: Option<PersonId>,
    /// Show the calendar as if this person left now.
    #[param(schema_with = schema::graph_id, required = false)]
    what_if_person_leaves: Option<PersonId>,
    /// Include every ending of an asset, not only the first that neither a standby nor a refresh covers.
    #[serde(default)]
    #[param(value_type = bool, default = false)]
    all: BoolText,
}

/// The filter and the page of one query string.
pub(crate) struct ForecastParams {
    filter: ForecastFilter,
    page: PageQuery,
}

impl ForecastParams {
    /// The query, the position after which the page begins, and the largest number of entries.
    pub(super) fn into_parts(self) -> Result<(ForecastQuery, Option<ForecastCursor>, u32), Fault> {
        let (cursor, limit) = self.page.into_parts::<ForecastCursor>()?;
        let mut query = ForecastQuery::from(self.filter);
        // Later pages use the "now" of the first page.
        query.from = query.from.or(cursor.as_ref().map(|it| it.as_of));
        Ok((query, cursor, limit))
    }

    /// Splits the parameters between filter and page; the filter reports unknown ones.
    fn read_query(query: Node) -> Result<Self, Vec<Fault>> {
        let (page, filter) = query.split_fields(|name| PAGE_FIELDS.contains(&name));
        match (read_request(page), read_request(filter)) {
            (Ok(page), Ok(filter)) => Ok(Self { filter, page }),
            (page, filter) => {
                let mut faults = page.err().unwrap_or_default();
                faults.extend(filter.err().unwrap_or_default());
                for fault in &mut faults {
                    if fault.detail.starts_with(UNKNOWN_FIELD) {
                        fault
                            .detail
                            .extend([", ", PAGE_FIELDS[0], ", ", PAGE_FIELDS[1]]);
                    }
                }
                Err(faults)
            }
        }
    }
}

impl FromRequest for ForecastParams {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = parse_query(request.query_string());
        ready(query.and_then(|it| Self::read_query(it).map_err(Problem::invalid_fields)))
    }
}

/// A day or a moment at the start or the end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum RangeEdge {
    Day(NaiveDate),
    Moment(Timestamp),
}

/// The text `true` or `false`.
#[derive(Default, Deserialize)]
#[serde(try_from = "String")]
struct BoolText(bool);

impl From<ForecastFilter> for ForecastQuery {
    fn from(it: ForecastFilter) -> Self {
        Self {
            from: it.from.map(RangeEdge::start_time),
            to: it.to.map(RangeEdge::end_time),
            kinds: it.kind.0,
            business_id: it.business_id,
            person_id: it.person_id,
            what_if_person_leaves: it.what_if_person_leaves,
            every_ending: it.all.0,
        }
    }
}

impl RangeEdge {
    /// The start of the range: the start of the day, or the moment.
    fn start_time(self) -> Timestamp {
        match self {
            Self::Day(date) => date.and_time(NaiveTime::MIN).and_utc(),
            Self::Moment(moment) => moment,
        }
    }

    /// The end of the range: the end of the day, or the moment.
    fn end_time(self) -> Timestamp {
        match self {
            Self::Day(date) => Self::Day(date.succ_opt().unwrap_or(date)).start_time(),
            Self::Moment(moment) => moment,
        }
    }
}

impl TryFrom<String> for RangeEdge {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refused =
            "expected a day, as in 2026-01-31, or a time in RFC 3339, as in 2026-01-31T00:00:00Z";
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d")
            .ok()
            .filter(|_| text.len() == 10)
            .map(Self::Day);
        let moment = |text| Moment::try_from(text).ok().map(|it| Self::Moment(it.0));
        match day {
            Some(day) => Ok(day),
            None => moment(text).ok_or(refused),
        }
    }
}

impl TryFrom<String> for BoolText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self).map_err(|_| "expected true or false")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let faults = ForecastParams::read_query(parse_query(text).unwrap())
            .err()
            .unwrap_or_default();
        faults.into_iter().map(|it| it.field).collect()
    }

    #[test]
    fn a_malformed_date_is_reported_with_its_field() {
        for text in [
            "soon",
            "2026-13-01",
            "2026-1-1",
            "2026-02-30",
            "1767225600",
            "2026-01-01T00:00:00",
            "",
        ] {
            assert_eq!(faults(&format!("from={text}")), ["from"], "{text}");
            assert_eq!(faults(&format!("to={text}")), ["to"], "{text}");
        }
        for (text, field) in [("all=yes", "all"), ("limit=0", "limit")] {
            assert_eq!(faults(text), [field]);
        }
        let params = ForecastParams::read_query(parse_query("cursor=x").unwrap()).ok();
        assert_eq!(params.unwrap().into_parts().unwrap_err().field, "cursor");
    }

    #[test]
    fn a_day_begins_at_midnight_and_is_included_at_the_end() {
        let text = "from=2026-12-01&to=2026-12-31&all=true";
        let params = ForecastParams::read_query(parse_query(text).unwrap())
            .ok()
            .unwrap();
        let (query, cursor, limit) = params.into_parts().unwrap();
        assert_eq!(
            query.from.unwrap().to_rfc3339(),
            "2026-12-01T00:00:00+00:00"
        );
        assert_eq!(query.to.unwrap().to_rfc3339(), "2027-01-01T00:00:00+00:00");
        assert_eq!((query.every_ending, cursor, limit), (true, None, 50));
    }

    #[test]
    fn a_moment_is_taken_as_it_is() {
        let params =
            read_request::<ForecastFilter>(parse_query("to=2026-12-01T02:00:00%2B02:00").unwrap())
                .ok()
                .unwrap();
        assert_eq!(
            ForecastQuery::from(params).to.unwrap().to_rfc3339(),
            "2026-12-01T00:00:00+00:00"
        );
    }

    #[test]
    fn an_unknown_parameter_is_answered_with_all_known_ones() {
        let faults = ForecastParams::read_query(parse_query("until=2026-01-31").unwrap()).err();
        let expected = "unknown field; expected one of: from, to, kind, business_id, person_id, \
                        what_if_person_leaves, all, cursor, limit";
        assert_eq!(faults.unwrap()[0].detail, expected);
    }
}
