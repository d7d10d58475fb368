//! The text of a statement: names in it become placeholders, parts of it are filled in or left out.
//!
//! The rule: quoted text and casts (`::`) are copied as they are. Every name in the text has a value
//! and every value a name in the text; otherwise nothing is rendered.

use std::borrow::Cow;

use sea_orm::Value;

use crate::sql::{Dialect, param::Param};

/// How deep parts may be filled into parts.
const MAX_DEPTH: u32 = 4;

/// Why a statement is not sent.
type Fault = String;

/// One statement while its text is rendered.
pub(crate) struct Template {
    dialect: Dialect,
    params: Vec<NamedParam>,
    parts: Vec<NamedPart>,
    sql: String,
    values: Vec<Value>,
}

struct NamedParam {
    name: &'static str,
    param: Param,
    is_used: bool,
    /// The text that replaces the name at its further uses. SQLite's placeholders stand for one use each.
    placeholders: Option<String>,
}

struct NamedPart {
    name: &'static str,
    text: Cow<'static, str>,
    is_used: bool,
}

impl Template {
    pub(crate) fn new(
        dialect: Dialect,
        params: Vec<(&'static str, Param)>,
        parts: Vec<(&'static str, Cow<'static, str>)>,
    ) -> Self {
        let params = params.into_iter().map(|(name, param)| NamedParam {
            // Rows to insert carry the tenant themselves.
            is_used: name == "tenant",
            placeholders: None,
            name,
            param,
        });
        let parts = parts.into_iter().map(|(name, text)| NamedPart {
            name,
            text,
            is_used: false,
        });
        Self {
            dialect,
            params: params.collect(),
            parts: parts.collect(),
            sql: String::new(),
            values: Vec::new(),
        }
    }

    /// The text with placeholders, and the values of these in order.
    pub(crate) fn render(mut self, text: &str) -> Result<(String, Vec<Value>), Fault> {
        self.append(text, 0)?;
        if let Some(it) = self.params.iter().find(|it| !it.is_used) {
            return Err(format!("the value of :{} has no use", it.name));
        }
        if let Some(it) = self.parts.iter().find(|it| !it.is_used) {
            return Err(format!("the part {{{}}} has no use", it.name));
        }
        Ok((self.sql, self.values))
    }

    fn append(&mut self, text: &str, depth: u32) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err("a part contains itself".to_owned());
        }
        let mut rest = text;
        while let Some(at) = rest.find(['\'', '"', ':', '{', '[', '$', '?']) {
            let (before, special) = rest.split_at(at);
            self.sql.push_str(before);
            rest = self.append_special(special, depth)?;
        }
        self.sql.push_str(rest);
        Ok(())
    }

    /// Appends the quotation, cast, name or part that `text` begins with; returns the text after it.
    fn append_special<'a>(&mut self, text: &'a str, depth: u32) -> Result<&'a str, Fault> {
        let (first, rest) = text.split_at(1);
        match first {
            "'" | "\"" => {
                let (quoted, rest) = split_at_end(rest, first)?;
                self.sql.extend([first, quoted, first]);
                Ok(rest)
            }
            ":" if rest.starts_with(':') => {
                self.sql.push_str("::");
                Ok(rest.trim_start_matches(':'))
            }
            ":" => {
                let (name, rest) = split_name(rest);
                self.append_param(name)?;
                Ok(rest)
            }
            "{" => {
                let (name, rest) = split_at_end(rest, "}")?;
                self.append_part(name, depth)?;
                Ok(rest)
            }
            "[" => {
                let (optional, rest) = split_at_end(rest, "]")?;
                self.append_optional(optional, depth)?;
                Ok(rest)
            }
            _ => Err("there is a placeholder without a name".to_owned()),
        }
    }

    fn append_param(&mut self, name: &str) -> Result<(), Fault> {
        let (values, dialect) = (&mut self.values, self.dialect);
        let Some(it) = self.params.iter_mut().find(|it| it.name == name) else {
            return Err(format!(":{name} has no value"));
        };
        if matches!(it.param, Param::Nothing) {
            return Err(format!(":{name} is bound to nothing"));
        }
        it.is_used = true;
        let placeholders = match it.placeholders.take() {
            Some(placeholders) => placeholders,
            None => it.param.render(dialect, values)?,
        };
        let (replaced, text) = it.param.place_after(&self.sql, &placeholders)?;
        self.sql.truncate(self.sql.len() - replaced);
        self.sql.push_str(&text);
        if dialect == Dialect::Postgres {
            it.placeholders = Some(placeholders);
        }
        Ok(())
    }

    fn append_part(&mut self, name: &str, depth: u32) -> Result<(), Fault> {
        if let Some(part) = self.parts.iter_mut().find(|it| it.name == name) {
            part.is_used = true;
            let text = part.text.clone();
            return self.append(&text, depth + 1);
        }
        let clause = self.dialect.find_clause(name);
        let clause = clause.ok_or_else(|| format!("{{{name}}} is unknown"))?;
        self.append(clause, depth + 1)
    }

    /// Appends the text, or nothing where a parameter that it names is bound to nothing.
    fn append_optional(&mut self, text: &str, depth: u32) -> Result<(), Fault> {
        let mut is_left_out = false;
        for name in text.split(':').skip(1).map(|it| split_name(it).0) {
            let absent = self.params.iter_mut().find(|it| it.name == name);
            if let Some(it) = absent.filter(|it| matches!(it.param, Param::Nothing)) {
                it.is_used = true;
                is_left_out = true;
            }
        }
        if is_left_out {
            return Ok(());
        }
        self.append(text, depth + 1)
    }
}

