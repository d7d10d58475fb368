//! Steps for notices from Meta.

pub(super) mod s21_inbox;
pub(super) mod s37_token_owners;
