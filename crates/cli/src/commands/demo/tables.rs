//! Renders the tables of the story.

use std::collections::BTreeMap;

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
    presets::UTF8_HORIZONTAL_ONLY,
};
use rustix::termios::tcgetwinsize;

use crate::rehearsal::tenant_api::{Asset, Day, Item};

const INDENT: &str = "   ";
/// Where there is no terminal, and where it says nothing.
const USUAL_COLUMNS: u16 = 80;
/// Longer lines are hard to read.
const MOST_COLUMNS: u16 = 120;
/// Lines at the top, below the header and at the end; none between rows.
const STYLE: TableStyle = UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none());

/// A table with the number of assets by kind and state.
pub(crate) fn states_table(assets: &[Asset]) -> String {
    let mut rows = BTreeMap::<&str, BTreeMap<&str, usize>>::new();
    for asset in assets {
        let count = rows
            .entry(&asset.kind)
            .or_default()
            .entry(&asset.state)
            .or_default();
        *count = count.saturating_add(1);
    }
    let mut statuses: Vec<_> = assets.iter().map(|it| it.state.as_str()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let mut table = new_table(std::iter::once("kind").chain(statuses.iter().copied()));
    for (kind, counts) in rows {
        let counts = statuses
            .iter()
            .map(|status| counts.get(status).copied().unwrap_or_default().to_string());
        table.add_row(std::iter::once(kind.to_owned()).chain(counts));
    }
    align_right(&mut table, 1..=statuses.len());
    indent_table(&table)
}

/// A table with the number of endings by day, with causes and confidence.
pub(crate) fn calendar_table(days: &[Day]) -> String {
    let mut table = new_table(["ends on", "assets", "cause", "confidence"]);
    for day in days {
        let (causes, confidence) = (format_counts(&day.causes), format_counts(&day.confidence));
        table.add_row([&*day.date, &*day.count.to_string(), &*causes, &*confidence]);
    }
    align_right(&mut table, 1..=1);
    indent_table(&table)
}

fn format_counts(counts: &BTreeMap<String, usize>) -> String {
    counts
        .iter()
        .map(|(what, n)| format!("{n} {what}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A table with the number of items by outcome, with the reason of the first one.
pub(crate) fn outcomes_table(items: &[Item]) -> String {
    let mut table = new_table(["outcome", "assets", "serving", "who acts", "why"]);
    for (outcome, of_one) in group_by_outcome(items) {
        let Some(first) = of_one.first() else {
            continue;
        };
        let (who, why) = first
            .reason
            .as_ref()
            .map_or(("–", "–"), |it| (it.who.as_str(), it.detail.as_str()));
        let count = of_one.len().to_string();
        table.add_row([
            outcome,
            &count,
            first.serving.as_deref().unwrap_or("–"),
            who,
            why,
        ]);
    }
    align_right(&mut table, 1..=1);
    keep_whole(&mut table, 0..=3);
    indent_table(&table)
}

/// The number of items by outcome; an item without one counts as `open`.
pub(crate) fn count_outcomes(items: &[Item]) -> BTreeMap<&str, usize> {
    group_by_outcome(items)
        .into_iter()
        .map(|(outcome, items)| (outcome, items.len()))
        .collect()
}

fn group_by_outcome(items: &[Item]) -> BTreeMap<&str, Vec<&Item>> {
    let mut outcomes = BTreeMap::<_, Vec<_>>::new();
    for item in items {
        outcomes
            .entry(item.outcome.as_deref().unwrap_or("open"))
            .or_default()
            .push(item);
    }
    outcomes
}

fn new_table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table
        .load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(table_width(terminal_columns()));
    table.set_header(header);
    table
}

fn terminal_columns() -> Option<u16> {
    let size = tcgetwinsize(std::io::stdout()).ok()?;
    Some(size.ws_col).filter(|columns| *columns > 0)
}

/// The width that is left beside the indent.
fn table_width(columns: Option<u16>) -> u16 {
    let indent = u16::try_from(INDENT.len()).unwrap_or_default();
    let columns = columns.unwrap_or(USUAL_COLUMNS).min(MOST_COLUMNS);
    columns.saturating_sub(indent)
}

fn align_right(table: &mut Table, columns: std::ops::RangeInclusive<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Keeps columns of one word on one line; the others share what is left of the width.
fn keep_whole(table: &mut Table, columns: std::ops::RangeInclusive<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

fn indent_table(table: &Table) -> String {
    table
        .lines()
        .map(|line| format!("{INDENT}{line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::tenant_api::Reason;

    fn item(outcome: Option<&str>) -> Item {
        let reason = Reason {
            code: "not_migrated".to_owned(),
            detail: "the business has not migrated".to_owned(),
            who: "business_admin".to_owned(),
            next_step: None,
        };
        let outcome = outcome.map(str::to_owned);
        Item {
            asset_id: "1".to_owned(),
            outcome,
            serving: Some("old".to_owned()),
            reason: Some(reason),
        }
    }

    #[test]
    fn the_calendar_shows_each_day_with_its_causes() {
        let counts = |of: &[(&str, usize)]| {
            of.iter()
                .map(|(what, n)| ((*what).to_owned(), *n))
                .collect()
        };
        let day = Day {
            date: "2027-01-02".to_owned(),
            count: 90,
            causes: counts(&[("cut_off", 90)]),
            confidence: counts(&[("certain", 81), ("likely", 9)]),
        };
        let text = calendar_table(&[day]);
        let row = text
            .lines()
            .find(|line| line.contains("2027-01-02"))
            .unwrap();
        assert!(
            row.contains("90 cut_off") && row.contains("81 certain, 9 likely"),
            "{text}"
        );
    }

    #[test]
    fn items_are_counted_by_outcome() {
        let items = [
            item(Some("replaced")),
            item(Some("parked")),
            item(Some("replaced")),
            item(None),
        ];
        assert_eq!(
            count_outcomes(&items),
            BTreeMap::from([("open", 1), ("parked", 1), ("replaced", 2)])
        );
    }

    #[test]
    fn the_table_of_outcomes_names_who_must_act() {
        let text = outcomes_table(&[item(Some("parked")), item(Some("parked"))]);
        let row = text.lines().find(|line| line.contains("parked")).unwrap();
        assert!(
            row.contains('2') && row.contains("business_admin") && row.contains("has not migrated"),
            "{text}"
        );
    }

    #[test]
    fn a_table_fits_a_terminal_of_eighty_columns() {
        assert_eq!((table_width(None), table_width(Some(200))), (77, 117));
        let mut long = item(Some("user_action_required"));
        if let Some(reason) = &mut long.reason {
            reason.detail =
                "the business has not migrated yet, so that the token does not reach it".repeat(2);
        }
        let text = outcomes_table(&[long]);
        let columns = usize::from(terminal_columns().unwrap_or(USUAL_COLUMNS));
        assert!(
            text.lines().all(|line| line.chars().count() <= columns),
            "{text}"
        );
        assert!(text.contains("user_action_required"), "{text}");
    }

    #[test]
    fn states_are_counted_by_kind() {
        let asset = |kind: &str, state: &str| Asset {
            id: "1".to_owned(),
            kind: kind.to_owned(),
            state: state.to_owned(),
            person_id: None,
            ending: None,
        };
        let text = states_table(&[
            asset("page", "healthy"),
            asset("page", "healthy"),
            asset("pixel", "suspect"),
        ]);
        let row = |kind: &str| {
            text.lines()
                .find(|line| line.contains(kind))
                .unwrap()
                .split_whitespace()
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (row("page"), row("pixel")),
            (vec!["page", "2", "0"], vec!["pixel", "0", "1"])
        );
    }
}
