//! Why an authorization code was not exchanged.

use regrant_domain::errors::CodeFault;

/// Why an authorization code was not exchanged. In each case its person must log in again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeRefusal {
    /// Its exchange was begun before, or its outcome is not known.
    #[error("the code is spent: it was sent to the Graph before, or its answer did not come")]
    Spent,
    /// The Graph refuses this code.
    #[error("{message}")]
    Faulty {
        /// What is wrong with it.
        fault: CodeFault,
        /// What the Graph said.
        message: String,
    },
    /// The Graph refuses the app.
    #[error("the Graph refuses the app: {0}")]
    AppRefused(String),
}
