//! Steps for what comes from Meta: notices, and errors that the table of errors does not know.

pub(super) mod s21_inbox;
pub(super) mod s37_token_owners;
pub(super) mod s38_graph_errors;
