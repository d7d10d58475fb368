//! The tables of the story.

use std::collections::BTreeMap;

use comfy_table::{
    CellAlignment, ContentArrangement, Table,
    TableComponent::{
        HorizontalLines, LeftBorderIntersections, MiddleIntersections, RightBorderIntersections,
    },
    presets::UTF8_HORIZONTAL_ONLY,
};

use crate::tenant_api::{Asset, Ending, Item};

/// Fits a terminal of a hundred columns.
const WIDTH: u16 = 96;

/// How many assets of each kind are in each state.
pub(crate) fn states(assets: &[Asset]) -> String {
    let mut rows = BTreeMap::<&str, BTreeMap<&str, usize>>::new();
    for asset in assets {
        let count = rows.entry(&asset.kind).or_default().entry(&asset.state).or_default();
        *count = count.saturating_add(1);
    }
    let mut statuses: Vec<_> = assets.iter().map(|it| it.state.as_str()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let mut table = table(std::iter::once("kind").chain(statuses.iter().copied()));
    for (kind, counts) in rows {
        let counts =
            statuses.iter().map(|status| counts.get(status).copied().unwrap_or_default().to_string());
        table.add_row(std::iter::once(kind.to_owned()).chain(counts));
    }
    numbers_right(&mut table, 1..=statuses.len());
    indented(&table)
}

/// Which assets end on which day, why, how surely, and who must act.
pub(crate) fn calendar(assets: &[Asset]) -> String {
    let mut rows = BTreeMap::<_, usize>::new();
    for ending in assets.iter().filter_map(|it| it.ending.as_ref()) {
        let row = (day(ending), &*ending.cause, &*ending.confidence, &*ending.who);
        let count = rows.entry(row).or_default();
        *count = count.saturating_add(1);
    }
    let mut table = table(["ends on", "assets", "cause", "confidence", "who acts"]);
    for ((day, cause, confidence, who), count) in rows {
        table.add_row([&*day, &*count.to_string(), cause, confidence, who]);
    }
    numbers_right(&mut table, 1..=1);
    indented(&table)
}

/// How many assets end on each day.
pub(crate) fn days(assets: &[Asset]) -> BTreeMap<String, usize> {
    let mut days = BTreeMap::new();
    for ending in assets.iter().filter_map(|it| it.ending.as_ref()) {
        let count: &mut usize = days.entry(day(ending)).or_default();
        *count = count.saturating_add(1);
    }
    days
}

fn day(ending: &Ending) -> String {
    ending.at.format("%Y-%m-%d").to_string()
}

/// What became of the items, and what has to happen where.
pub(crate) fn outcomes(items: &[Item]) -> String {
    let mut table = table(["outcome", "assets", "serving", "who acts", "why"]);
    for (outcome, of_one) in by_outcome(items) {
        let Some(first) = of_one.first() else { continue };
        let (who, why) =
            first.reason.as_ref().map_or(("–", "–"), |it| (it.who.as_str(), it.detail.as_str()));
        let count = of_one.len().to_string();
        table.add_row([outcome, &count, first.serving.as_deref().unwrap_or("–"), who, why]);
    }
    numbers_right(&mut table, 1..=1);
    indented(&table)
}

/// How many items have each outcome; open ones are `open`.
pub(crate) fn counts(items: &[Item]) -> BTreeMap<&str, usize> {
    by_outcome(items).into_iter().map(|(outcome, items)| (outcome, items.len())).collect()
}

fn by_outcome(items: &[Item]) -> BTreeMap<&str, Vec<&Item>> {
    let mut outcomes = BTreeMap::<_, Vec<_>>::new();
    for item in items {
        outcomes.entry(item.outcome.as_deref().unwrap_or("open")).or_default().push(item);
    }
    outcomes
}

fn table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table
        .load_preset(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    for between_rows in
        [HorizontalLines, MiddleIntersections, LeftBorderIntersections, RightBorderIntersections]
    {
        table.remove_style(between_rows);
    }
    table.set_header(header);
    table
}

fn numbers_right(table: &mut Table, columns: std::ops::RangeInclusive<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn indented(table: &Table) -> String {
    table.lines().map(|line| format!("   {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant_api::Reason;

    fn item(outcome: Option<&str>) -> Item {
        let reason = Reason {
            code: "not_migrated".to_owned(),
            detail: "the business has not migrated".to_owned(),
            who: "business_admin".to_owned(),
            next_step: None,
        };
        let outcome = outcome.map(str::to_owned);
        Item { asset_id: "1".to_owned(), outcome, serving: Some("old".to_owned()), reason: Some(reason) }
    }

    fn asset() -> Asset {
        let (id, kind, state) = ("1".to_owned(), "page".to_owned(), "healthy".to_owned());
        Asset { id, kind, state, person_id: None, ending: None }
    }

    #[test]
    fn the_calendar_counts_endings_by_day() {
        let ending = |at: &str| Ending {
            at: at.parse().unwrap(),
            cause: "cut_off".to_owned(),
            confidence: "certain".to_owned(),
            source: None,
            who: "person".to_owned(),
        };
        let at = |at| Asset { ending: Some(ending(at)), ..asset() };
        let assets =
            [at("2027-01-02T03:00:00Z"), at("2027-01-02T09:00:00Z"), at("2027-01-20T00:00:00Z"), asset()];
        assert_eq!(days(&assets).into_values().collect::<Vec<_>>(), [2, 1]);
        assert!(
            calendar(&assets).lines().any(|line| line.contains("2027-01-02") && line.contains("cut_off"))
        );
    }

    #[test]
    fn items_are_counted_by_outcome() {
        let items = [item(Some("replaced")), item(Some("parked")), item(Some("replaced")), item(None)];
        assert_eq!(counts(&items), BTreeMap::from([("open", 1), ("parked", 1), ("replaced", 2)]));
    }

    #[test]
    fn the_table_of_outcomes_says_who_must_act() {
        let told = outcomes(&[item(Some("parked")), item(Some("parked"))]);
        let row = told.lines().find(|line| line.contains("parked")).unwrap();
        assert!(
            row.contains('2') && row.contains("business_admin") && row.contains("has not migrated"),
            "{told}"
        );
    }

    #[test]
    fn states_are_counted_by_kind() {
        let asset =
            |kind: &str, state: &str| Asset { kind: kind.to_owned(), state: state.to_owned(), ..asset() };
        let told = states(&[asset("page", "healthy"), asset("page", "healthy"), asset("pixel", "suspect")]);
        let row = |kind: &str| {
            told.lines().find(|line| line.contains(kind)).unwrap().split_whitespace().collect::<Vec<_>>()
        };
        assert_eq!((row("page"), row("pixel")), (vec!["page", "2", "0"], vec!["pixel", "0", "1"]));
    }
}