fn split_name(text: &str) -> (&str, &str) {
    let is_name = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    text.split_at(text.find(|it| !is_name(it)).unwrap_or(text.len()))
}

fn split_at_end<'a>(text: &'a str, end: &str) -> Result<(&'a str, &'a str), Fault> {
    text.split_once(end)
        .ok_or_else(|| format!("there is no closing {end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(
        text: &str,
        params: &[(&'static str, Param)],
        parts: &[(&'static str, &'static str)],
    ) -> Result<String, Fault> {
        let parts = parts
            .iter()
            .map(|(name, text)| (*name, Cow::Borrowed(*text)));
        let template = Template::new(Dialect::Postgres, params.to_vec(), parts.collect());
        template.render(text).map(|(sql, _)| sql)
    }

    fn one(n: i64) -> Param {
        Param::One(n.into())
    }

    #[test]
    fn quoted_text_and_casts_hold_no_parameters() {
        let text = "SELECT ':a' || '{b}', \"c:d\", '[x]''s', e::text, :f::uuid WHERE f = :f";
        let sql = render(text, &[("f", one(1))], &[]).unwrap();
        assert_eq!(
            sql,
            "SELECT ':a' || '{b}', \"c:d\", '[x]''s', e::text, $1::uuid WHERE f = $1"
        );
    }

    #[test]
    fn a_part_in_brackets_is_left_out_with_its_value() {
        let text = "SELECT 1 WHERE TRUE [AND a = :a] [AND (b, c) > (:b, :c)] LIMIT :n";
        let params = [
            ("a", Param::Nothing),
            ("b", one(1)),
            ("c", one(2)),
            ("n", one(3)),
        ];
        let sql = render(text, &params, &[]).unwrap();
        assert_eq!(sql, "SELECT 1 WHERE TRUE  AND (b, c) > ($1, $2) LIMIT $3");
    }

    #[test]
    fn parts_are_filled_in_and_locks_come_from_the_dialect() {
        let parts = [("which", "a IN :ids {for_update}")];
        let params = [(
            "ids",
            Param::List(vec![1_i64.into(), 2_i64.into(), 3_i64.into()]),
        )];
        let sql = render("SELECT a WHERE {which}", &params, &parts).unwrap();
        assert_eq!(sql, "SELECT a WHERE a = ANY ($1::bigint[]) FOR UPDATE");
    }

    #[test]
    fn a_name_without_a_value_and_a_value_without_a_name_are_refused() {
        for (text, params, parts) in [
            ("SELECT :a", vec![], vec![]),
            ("SELECT 1", vec![("a", one(1))], vec![]),
            ("SELECT ':a'", vec![("a", one(1))], vec![]),
            ("SELECT :a", vec![("a", Param::Nothing)], vec![]),
            ("SELECT 1", vec![("a", Param::Nothing)], vec![]),
            (
                "SELECT 1 WHERE a IN :a",
                vec![("a", Param::List(vec![]))],
                vec![],
            ),
            (
                "INSERT INTO t :a",
                vec![("a", Param::Rows(vec![vec![1_i64.into()]]))],
                vec![],
            ),
            ("SELECT {b}", vec![], vec![]),
            ("SELECT 1", vec![], vec![("b", "2")]),
            ("SELECT {b}", vec![], vec![("b", "{b}")]),
            ("SELECT $1", vec![], vec![]),
            ("SELECT ?", vec![], vec![]),
            ("SELECT 'a", vec![], vec![]),
        ] {
            assert!(render(text, &params, &parts).is_err(), "{text}");
        }
    }
}
