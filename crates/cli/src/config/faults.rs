//! All faults of the settings, as one error.

use std::fmt;

/// Every fault of the settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults(Vec<Fault>);

/// One fault.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    /// The variable of the setting, such as `REGRANT_LISTEN`.
    variable: String,
    reason: String,
}

impl Faults {
    pub fn add_fault(&mut self, variable: impl Into<String>, reason: impl fmt::Display) {
        self.0.push(Fault {
            variable: variable.into(),
            reason: reason.to_string(),
        });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "the settings have {} fault{plural}", self.0.len())?;
        for Fault { variable, reason } in &self.0 {
            write!(f, "\n  {variable}: {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
