//! One page of a list.
//!
//! The rule: query one row more than the page holds ([`query_limit`]); that row shows that more follow, and
//! is not part of the page. A row that does not decode is left out and ends no list: it counts as found.

use regrant_storage::ListedRows;

use crate::Error;

/// The rows of a page and the cursor of the next one.
pub(crate) struct Page<T, C> {
    pub(crate) data: Vec<T>,
    /// `None` on the last page.
    pub(crate) next: Option<C>,
}

/// How many rows to query for a page of `limit` rows.
pub(crate) const fn query_limit(limit: u32) -> u32 {
    limit.saturating_add(1)
}

impl<T, C> Page<T, C> {
    /// Cuts queried rows to a page; `cursor_of` makes the cursor of the last row.
    ///
    /// # Errors
    /// `Internal` if no row of the page decodes and more follow: there is no cursor to them.
    pub(crate) fn cut(
        queried: impl Into<ListedRows<T>>,
        limit: u32,
        cursor_of: impl FnOnce(&T) -> C,
    ) -> Result<Self, Error> {
        let ListedRows { mut rows, found } = queried.into();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        rows.truncate(limit);
        // A page of no rows is asked for where only what is beside the list is wanted.
        if found <= limit || limit == 0 {
            return Ok(Self {
                data: rows,
                next: None,
            });
        }
        let last = rows.last().ok_or_else(|| {
            Error::from_cause("no row of a page can be read, and more rows follow")
        })?;
        let next = Some(cursor_of(last));
        Ok(Self { data: rows, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(queried: impl Into<ListedRows<u8>>, limit: u32) -> (Vec<u8>, Option<u8>) {
        let page = Page::cut(queried, limit, |it| it * 10).expect("rows that can be read");
        (page.data, page.next)
    }

    #[test]
    fn a_cursor_is_given_only_where_more_rows_follow() {
        assert_eq!(cut(vec![1, 2, 3], 2), (vec![1, 2], Some(20)));
        assert_eq!(cut(vec![1, 2], 2), (vec![1, 2], None));
        assert_eq!(cut(Vec::new(), 0), (vec![], None));
        assert_eq!(cut(vec![1], 0), (vec![], None));
    }

    #[test]
    fn a_row_that_does_not_decode_ends_no_list() {
        let queried = |rows| ListedRows { rows, found: 3 };
        assert_eq!(cut(queried(vec![1, 3]), 2), (vec![1, 3], Some(30)));
        assert_eq!(cut(queried(vec![2]), 2), (vec![2], Some(20)));
        let unread = Page::cut(queried(vec![]), 2, |it| *it);
        assert!(matches!(unread, Err(Error::Internal(_))));
    }
}
