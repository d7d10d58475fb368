//! Which endings a caller asks for.

use chrono::{NaiveDate, NaiveTime};
use regrant_domain::{AssetId, AssetKind, PersonId, Timestamp};
use regrant_vault::{ForecastCursor, ForecastQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    cursor::{Cursor, Limit},
    schema,
};

/// Which endings to tell.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ForecastParams {
    /// From here on: a day (UTC) or a moment in RFC 3339. Now, if left out.
    #[param(value_type = Option<String>, example = "2026-12-01")]
    from: Option<Edge>,
    /// Until here: a day, which is included, or a moment. 90 days later, if left out; at most 366.
    #[param(value_type = Option<String>, example = "2027-02-28")]
    to: Option<Edge>,
    /// Only of this kind.
    #[param(schema_with = schema::asset_kind, required = false)]
    kind: Option<AssetKind>,
    /// Only of this business.
    #[param(schema_with = schema::graph_id, required = false)]
    business_id: Option<AssetId>,
    /// Only served by this person's credential.
    #[param(schema_with = schema::graph_id, required = false)]
    person_id: Option<PersonId>,
    /// The calendar as it were if this person left now.
    #[param(schema_with = schema::graph_id, required = false)]
    what_if_person_leaves: Option<PersonId>,
    /// Every ending of an asset, not its earliest alone.
    #[serde(default)]
    #[param(value_type = bool, default = false)]
    all: Flag,
    /// The `next_cursor` of the page before; send the other parameters unchanged with it.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<ForecastCursor>>,
    /// How many entries, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// Which endings a calendar holds.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CalendarParams {
    /// From here on: a day (UTC) or a moment in RFC 3339. Now, if left out.
    #[param(value_type = Option<String>, example = "2026-12-01")]
    from: Option<Edge>,
    /// Until here: a day, which is included, or a moment. 90 days later, if left out; at most 366.
    #[param(value_type = Option<String>, example = "2027-02-28")]
    to: Option<Edge>,
    /// Only of this kind.
    #[param(schema_with = schema::asset_kind, required = false)]
    kind: Option<AssetKind>,
    /// Only of this business.
    #[param(schema_with = schema::graph_id, required = false)]
    business_id: Option<AssetId>,
    /// Only served by this person's credential.
    #[param(schema_with = schema::graph_id, required = false)]
    person_id: Option<PersonId>,
    /// The calendar as it were if this person left now.
    #[param(schema_with = schema::graph_id, required = false)]
    what_if_person_leaves: Option<PersonId>,
    /// Every ending of an asset, not its earliest alone.
    #[serde(default)]
    #[param(value_type = bool, default = false)]
    all: Flag,
}

/// A day or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Edge {
    Day(NaiveDate),
    Moment(Timestamp),
}

/// `true` or `false`.
#[derive(Default, Deserialize)]
#[serde(try_from = "String")]
struct Flag(bool);

impl ForecastParams {
    pub(super) fn parts(self) -> (ForecastQuery, Option<ForecastCursor>, u32) {
        let Self {
            from,
            to,
            kind,
            business_id,
            person_id,
            what_if_person_leaves,
            all,
            cursor,
            limit,
        } = self;
        let common = CalendarParams {
            from,
            to,
            kind,
            business_id,
            person_id,
            what_if_person_leaves,
            all,
        };
        let cursor = cursor.map(|it| it.0);
        let mut query = ForecastQuery::from(common);
        // "Now" is that of the first page.
        query.from = query.from.or(cursor.as_ref().map(|it| it.as_of));
        (query, cursor, limit.0)
    }
}

impl From<CalendarParams> for ForecastQuery {
    fn from(it: CalendarParams) -> Self {
        Self {
            from: it.from.map(Edge::start),
            to: it.to.map(Edge::end),
            kind: it.kind,
            business_id: it.business_id,
            person_id: it.person_id,
            what_if_person_leaves: it.what_if_person_leaves,
            every: it.all.0,
        }
    }
}

impl Edge {
    fn start(self) -> Timestamp {
        match self {
            Self::Day(date) => date.and_time(NaiveTime::MIN).and_utc(),
            Self::Moment(moment) => moment,
        }
    }

    /// A day is included.
    fn end(self) -> Timestamp {
        match self {
            Self::Day(date) => Self::Day(date.succ_opt().unwrap_or(date)).start(),
            Self::Moment(moment) => moment,
        }
    }
}

impl TryFrom<String> for Edge {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refused =
            "expected a day, as in 2026-01-31, or a time in RFC 3339, as in 2026-01-31T00:00:00Z";
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d")
            .ok()
            .filter(|_| text.len() == 10)
            .map(Self::Day);
        let moment = || {
            chrono::DateTime::parse_from_rfc3339(&text)
                .ok()
                .map(|it| Self::Moment(it.to_utc()))
        };
        day.or_else(moment).ok_or(refused)
    }
}

impl TryFrom<String> for Flag {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self).map_err(|_| "expected true or false")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{pairs, read};

    fn faults(text: &str) -> Vec<String> {
        let faults = read::<ForecastParams>(pairs(text).unwrap())
            .err()
            .unwrap_or_default();
        faults.into_iter().map(|it| it.field).collect()
    }

    #[test]
    fn a_bad_date_is_named_with_its_field() {
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
        for (text, field) in [
            ("all=yes", "all"),
            ("limit=0", "limit"),
            ("cursor=x", "cursor"),
        ] {
            assert_eq!(faults(text), [field]);
        }
    }

    #[test]
    fn a_day_begins_at_midnight_and_is_included_at_the_end() {
        let text = "from=2026-12-01&to=2026-12-31&all=true";
        let params = read::<ForecastParams>(pairs(text).unwrap()).ok().unwrap();
        let (query, cursor, limit) = params.parts();
        assert_eq!(
            query.from.unwrap().to_rfc3339(),
            "2026-12-01T00:00:00+00:00"
        );
        assert_eq!(query.to.unwrap().to_rfc3339(), "2027-01-01T00:00:00+00:00");
        assert_eq!((query.every, cursor, limit), (true, None, 50));
    }

    #[test]
    fn a_moment_is_taken_as_it_is() {
        let params = read::<CalendarParams>(pairs("to=2026-12-01T02:00:00%2B02:00").unwrap())
            .ok()
            .unwrap();
        assert_eq!(
            ForecastQuery::from(params).to.unwrap().to_rfc3339(),
            "2026-12-01T00:00:00+00:00"
        );
    }
}
