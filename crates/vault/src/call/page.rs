//! One page of a list.
//!
//! The rule: query one row more than the page holds ([`query_limit`]); that row shows that more follow, and
//! is not part of the page.

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
    pub(crate) fn cut(mut rows: Vec<T>, limit: u32, cursor_of: impl FnOnce(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(cursor_of);
        Self { data: rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_given_only_where_more_rows_follow() {
        let page = Page::cut(vec![1, 2, 3], 2, |it| it * 10);
        assert_eq!((page.data, page.next), (vec![1, 2], Some(20)));
        let page = Page::cut(vec![1, 2], 2, |it| it * 10);
        assert_eq!((page.data, page.next), (vec![1, 2], None));
        let page = Page::cut(Vec::<u8>::new(), 0, |it| *it);
        assert_eq!((page.data, page.next), (vec![], None));
    }
}
