//! Tells the story as it goes, and keeps it for the report.

use std::{
    fmt::Display,
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::output::{self, Output};

/// Prints steps and checks for people, or keeps them for one JSON report.
pub(crate) struct Teller {
    form: Output,
    began: Instant,
    steps: Vec<Step>,
    facts: serde_json::Map<String, Value>,
}

#[derive(Serialize)]
struct Step {
    title: String,
    checks: Vec<Check>,
    #[serde(skip)]
    began: Instant,
}

#[derive(Serialize)]
struct Check {
    told: String,
    holds: bool,
}

/// How far a piece of work is: a bar on a terminal, plain lines elsewhere.
pub(crate) enum Progress {
    Bar(ProgressBar),
    Lines { total: u64, done: u64 },
    Silent,
}

impl Teller {
    pub fn new(form: Output) -> Self {
        Self {
            form,
            began: Instant::now(),
            steps: Vec::new(),
            facts: serde_json::Map::new(),
        }
    }

    /// Begins a step.
    pub fn step(&mut self, title: impl Into<String>) -> anyhow::Result<()> {
        let step = Step {
            title: title.into(),
            checks: Vec::new(),
            began: Instant::now(),
        };
        self.say(format_args!(
            "\n{}. {}",
            self.steps.len().saturating_add(1),
            step.title
        ))?;
        self.steps.push(step);
        Ok(())
    }

    /// Tells what must be so; the story ends where it is not.
    pub fn check(&mut self, told: impl Into<String>, holds: bool) -> anyhow::Result<()> {
        let told = told.into();
        self.say(format_args!("   {} {told}", if holds { "✓" } else { "✗" }))?;
        let failed = format!("it does not hold that {told}");
        if let Some(step) = self.steps.last_mut() {
            step.checks.push(Check { told, holds });
        }
        anyhow::ensure!(holds, failed);
        Ok(())
    }

    /// Prints something for people.
    pub fn say(&self, text: impl Display) -> anyhow::Result<()> {
        match self.form {
            Output::Text => output::line(text),
            Output::Json => Ok(()),
        }
    }

    /// Keeps a fact for the report.
    pub fn keep(&mut self, name: &str, fact: impl Serialize) -> anyhow::Result<()> {
        self.facts
            .insert(name.to_owned(), serde_json::to_value(fact)?);
        Ok(())
    }

    /// How long the present step has taken.
    pub fn elapsed(&self) -> Duration {
        self.steps
            .last()
            .map(|step| step.began.elapsed())
            .unwrap_or_default()
    }

    /// Shows how far `total` pieces are.
    pub fn progress(&self, total: u64) -> anyhow::Result<Progress> {
        if self.form == Output::Json {
            return Ok(Progress::Silent);
        }
        if !std::io::stderr().is_terminal() {
            return Ok(Progress::Lines { total, done: 0 });
        }
        let style = ProgressStyle::with_template("   {bar:40} {pos}/{len} assets")?;
        Ok(Progress::Bar(ProgressBar::new(total).with_style(style)))
    }

    /// The last line, or the report.
    pub fn end(mut self, error: Option<anyhow::Error>) -> anyhow::Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        if self.form == Output::Json {
            let error = error.map(|it| format!("{it:#}"));
            let facts = std::mem::take(&mut self.facts);
            let report = json!({
                "ok": error.is_none(), "seconds": seconds, "steps": self.steps, "facts": facts, "error": error,
            });
            return output::line(report);
        }
        match error {
            None => output::line(format_args!(
                "\nEvery step ended as told, in {seconds:.1} s. Next: `regrant dev` serves the same world, for you to call."
            )),
            Some(error) => output::line(format_args!("\nThe story broke off: {error:#}")),
        }
    }
}

impl Progress {
    /// One more is done.
    pub fn one(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Bar(bar) => bar.inc(1),
            Self::Silent => {}
            Self::Lines { total, done } => {
                *done = done.saturating_add(1);
                if done.is_multiple_of(*total / 4) {
                    output::line(format_args!("   {done} of {total}"))?;
                }
            }
        }
        Ok(())
    }

    /// The bar goes; what comes next tells the result.
    pub fn end(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_check_that_does_not_hold_ends_the_story() {
        let mut teller = Teller::new(Output::Json);
        teller.step("Count").unwrap();
        teller.check("1 is 1", true).unwrap();
        let broken = teller.check("1 is 2", false).unwrap_err();
        assert_eq!(broken.to_string(), "it does not hold that 1 is 2");
        let checks = &teller.steps.last().unwrap().checks;
        assert_eq!(
            checks.iter().map(|it| it.holds).collect::<Vec<_>>(),
            [true, false]
        );
    }
}
