//! All faults of the settings, as one error.

use std::fmt;

use serde::Serialize;

/// Every fault of the settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults(Vec<Fault>);

/// One fault.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// The setting as it was written: `REGRANT_LISTEN`, or `listen in regrant.toml`.
    setting: String,
    reason: String,
}

impl Faults {
    pub fn add_fault(&mut self, setting: impl Into<String>, reason: impl fmt::Display) {
        self.0.push(Fault {
            setting: setting.into(),
            reason: reason.to_string(),
        });
    }

    /// Every fault.
    pub fn list(&self) -> &[Fault] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "the settings have {} fault{plural}", self.0.len())?;
        for Fault { setting, reason } in &self.0 {
            write!(f, "\n  {setting}: {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
