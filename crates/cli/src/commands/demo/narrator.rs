//! Prints the steps and checks of the story as they happen, or collects them for the JSON report.
//!
//! The rule: a check that fails is an error, so that the story cannot continue past it.

use std::{
    fmt::Display,
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::output::{self, Output};

/// Prints steps and checks for people, or collects them for one JSON report.
pub(crate) struct Narrator {
    form: Output,
    began: Instant,
    steps: Vec<Step>,
    facts: serde_json::Map<String, Value>,
}

#[derive(Serialize)]
struct Step {
    title: String,
    checks: Vec<CheckedClaim>,
    #[serde(skip)]
    began: Instant,
}

#[derive(Serialize)]
struct CheckedClaim {
    /// The checked claim, as a sentence; its name in the JSON is part of the interface.
    #[serde(rename = "told")]
    claim: String,
    holds: bool,
}

/// Shows progress: a bar on a terminal, plain lines elsewhere, nothing for JSON.
pub(crate) enum Progress {
    Bar(ProgressBar),
    Lines {
        total: u64,
        done: u64,
        quarters: u64,
    },
    Silent,
}

impl Narrator {
    pub fn new(form: Output) -> Self {
        Self {
            form,
            began: Instant::now(),
            steps: Vec::new(),
            facts: serde_json::Map::new(),
        }
    }

    /// Begins a step; prints its number and title.
    pub fn begin_step(&mut self, title: impl Into<String>) -> anyhow::Result<()> {
        let step = Step {
            title: title.into(),
            checks: Vec::new(),
            began: Instant::now(),
        };
        self.print_text(format_args!(
            "\n{}. {}",
            self.steps.len().saturating_add(1),
            step.title
        ))?;
        self.steps.push(step);
        Ok(())
    }

    /// Prints a claim and whether it holds; a claim that does not hold is an error.
    pub fn check_claim(&mut self, claim: impl Into<String>, holds: bool) -> anyhow::Result<()> {
        let claim = claim.into();
        self.print_text(format_args!("   {} {claim}", if holds { "✓" } else { "✗" }))?;
        let failed = format!("failed check: {claim}");
        if let Some(step) = self.steps.last_mut() {
            step.checks.push(CheckedClaim { claim, holds });
        }
        anyhow::ensure!(holds, failed);
        Ok(())
    }

    /// Prints text for people; does nothing for JSON.
    pub fn print_text(&self, text: impl Display) -> anyhow::Result<()> {
        match self.form {
            Output::Text => output::print_line(wrap_text(&text.to_string())),
            Output::Json => Ok(()),
        }
    }

    /// Adds a fact to the report.
    pub fn record_fact(&mut self, name: &str, fact: impl Serialize) -> anyhow::Result<()> {
        self.facts
            .insert(name.to_owned(), serde_json::to_value(fact)?);
        Ok(())
    }

    /// The time since the current step began.
    pub fn step_elapsed(&self) -> Duration {
        self.steps
            .last()
            .map(|step| step.began.elapsed())
            .unwrap_or_default()
    }

    /// Starts to show the progress of `total` assets.
    pub fn start_progress(&self, total: u64) -> anyhow::Result<Progress> {
        if self.form == Output::Json {
            return Ok(Progress::Silent);
        }
        if !std::io::stderr().is_terminal() {
            return Ok(Progress::Lines {
                total,
                done: 0,
                quarters: 0,
            });
        }
        let style = ProgressStyle::with_template("   {bar:40} {pos}/{len} assets")?;
        Ok(Progress::Bar(ProgressBar::new(total).with_style(style)))
    }

    /// Prints the last line, or the report.
    pub fn finish_story(mut self, error: Option<anyhow::Error>) -> anyhow::Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        if self.form == Output::Json {
            let error = error.map(|it| format!("{it:#}"));
            let facts = std::mem::take(&mut self.facts);
            let report = json!({
                "ok": error.is_none(), "seconds": seconds, "steps": self.steps, "facts": facts, "error": error,
            });
            return output::print_line(report);
        }
        let last = match error {
            None => format!(
                "\nEvery check passed, in {seconds:.1} s. Next: `regrant dev` serves the same world for your own calls."
            ),
            Some(error) => format!("\nThe story ended early: {error:#}"),
        };
        output::print_line(wrap_text(&last))
    }
}

/// Breaks lines that are wider than the terminal between words; the tables of the story fit already.
fn wrap_text(text: &str) -> String {
    let width = usize::from(output::text_width());
    let options = textwrap::Options::new(width)
        .subsequent_indent("     ")
        .break_words(false);
    // Each line by itself: the first piece of a later line would get the indent and the width of another one.
    // What fits stays as it is: textwrap counts a rule of a table as twice as wide as it is.
    let lines = text.split('\n').map(|line| {
        if line.chars().count() <= width {
            line.to_owned()
        } else {
            textwrap::fill(line, &options)
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl Progress {
    /// Counts one more asset.
    pub fn advance_by_one(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Bar(bar) => bar.inc(1),
            Self::Silent => {}
            Self::Lines {
                total,
                done,
                quarters,
            } => {
                *done = done.saturating_add(1);
                if let Some(line) = next_line(*done, *total, quarters) {
                    output::print_line(line)?;
                }
            }
        }
        Ok(())
    }

    /// Removes the bar.
    pub fn clear_bar(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// A line for each quarter; the last one says that all are done.
fn next_line(done: u64, total: u64, quarters: &mut u64) -> Option<String> {
    let reached = done.saturating_mul(4) / total.max(1);
    (reached > *quarters).then(|| {
        *quarters = reached;
        format!("   {done} of {total}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_a_line_for_each_quarter_and_ends_with_all() {
        let mut quarters = 0;
        let lines: Vec<_> = (1..=90)
            .filter_map(|done| next_line(done, 90, &mut quarters))
            .collect();
        assert_eq!(
            lines,
            ["   23 of 90", "   45 of 90", "   68 of 90", "   90 of 90"]
        );
    }

    #[test]
    fn the_first_failed_check_ends_the_story() {
        let mut narrator = Narrator::new(Output::Json);
        narrator.begin_step("Count").unwrap();
        narrator.check_claim("1 is 1", true).unwrap();
        let failed_check = narrator.check_claim("1 is 2", false).unwrap_err();
        assert_eq!(failed_check.to_string(), "failed check: 1 is 2");
        let checks = &narrator.steps.last().unwrap().checks;
        assert_eq!(
            checks.iter().map(|it| it.holds).collect::<Vec<_>>(),
            [true, false]
        );
    }
}
