//! Steps for notices from Meta.

pub(super) mod s21_inbox;
