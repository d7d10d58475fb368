//! A pass over all tenants: an error of one ends the work of no other.
//!
//! The rule: a loop over tenants adds each result to a [`TenantPass`] instead of ending at the first error.

use regrant_domain::{TenantId, error_chain};
use tracing::error;

use crate::Error;

/// The results of a pass, tenant by tenant.
#[derive(Default)]
pub(crate) struct TenantPass {
    done: u64,
    failed: Option<Error>,
}

impl TenantPass {
    /// Adds the result of a tenant. An error is logged.
    pub(crate) fn add_result(&mut self, tenant: TenantId, result: Result<u64, Error>) {
        match result {
            Ok(done) => self.done = self.done.saturating_add(done),
            Err(error) => {
                error!(
                    tenant.id = %tenant,
                    error = error_chain(&error),
                    "work of a tenant failed; the work of the others is done"
                );
                self.failed = self.failed.take().or(Some(error));
            }
        }
    }

    /// How much was done so far.
    pub(crate) const fn done(&self) -> u64 {
        self.done
    }

    /// How much was done.
    ///
    /// # Errors
    /// The first error, after all tenants had their turn.
    pub(crate) fn finish(self) -> Result<u64, Error> {
        self.failed.map_or(Ok(self.done), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_counts_what_was_done_after_an_error_and_returns_the_first_error() {
        let mut pass = TenantPass::default();
        pass.add_result(TenantId::SYSTEM, Ok(1));
        pass.add_result(TenantId::SYSTEM, Err(Error::Stale));
        pass.add_result(TenantId::SYSTEM, Err(Error::Raced));
        pass.add_result(TenantId::SYSTEM, Ok(2));
        assert_eq!(pass.done(), 3);
        assert!(matches!(pass.finish(), Err(Error::Stale)));
    }
}
