//! Errors of one object: not reached, no role, a permission is missing, or a page that moved.
//!
//! The rule: permissions that a text names come before what it says of pages and roles; a feature that only Meta's
//! review grants is named for objects that the token does not reach.

use Codes::{Any, Between, In, Permission};
use RefusalKind::{NoRole, NotReached};
use RowClass::{MissingScope, PageMoved, Refused};
use When::{Always, IsType, NamesPermission, Says};

use super::row::{Codes, ErrorRow, RowClass, When, row};
use crate::RefusalKind;

/// Meta names these features where the token does not reach the page.
const FEATURES: When = Says(&[
    "page public content access",
    "pages public content access",
    "page public metadata access",
    "reviewable feature",
]);

#[rustfmt::skip] // a table
pub(super) const ROWS: &[ErrorRow] = &[
    row(In(&[1]), In(&[2_853_001]), Always, Refused(NotReached), "graph-facts §5.2: not linked to the page"),
    row(In(&[1]), Any, Says(&["not linked to a delegate page"]), Refused(NotReached), "graph-facts §5.2: the text of 2853001"),
    row(In(&[21]), Any, Always, PageMoved, "graph-facts §5.2"),
    row(In(&[100]), In(&[21]), Always, PageMoved, "graph-facts §5.2"),
    row(In(&[100]), In(&[33]), Always, Refused(NotReached), "graph-facts §5.2; airbytehq/airbyte #46545"),
    row(In(&[100]), Any, Says(&["was migrated to page id"]), PageMoved, "graph-facts §5.2: the text of 100/21"),
    row(In(&[33]), Any, Always, Refused(NotReached), "Meta, WhatsApp error codes: the number was deleted"),
    row(In(&[10, 100]), Any, FEATURES, Refused(NotReached), "restfb #1190; strohne/Facepager #139, #174"),
    row(Between(200, 299), Any, FEATURES, Refused(NotReached), "metakgp/naarad-news #90"),
    row(In(&[100]), Any, Says(&["does not exist", "unsupported get request"]), Refused(NotReached), "graph-facts §5.2"),
    row(In(&[100]), Any, Says(&["missing permission"]), MissingScope, "graph-facts §5.2"),
    row(In(&[100]), Any, IsType("GraphMethodException"), Refused(NotReached), "graph-facts §5.2: the type of 100/33"),
    row(In(&[803]), Any, Always, Refused(NotReached), "graph-facts §5.2: alias unknown"),
    row(In(&[3919, 3950]), Any, Always, Refused(NotReached), "graph-facts §5.2"),

    row(Permission, Any, Says(&["not grant ads_management"]), Refused(NotReached), "graph-facts §5.2: ad account refused"),
    row(Permission, Any, NamesPermission, MissingScope, "Meta, Graph API error handling: the permission is named"),
    row(Permission, Any, Says(&["application does not have permission for this action", "permissions error",
        "authorized the application to perform this action"]), MissingScope, "Meta, Graph API error handling"),
    row(Permission, Any, Says(&["administrator", "administrative permission", "be admin of", "be an admin", "not an admin"]),
        Refused(NoRole), "Meta, Marketing API error reference (273)"),
    row(In(&[131_005]), Any, Always, MissingScope, "Meta, WhatsApp error codes: access denied"),
];
