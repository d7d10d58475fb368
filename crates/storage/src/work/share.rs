//! How much each tenant gets of what all may have: a pure function.
//!
//! The rule: tenants take turns. None gets more than it has work for, and what one leaves goes to the others.

/// Divides `limit` among tenants with so many rows each; the first ones get what is left over.
pub(super) fn divide_evenly(limit: u32, waiting: &[u32]) -> Vec<u32> {
    let mut shares = vec![0; waiting.len()];
    let mut rest = limit;
    loop {
        let hungry = || waiting.iter().zip(&shares).filter(|(n, share)| n > share);
        let count = u32::try_from(hungry().count()).unwrap_or(u32::MAX);
        if rest == 0 || count == 0 {
            return shares;
        }
        let turns = (rest / count).max(1);
        for (n, share) in waiting.iter().zip(&mut shares) {
            let more = turns.min(n - *share).min(rest);
            *share += more;
            rest -= more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tenant_does_not_need_goes_to_the_others() {
        for (limit, waiting, shares) in [
            (10, &[300, 3][..], &[7, 3][..]),
            (10, &[3, 300], &[3, 7]),
            (256, &[], &[]),
            (2, &[5, 5, 5], &[1, 1, 0]),
            (7, &[9, 9], &[4, 3]),
            (9, &[1, 2, 3], &[1, 2, 3]),
            (0, &[1], &[0]),
            (u32::MAX, &[u32::MAX, 1], &[u32::MAX - 1, 1]),
        ] {
            assert_eq!(divide_evenly(limit, waiting), shares, "{limit} {waiting:?}");
        }
    }
}
