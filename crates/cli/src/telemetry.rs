//! The log: on standard error, as text or JSON, filtered by `REGRANT_LOG`.
//!
//! The rule: targets that could log the values of a statement are off by default; no log line holds a setting.

use std::{io::IsTerminal as _, str::FromStr};

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

/// Targets with a level of their own unless `REGRANT_LOG` names them: database crates log statements with their
/// values, the web server logs its threads.
const QUIET_TARGETS: [(&str, &str); 4] = [
    ("sqlx", "off"),
    ("sea_orm", "off"),
    ("sea_orm_migration", "off"),
    ("actix_server", "warn"),
];

/// The format of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Readable lines.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected `text` or `json`"),
        }
    }
}

/// Changes the level of a log that was started.
pub(crate) struct LogLevel(Box<dyn Fn(EnvFilter) -> anyhow::Result<()>>);

impl LogLevel {
    /// Sets the level, unless `REGRANT_LOG` is set.
    pub fn set_default(&self, level: &str) -> anyhow::Result<()> {
        (self.0)(filter_or(level)?)
    }
}

/// Starts the log; `default` is the level if `REGRANT_LOG` is not set.
pub(crate) fn start_logging(format: LogFormat, default: &str) -> anyhow::Result<()> {
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter_or(default)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started
        .map_err(anyhow::Error::from_boxed)
        .context("the log was started twice")
}

/// Starts a log of readable lines whose level can be changed.
pub(crate) fn start_changeable_logging(default: &str) -> anyhow::Result<LogLevel> {
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter_or(default)?)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_filter_reloading();
    let handle = log.reload_handle();
    log.try_init()
        .map_err(anyhow::Error::from_boxed)
        .context("the log was started twice")?;
    Ok(LogLevel(Box::new(move |filter| {
        handle.reload(filter).context("cannot change the level")
    })))
}

fn filter_or(default: &str) -> anyhow::Result<EnvFilter> {
    let configured = std::env::var("REGRANT_LOG").unwrap_or_default();
    build_filter(if configured.is_empty() {
        default
    } else {
        &configured
    })
}

fn build_filter(levels: &str) -> anyhow::Result<EnvFilter> {
    let quiet = QUIET_TARGETS
        .iter()
        .filter(|(target, _)| !levels.contains(target));
    let quiet = quiet.map(|(target, level)| format!("{target}={level}"));
    let all: Vec<_> = std::iter::once(levels.to_owned()).chain(quiet).collect();
    EnvFilter::try_new(all.join(","))
        .context("REGRANT_LOG: expected levels such as `info` or `info,regrant_vault=debug`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_crates_are_silent_unless_named() {
        let quiet = build_filter("trace").unwrap().to_string();
        assert!(
            quiet.contains("sqlx=off") && quiet.contains("sea_orm=off"),
            "{quiet}"
        );
        let named = build_filter("info,sqlx=warn").unwrap().to_string();
        assert!(
            named.contains("sqlx=warn") && !named.contains("sqlx=off"),
            "{named}"
        );
    }

    #[test]
    fn a_filter_that_does_not_parse_is_named() {
        let message = build_filter("info,,=loud=").unwrap_err().to_string();
        assert!(message.starts_with("REGRANT_LOG"), "{message}");
    }
}
