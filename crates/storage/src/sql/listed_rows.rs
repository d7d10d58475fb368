//! The rows of a list that is read page by page.

/// Rows that decode, and how many the statement found: more follow if it found as many as it may, although some of them
/// were left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRows<T> {
    /// The rows that decode.
    pub rows: Vec<T>,
    /// How many rows the statement found.
    pub found: usize,
}

impl<T> From<Vec<T>> for ListedRows<T> {
    /// Rows that all decode.
    fn from(rows: Vec<T>) -> Self {
        let found = rows.len();
        Self { rows, found }
    }
}
