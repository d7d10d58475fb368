//! `regrant doctor`: checks everything that an installation depends on and prints remedies.
//!
//! The rule: it changes nothing and sends no token; a check that cannot run reports that instead of passing.

mod checks;
mod keys;

use std::{fmt, process::ExitCode};

use serde::Serialize;
use serde_json::json;

use crate::{
    GlobalArgs,
    config::{Config, SettingsSource},
    telemetry,
};

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// No fault.
    Ok,
    /// It works, but an operator should look at it.
    Warn,
    /// A fault: do not serve like this.
    Fail,
}

/// One line of the report. The names in its JSON are part of the interface.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    level: Level,
    /// The name of the check.
    #[serde(rename = "what")]
    check: &'static str,
    /// The result, and the remedy for a fault.
    #[serde(rename = "told")]
    message: String,
}

impl Finding {
    fn new(level: Level, check: &'static str, message: impl Into<String>) -> Self {
        Self {
            level,
            check,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        write!(
            f,
            "{level}  {:<10}  {}",
            self.check,
            self.message.replace('\n', "\n                  ")
        )
    }
}

pub(crate) async fn run(global: &GlobalArgs) -> anyhow::Result<ExitCode> {
    telemetry::start_logging(telemetry::LogFormat::Text, "error")?;
    let source = SettingsSource::from_process(global.config.as_deref())?;
    let findings = match Config::from_source(&source) {
        Ok(config) => checks::run_checks(config, &source).await,
        Err(faults) => {
            vec![Finding::new(
                Level::Fail,
                "settings",
                format!("{faults}\nthe other checks need valid settings"),
            )]
        }
    };
    let failed = findings.iter().any(|it| it.level == Level::Fail);
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    global.output.print_result(
        &json!({ "ok": !failed, "findings": findings }),
        lines.join("\n"),
    )?;
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
