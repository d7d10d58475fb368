//! How many webhooks are in flight to one endpoint: few at first, more while it accepts them.
//!
//! The rule: each success adds one, up to the limit; each failure halves the number. An endpoint that fails although one at
//! a time is sent to it has to rest.

/// How many are in flight before an endpoint has proved that it accepts more.
const FIRST: usize = 4;

/// The number for one endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SendWindow {
    size: usize,
    max: usize,
    must_rest: bool,
}

impl SendWindow {
    /// The window of an endpoint to which at most `max` are sent at a time.
    pub(super) fn new(max: usize, is_failing: bool) -> Self {
        let max = max.max(1);
        let size = if is_failing { 1 } else { FIRST.min(max) };
        Self {
            size,
            max,
            must_rest: false,
        }
    }

    /// How many may be in flight.
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// Whether the endpoint failed with one in flight.
    pub(super) const fn must_rest(&self) -> bool {
        self.must_rest
    }

    pub(super) fn note_outcome(&mut self, is_accepted: bool) {
        if is_accepted {
            self.size = self.max.min(self.size + 1);
        } else {
            self.must_rest |= self.size == 1;
            self.size = (self.size / 2).max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successes_widen_the_window_up_to_its_limit() {
        let mut window = SendWindow::new(6, false);
        let sizes: Vec<_> = (0..4)
            .map(|_| {
                window.note_outcome(true);
                window.size()
            })
            .collect();
        assert_eq!(sizes, [5, 6, 6, 6]);
    }

    #[test]
    fn an_endpoint_that_only_fails_soon_rests() {
        let mut window = SendWindow::new(12, false);
        let mut failures = 0;
        while !window.must_rest() {
            window.note_outcome(false);
            failures += 1;
        }
        assert_eq!((failures, window.size()), (3, 1));
    }

    #[test]
    fn a_failing_endpoint_gets_one_and_a_single_failure_of_a_good_one_is_no_reason_to_rest() {
        assert_eq!(SendWindow::new(12, true).size(), 1);
        let mut window = SendWindow::new(12, false);
        window.note_outcome(false);
        window.note_outcome(true);
        assert_eq!((window.size(), window.must_rest()), (3, false));
    }
}
