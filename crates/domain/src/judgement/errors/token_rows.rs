//! Errors of the token: it is dead, its person must act first, or Graph refuses it for another reason.
//!
//! The rule: a known subcode decides before any text, because the text of one may name another's subject. Graph may
//! leave the subcode out: then its text decides. `TokenDead` is believed only after `debug_token` has confirmed it.

use Codes::{Absent, Any, In};
use RefusalKind::{
    Checkpoint, ConsentRequired, DataAccessExpired, NoRole, TokenDead, TokenRefused,
    TwoFactorRequired, Unconfirmed,
};
use RowClass::{MissingScope, Refused};
use When::{Always, Says};

use super::row::{Codes, ErrorRow, RowClass, When, row};
use crate::RefusalKind;

/// Meta's codes of sessions and tokens.
const SESSION: Codes = In(&[102, 190]);

#[rustfmt::skip] // a table
pub(super) const ROWS: &[ErrorRow] = &[
    row(SESSION, In(&[459, 490]), Always, Refused(Checkpoint), "graph-facts §5.2; facebook-python-business-sdk #525, #411"),
    row(SESSION, In(&[464]), Always, Refused(Unconfirmed), "graph-facts §5.2"),
    row(SESSION, In(&[483]), Always, Refused(ConsentRequired), "graph-facts §5.2"),
    row(SESSION, In(&[492]), Always, Refused(NoRole), "graph-facts §5.3: no role on this page; the token works elsewhere"),
    row(SESSION, In(&[493]), Always, Refused(DataAccessExpired), "graph-facts §5.2; MrSwitch/hello.js #548"),
    row(SESSION, In(&[452, 456, 457, 458, 460, 461, 462, 463, 465, 466, 467, 468]), Always,
        Refused(TokenDead), "Meta, Graph API error handling; graph-facts §5.2"),

    row(SESSION, Any, Says(&["must be granted before impersonating"]), MissingScope, "graph-facts §5.3"),
    row(Any, Any, Says(&["in order to impersonate it", "appropriate role on the page"]),
        Refused(NoRole), "graph-facts §5.3: the texts of 492, of which one names two-factor authentication too"),
    row(Any, Any, Says(&["cannot call api for app"]),
        Refused(TokenRefused), "SocialiteProviders/Providers #659; microsoft/botbuilder-js #2090"),
    row(In(&[100]), Any, Says(&["did not match the viewing app"]), Refused(TokenRefused), "graph-facts §2.5"),
    row(Any, Any, Says(&["two factor authentication", "two-factor authentication"]),
        Refused(TwoFactorRequired), "graph-facts §2.3"),
    row(In(&[415]), Any, Always, Refused(TwoFactorRequired), "graph-facts §2.3"),

    row(SESSION, Any, Says(&["checkpoint"]), Refused(Checkpoint), "mautrix/facebook #226"),
    row(SESSION, Any, Says(&["cannot access the app till you log in"]),
        Refused(Checkpoint), "graph-facts §5.2: the text of 459, of Facebook and of Instagram"),
    row(SESSION, Any, Says(&["not a confirmed user"]), Refused(Unconfirmed), "restfb, tests of error messages"),
    row(SESSION, Any, Says(&["in longer than 90 days"]), Refused(DataAccessExpired), "MrSwitch/hello.js #548"),
    row(SESSION, Any, Says(&["session has expired", "session has been invalidated", "user logged out",
        "has not authorized application"]), Refused(TokenDead), "restfb, tests of error messages"),
    row(SESSION, Absent, Always, Refused(TokenDead), "Meta, Graph API error handling; graph-facts §5.3"),

    row(In(&[459]), Any, Always, Refused(Checkpoint), "graph-facts §5.2: seen as a code"),
    row(In(&[460, 463, 467]), Any, Always, Refused(TokenDead), "graph-facts §5.2: seen as a code"),
    row(In(&[0]), Any, Says(&["authexception", "unable to authenticate"]),
        Refused(TokenDead), "Meta, WhatsApp error codes"),
    row(In(&[25]), In(&[2_207_050]), Always, Refused(Checkpoint), "Meta, Instagram error codes: inactive or at a checkpoint"),
    row(In(&[25]), Any, Says(&["account is restricted"]), Refused(Checkpoint), "Meta, Instagram error codes: the text of 2207050"),
];
