//! The audit as lines: JSON (JSONL) or CSV (RFC 4180). A row past retention shows the digest of its words as `pruned`.
//!
//! The rule: a cell of CSV never begins like a formula, whatever a subject or a detail holds: spreadsheets run
//! what begins with `=`, `+`, `-`, `@`, a tab or a carriage return.

use chrono::{DateTime, SecondsFormat};
use regrant_storage::AuditRow;
use serde_json::{Value, json};

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFormat {
    /// One JSON object a line.
    Jsonl,
    /// A line of names, then one line an event.
    Csv,
}

impl AuditFormat {
    /// What stands before the first event.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::Jsonl => "",
            Self::Csv => "seq,id,at,actor,action,subject,detail,hash,pruned\r\n",
        }
    }

    /// One event with its line break.
    #[must_use]
    pub fn line(self, row: &AuditRow) -> String {
        match self {
            Self::Jsonl => format!("{}\n", object(row)),
            Self::Csv => csv(row),
        }
    }

    /// The media type.
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

/// An event as an object.
fn object(row: &AuditRow) -> Value {
    let said = row.pruned.is_none().then_some(&row.detail);
    let detail: Option<Value> =
        said.map(|it| serde_json::from_str(it).unwrap_or_else(|_| Value::String(it.clone())));
    json!({
        "seq": row.seq,
        "id": row.id,
        "at": moment(row),
        "actor": row.actor,
        "action": row.action,
        "subject": row.subject,
        "detail": detail,
        "hash": hex::encode(&row.hash),
        "pruned": row.pruned.as_deref().map(hex::encode),
    })
}

fn csv(row: &AuditRow) -> String {
    let cells = [
        row.seq.to_string(),
        row.id.to_string(),
        moment(row),
        row.actor.clone(),
        row.action.clone(),
        row.subject.clone(),
        row.detail.clone(),
        hex::encode(&row.hash),
        row.pruned.as_deref().map(hex::encode).unwrap_or_default(),
    ];
    let cells: Vec<_> = cells.iter().map(|it| cell(it)).collect();
    format!("{}\r\n", cells.join(","))
}

/// In quotes, and led by an apostrophe where a spreadsheet would take it for a formula.
fn cell(text: &str) -> String {
    let formula = text
        .trim_start_matches([' ', '"'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn moment(row: &AuditRow) -> String {
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
    fn a_cell_never_begins_a_formula() {
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
            let line = AuditFormat::Csv.line(&row(text));
            let quoted = text.replace('"', "\"\"");
            assert!(line.contains(&format!("\"'{quoted}\"")), "{line}");
        }
    }

    #[test]
    fn a_line_of_csv_quotes_what_needs_it() {
        let line = AuditFormat::Csv.line(&row("act_1"));
        assert!(line.starts_with("\"1\",\"evt_"), "{line}");
        let tail = "\"1970-01-01T00:00:00.000000Z\",\"vault\",\"token.read\",\"act_1\",\
                    \"{\"\"reason\"\":\"\"a, \\\"\"b\\\"\"\"\"}\",\"ff\",\"\"\r\n";
        assert!(line.ends_with(tail), "{line}");
    }

    #[test]
    fn a_line_of_json_is_the_event() {
        let line = AuditFormat::Jsonl.line(&row("act_1"));
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1);
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&value["detail"]["reason"], &value["hash"]),
            (&json!("a, \"b\""), &json!("ff"))
        );
    }
}
