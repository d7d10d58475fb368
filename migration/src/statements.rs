//! Parts SQL into its statements.
//!
//! The rule: each statement is sent alone. A distributed database rewrites some of them, and then refuses a string of
//! several.

/// The statements of `sql`, without the semicolons between them. Text in quotes, in dollar quotes (`$$`) and in comments
/// ends no statement.
pub(crate) fn split_statements(sql: &str) -> impl Iterator<Item = &str> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let end = find_end(rest);
        let (statement, after) = rest.split_at_checked(end)?;
        rest = after.strip_prefix(';').unwrap_or(after);
        (!statement.is_empty() || !rest.is_empty()).then_some(statement.trim_end())
    })
    .filter(|it| !it.is_empty())
}

/// Where the first statement ends: at its semicolon or at the end of the text.
fn find_end(sql: &str) -> usize {
    let mut at = 0;
    while let Some(text) = sql.get(at..).filter(|it| !it.is_empty()) {
        at += match [("'", "'"), ("$$", "$$"), ("--", "\n")]
            .iter()
            .find_map(|(open, close)| Some((text.strip_prefix(open)?, open.len(), close)))
        {
            Some((quoted, open, close)) => match quoted.find(close) {
                Some(length) => open + length + close.len(),
                None => text.len(),
            },
            None if text.starts_with(';') => return at,
            None => text.chars().next().map_or(1, char::len_utf8),
        };
    }
    sql.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_but_not_within_quotes_and_comments() {
        let sql = "
CREATE TABLE a (b TEXT DEFAULT 'it''s; ä');
-- a; comment
DO $$ BEGIN x; y; END $$;
SELECT 1;;
SELECT 2";
        let statements: Vec<_> = split_statements(sql).collect();
        let wanted = [
            "CREATE TABLE a (b TEXT DEFAULT 'it''s; ä')",
            "-- a; comment\nDO $$ BEGIN x; y; END $$",
            "SELECT 1",
            "SELECT 2",
        ];
        assert_eq!(statements, wanted);
        assert_eq!(split_statements(" \n").count(), 0);
    }
}
