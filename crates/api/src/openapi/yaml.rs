//! A description as YAML that every reader reads alike.

use utoipa::openapi::OpenApi;

use super::short_yaml::shorten;

/// The description as YAML. Times are in quotes: a reader of YAML 1.1 makes dates of them otherwise.
pub(crate) fn write_yaml(api: &OpenApi) -> String {
    let text = api.to_yaml().unwrap_or_default();
    let quoted: String = text.lines().map(quote_time).collect();
    shorten(&quoted)
}

fn quote_time(line: &str) -> String {
    let start = line.rfind([' ']).map_or(0, |at| at.saturating_add(1));
    let (before, value) = line.split_at(start);
    let is_value = before.trim_end().ends_with([':', '-']);
    if is_value && is_time(value) {
        format!("{before}'{value}'\n")
    } else {
        format!("{line}\n")
    }
}

/// Whether a text is a date, alone or with a time of the day.
fn is_time(text: &str) -> bool {
    let date = text.get(..10).unwrap_or_default();
    let digits_and_hyphens = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let rest = text.get(10..).unwrap_or_default();
    date.len() == 10 && digits_and_hyphens && (rest.is_empty() || rest.starts_with('T'))
}

#[cfg(test)]
mod tests {
    use super::quote_time;

    #[test]
    fn only_times_are_quoted() {
        for (line, quoted) in [
            ("  example: 2026-12-01", "  example: '2026-12-01'\n"),
            ("  - 2026-12-01T00:00:00Z", "  - '2026-12-01T00:00:00Z'\n"),
            ("  example: '2026-12-01'", "  example: '2026-12-01'\n"),
            ("  since 2026-12-01", "  since 2026-12-01\n"),
            ("  version: 0.1.0", "  version: 0.1.0\n"),
        ] {
            assert_eq!(quote_time(line), quoted);
        }
    }
}
