//! The hash chain of the audit.

use uuid::Uuid;

use crate::answer::{KEY, code};

pub struct Event {
    pub tenant: Uuid,
    pub id: Uuid,
    pub at: i64,
    pub actor: String,
    pub subject: String,
}

/// The link of an event after the link `head`.
pub fn link(head: &[u8], seq: i64, it: &Event) -> Vec<u8> {
    let words = code(
        &KEY,
        &[
            it.actor.as_bytes(),
            it.subject.as_bytes(),
            b"{\"kind\":\"page\"}",
        ],
    );
    let parts = [
        head,
        it.tenant.as_bytes(),
        &seq.to_be_bytes(),
        it.id.as_bytes(),
        &it.at.to_be_bytes(),
        b"token.read",
        &words,
    ];
    code(&KEY, &parts)
}
