//! `regrant doctor`: looks at everything an installation stands on and says what to do.
//!
//! The rule: it changes nothing and sends no token; a check that cannot run says so instead of passing.

mod checks;

use std::{fmt, process::ExitCode};

use serde::Serialize;
use serde_json::json;

use crate::{
    Global,
    config::{Config, Source},
    telemetry,
};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it must be.
    Ok,
    /// It works; look at it.
    Warn,
    /// It must not be served like this.
    Fail,
}

/// One line of the report.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    level: Level,
    what: &'static str,
    /// What was found, and for a fault what to do.
    told: String,
}

impl Finding {
    fn new(level: Level, what: &'static str, told: impl Into<String>) -> Self {
        Self {
            level,
            what,
            told: told.into(),
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
            self.what,
            self.told.replace('\n', "\n                  ")
        )
    }
}

pub(crate) async fn run(global: &Global) -> anyhow::Result<ExitCode> {
    telemetry::start(telemetry::LogFormat::Text, "error")?;
    let source = Source::of_process(global.config.as_deref())?;
    let findings = match Config::read(&source) {
        Ok(config) => checks::all(config, &source).await,
        Err(faults) => {
            vec![Finding::new(
                Level::Fail,
                "settings",
                format!("{faults}\nthe other checks need them"),
            )]
        }
    };
    let failed = findings.iter().any(|it| it.level == Level::Fail);
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    global.output.print(
        &json!({ "ok": !failed, "findings": findings }),
        lines.join("\n"),
    )?;
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
