//! Calls from Meta: webhooks, and callbacks about a person.

pub(super) mod callbacks;
pub(super) mod webhooks;
