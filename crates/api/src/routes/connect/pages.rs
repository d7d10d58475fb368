//! The hosted pages as HTML. They work without scripts, and every text comes from `texts.rs`.
//!
//! The rule: `maud` escapes whatever is filled in. A form carries the token of the browser that it was made for.

mod intro;
mod left_out;
mod notice;
mod preview;
mod reconnect;
mod return_to_page;
mod shell;

pub(super) use intro::{render_intro, render_log_in};
pub(super) use notice::{Dead, render_dead};
pub(super) use preview::{render_checking, render_preview};
pub(super) use reconnect::render_reconnect;
pub(super) use return_to_page::render_return;
pub(super) use shell::Page;
