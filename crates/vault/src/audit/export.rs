//! Formats audit rows as JSONL or CSV (RFC 4180). A row past retention has the digest of its erased texts in `pruned`.
//!
//! The rule: no CSV cell starts like a formula, whatever a subject or a detail contains. Spreadsheets run cells that
//! start with `=`, `+`, `-`, `@`, a tab or a carriage return.
//! Start at [`AuditFormat`].

use chrono::{DateTime, SecondsFormat};
use regrant_storage::AuditRow;
use serde_json::{Value, json};

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFormat {
    /// One JSON object per line.
    Jsonl,
    /// A header line, then one line per event.
    Csv,
}

impl AuditFormat {
    /// The text before the first event: the CSV header line, or nothing.
    #[must_use]
    pub const fn header_line(self) -> &'static str {
        match self {
            Self::Jsonl => "",
            Self::Csv => "seq,id,at,actor,action,subject,detail,hash,pruned\r\n",
        }
    }

    /// Formats one event, including its line break.
    #[must_use]
    pub fn format_row(self, row: &AuditRow) -> String {
        match self {
            Self::Jsonl => format!("{}\n", row_to_json(row)),
            Self::Csv => row_to_csv(row),
        }
    }

    /// The media type of the export.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

impl std::str::FromStr for AuditFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "jsonl" => Ok(Self::Jsonl),
            "csv" => Ok(Self::Csv),
            _ => Err("expected `jsonl` or `csv`"),
        }
    }
}

fn row_to_json(row: &AuditRow) -> Value {
    let stored = row.pruned.is_none().then_some(&row.detail);
    let detail: Option<Value> =
        stored.map(|it| serde_json::from_str(it).unwrap_or_else(|_| Value::String(it.clone())));
    json!({
        "seq": row.seq,
        "id": row.id,
        "at": format_time(row),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "detail": detail,
        "hash": hex::encode(&row.hash),
        "pruned": row.pruned.as_deref().map(hex::encode),
    })
}

fn row_to_csv(row: &AuditRow) -> String {
    let cells = [
        row.seq.to_string(),
        row.id.to_string(),
        format_time(row),
        row.actor.clone(),
        row.action.clone(),
        row.subject.clone(),
        row.detail.clone(),
        hex::encode(&row.hash),
        row.pruned.as_deref().map(hex::encode).unwrap_or_default(),
    ];
    let cells: Vec<_> = cells.iter().map(|it| quote_cell(it)).collect();
    format!("{}\r\n", cells.join(","))
}

/// Quotes a cell. Adds a leading apostrophe to a text that a spreadsheet would run as a formula.
fn quote_cell(text: &str) -> String {
    let is_formula = text
        .trim_start_matches([' ', '"'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn format_time(row: &AuditRow) -> String {
    let at = DateTime::from_timestamp_micros(row.at).unwrap_or(DateTime::UNIX_EPOCH);
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use regrant_domain::EventId;

    use super::*;

    fn row(subject: &str) -> AuditRow {
        AuditRow {
            seq: 1,
            id: EventId::mint(),
            at: 0,
            actor: "vault".to_owned(),
            action: "token.read".to_owned(),
            subject: subject.to_owned(),
            detail: r#"{"reason":"a, \"b\""}"#.to_owned(),
            hash: vec![255],
            pruned: None,
        }
    }

    #[test]
    fn a_csv_cell_never_starts_a_formula() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "\"=1",
            "=cmd|' /C calc'!A0",
        ] {
            let line = AuditFormat::Csv.format_row(&row(text));
            let quoted = text.replace('"', "\"\"");
            assert!(line.contains(&format!("\"'{quoted}\"")), "{line}");
        }
    }

    #[test]
    fn a_csv_line_quotes_and_escapes_every_cell() {
        let line = AuditFormat::Csv.format_row(&row("act_1"));
        assert!(line.starts_with("\"1\",\"evt_"), "{line}");
        let tail = "\"1970-01-01T00:00:00.000000Z\",\"vault\",\"token.read\",\"act_1\",\
                    \"{\"\"reason\"\":\"\"a, \\\"\"b\\\"\"\"\"}\",\"ff\",\"\"\r\n";
        assert!(line.ends_with(tail), "{line}");
    }

    #[test]
    fn a_json_line_holds_one_event() {
        let line = AuditFormat::Jsonl.format_row(&row("act_1"));
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1);
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&value["detail"]["reason"], &value["hash"]),
            (&json!("a, \"b\""), &json!("ff"))
        );
    }
}
