//! Looks for one order of the calls on a register (Wing and Gong, with the states that were tried remembered, as Lowe
//! proposes).

use std::{collections::HashSet, time::Duration};

/// One call on the token of one asset.
#[derive(Debug, Clone)]
pub struct Call {
    pub asset: String,
    pub act: Act,
    pub start: Duration,
    pub end: Duration,
}

/// What the call did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The token was replaced by this one.
    Write(String),
    /// A later reconnect was first: this token never serves.
    Superseded(String),
    /// This token was read; `None`: there is none.
    Read(Option<String>),
}

/// No order explains what was seen.
#[derive(Debug, PartialEq, Eq)]
pub struct NoOrder;

/// The token after an order in which each call happens between its start and its end.
pub fn find_order(calls: &[Call], before: Option<&str>) -> Result<Option<String>, NoOrder> {
    assert!(
        calls.len() <= 128,
        "a history of at most 128 calls an asset"
    );
    let mut tried = HashSet::new();
    search(calls, 0, before, &mut tried)
}

fn search<'a>(
    calls: &'a [Call],
    done: u128,
    token: Option<&'a str>,
    tried: &mut HashSet<(u128, Option<&'a str>)>,
) -> Result<Option<String>, NoOrder> {
    let is_open = |n: &usize| done & (1 << n) == 0;
    let Some(first_end) = (0..calls.len()).filter(is_open).map(|n| calls[n].end).min() else {
        return Ok(token.map(ToOwned::to_owned));
    };
    if !tried.insert((done, token)) {
        return Err(NoOrder);
    }
    // Only a call that began before every open one ended can be the next.
    let may_be_next = |n: &usize| is_open(n) && calls[*n].start <= first_end;
    for n in (0..calls.len()).filter(may_be_next) {
        let after = apply(&calls[n].act, token)
            .and_then(|token| search(calls, done | (1 << n), token, tried));
        if after.is_ok() {
            return after;
        }
    }
    Err(NoOrder)
}

/// The token after the call, if the call can have seen this token.
fn apply<'a>(act: &'a Act, token: Option<&'a str>) -> Result<Option<&'a str>, NoOrder> {
    match act {
        Act::Write(written) => Ok(Some(written)),
        Act::Superseded(_) => Ok(token),
        Act::Read(read) if read.as_deref() == token => Ok(token),
        Act::Read(_) => Err(NoOrder),
    }
}

fn call(act: Act, start: u64, end: u64) -> Call {
    Call {
        asset: "1".to_owned(),
        act,
        start: Duration::from_millis(start),
        end: Duration::from_millis(end),
    }
}

fn write(token: &str, start: u64, end: u64) -> Call {
    call(Act::Write(token.to_owned()), start, end)
}

fn read(token: Option<&str>, start: u64, end: u64) -> Call {
    call(Act::Read(token.map(ToOwned::to_owned)), start, end)
}

#[test]
fn concurrent_calls_may_have_either_order() {
    let calls = [
        write("a", 0, 10),
        write("b", 0, 10),
        read(Some("a"), 11, 12),
    ];
    assert_eq!(find_order(&calls, None), Ok(Some("a".to_owned())));
}

#[test]
fn a_stale_read_has_no_order() {
    let calls = [write("a", 0, 1), write("b", 2, 3), read(Some("a"), 4, 5)];
    assert_eq!(find_order(&calls, None), Err(NoOrder));
}

#[test]
fn a_read_that_goes_back_has_no_order() {
    let calls = [
        write("a", 0, 1),
        write("b", 2, 9),
        read(Some("b"), 3, 4),
        read(Some("a"), 5, 6),
    ];
    assert_eq!(find_order(&calls, None), Err(NoOrder));
}

#[test]
fn a_superseded_token_is_never_seen() {
    let calls = [
        call(Act::Superseded("a".to_owned()), 0, 9),
        read(Some("a"), 3, 4),
    ];
    assert_eq!(find_order(&calls, None), Err(NoOrder));
}
