//! Looks an error of Graph up in the table of errors, and counts those that the table does not know.
//!
//! The rule: the table of `regrant_domain::errors` alone knows codes and messages.

use regrant_domain::{
    AppId, AssetKind,
    errors::{Caller, ErrorClass, GraphErrorFacts, look_up_error},
};

use crate::{Client, errors::graph_error::GraphError};

/// The call that an error came with.
#[derive(Clone, Copy)]
pub(crate) struct ErrorOrigin<'a> {
    pub(crate) app: &'a AppId,
    pub(crate) http_status: u16,
    /// The kind of object that the call was about.
    pub(crate) object: Option<AssetKind>,
    /// Whose token made the call.
    pub(crate) caller: Caller,
}

impl Client {
    /// The class of an error. One that only its family decides is counted.
    pub(crate) fn classify_error(&self, error: &GraphError, origin: ErrorOrigin<'_>) -> ErrorClass {
        let meaning = look_up_error(&GraphErrorFacts {
            code: error.code,
            subcode: error.subcode,
            kind: &error.kind,
            http_status: origin.http_status,
            is_transient: error.is_transient,
            message: &error.message,
            object: origin.object,
            caller: origin.caller,
        });
        if !meaning.is_known {
            let now = self.inner.clock.now();
            self.inner.unknown_errors.count_error(error, origin, now);
        }
        meaning.class
    }
}
