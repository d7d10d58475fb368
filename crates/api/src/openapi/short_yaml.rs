//! YAML with short lists and short mappings on the line of their key: `required: [id, kind]`, `schema: {$ref: …}`.
//!
//! The rule: only the layout changes, never the value; what does not fit on a line stays as it is. The input is the
//! layout of libyaml: lists start in the column of their key, and texts of several lines are literal blocks.

const COLUMNS: usize = 120;

/// Writes each short list, and each mapping of one short part of a description, on the line of its key.
pub(super) fn shorten(text: &str) -> String {
    // From the last line to the first, so that the inner parts are short before the outer ones. `below` holds the lines
    // after the present one, the nearest last.
    let mut below: Vec<Line> = Vec::new();
    for line in read_lines(text).into_iter().rev() {
        let joined = line.join_list(&below).or_else(|| line.join_part(&below));
        if let Some((joined, taken)) = joined {
            below.truncate(below.len().saturating_sub(taken));
            below.push(joined);
        } else {
            below.push(line);
        }
    }
    below.into_iter().rev().map(|it| it.text + "\n").collect()
}

fn read_lines(text: &str) -> Vec<Line> {
    let mut block = None;
    let lines = text.lines().map(|text| {
        let mut line = Line::read(text);
        let in_block = |start: usize| text.trim().is_empty() || line.indent > start;
        line.is_block = block.is_some_and(in_block);
        if !line.is_block {
            block = line.starts_block().then_some(line.column);
        }
        line
    });
    lines.collect()
}

struct Line {
    text: String,
    /// Column of the first character.
    indent: usize,
    /// Column of the key or value, after the hyphens of lists.
    column: usize,
    /// Whether it belongs to a text of several lines.
    is_block: bool,
}

impl Line {
    fn read(text: &str) -> Self {
        let content = text.trim_start_matches(' ');
        let value = content.trim_start_matches("- ");
        Self {
            indent: text.len().saturating_sub(content.len()),
            column: text.len().saturating_sub(value.len()),
            text: text.to_owned(),
            is_block: false,
        }
    }

    fn starts_block(&self) -> bool {
        ["|", "|-", "|+", ">", ">-", ">+"]
            .iter()
            .any(|it| self.text.ends_with(&format!(" {it}")))
    }

    fn is_key(&self) -> bool {
        !self.is_block && self.text.ends_with(':')
    }

    /// This key with the list below it, and the number of lines that it takes.
    fn join_list(&self, below: &[Self]) -> Option<(Self, usize)> {
        let is_entry =
            |it: &&Self| it.indent == self.column && it.text.trim_start().starts_with("- ");
        let entries: Vec<&str> = below
            .iter()
            .rev()
            .take_while(is_entry)
            .map(|it| {
                it.text
                    .get(it.indent.saturating_add(2)..)
                    .unwrap_or_default()
            })
            .collect();
        // An entry of several lines ends the list too early: the line after it is deeper.
        let after = below.iter().rev().nth(entries.len());
        let is_whole = after.is_none_or(|it| !it.is_block && it.indent <= self.column);
        let is_short =
            is_whole && !entries.is_empty() && entries.iter().all(|it| is_flow_value(it));
        (self.is_key() && is_short)
            .then(|| self.with_value(&format!("[{}]", entries.join(", "))))
            .flatten()
            .map(|it| (it, entries.len()))
    }

    /// This key with the only part below it, and the number of lines that it takes.
    fn join_part(&self, below: &[Self]) -> Option<(Self, usize)> {
        let mut lines = below.iter().rev();
        let part = lines
            .next()
            .filter(|it| self.is_key() && it.indent > self.column)?;
        let is_only = lines.next().is_none_or(|it| it.indent < part.indent);
        let content = part.text.trim_start();
        let (key, value) = content.split_once(": ")?;
        let is_short = matches!(key, "$ref" | "type" | "schema") || key.contains('/');
        (is_only && is_short && is_flow_value(value))
            .then(|| self.with_value(&format!("{{{content}}}")))
            .flatten()
            .map(|it| (it, 1))
    }

    fn with_value(&self, value: &str) -> Option<Self> {
        let line = Self::read(&format!("{} {value}", self.text));
        (line.text.chars().count() <= COLUMNS).then_some(line)
    }
}

/// Whether a value may stand within brackets as it is.
fn is_flow_value(value: &str) -> bool {
    let is_between = |start: char, end: char| value.starts_with(start) && value.ends_with(end);
    let is_quoted = is_between('\'', '\'') && value.len() > 1 && !value.contains("': ");
    let is_flow = is_between('{', '}') || is_between('[', ']');
    let is_plain = !value.is_empty()
        && !value.contains([',', '[', ']', '{', '}', '\'', '"', '#'])
        && !value.contains(": ")
        && !value.ends_with(':')
        && !value.starts_with(['|', '>', '-', '&', '*', '!', '?', '@', '`']);
    is_quoted || is_flow || is_plain
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn short_lists_and_parts_are_on_the_line_of_their_key() {
        for (long, short) in [
            (
                "required:\n- id\n- kind\nnext: 1\n",
                "required: [id, kind]\nnext: 1\n",
            ),
            (
                "- name: a\n  enum:\n  - 'x, y'\n  - z\n",
                "- name: a\n  enum: ['x, y', z]\n",
            ),
            (
                "content:\n  application/json:\n    schema:\n      $ref: '#/a'\nb: 1\n",
                "content: {application/json: {schema: {$ref: '#/a'}}}\nb: 1\n",
            ),
            (
                "items:\n  type:\n  - string\n  - 'null'\n",
                "items: {type: [string, 'null']}\n",
            ),
        ] {
            assert_eq!(shorten(long), short);
        }
    }

    #[test]
    fn longer_parts_stay_as_they_are() {
        let long_list = format!("a:\n{}", "- a_rather_long_value\n".repeat(8));
        for text in [
            "a:\n- name: x\n  in: path\n- $ref: '#/b'\n",
            "a:\n- - x\n  - y\n",
            "a:\n- x\n- |-\n  two\n  lines\n",
            "schema:\n  type: string\n  format: date\n",
            "a:\n  type: |-\n    two:\n\n    - lines\nb: 1\n",
            "a:\n  description: it is so\n",
            &long_list,
        ] {
            assert_eq!(shorten(text), text);
        }
    }

    #[test]
    fn the_value_of_the_description_is_the_same() {
        let read = |text: &str| yaml_serde::from_str::<serde_json::Value>(text).unwrap();
        let text = crate::routes::openapi().to_yaml().unwrap();
        let short = shorten(&text);
        assert!(short.len() < text.len());
        assert!(read(&short) == read(&text));
    }
}
