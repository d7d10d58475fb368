//! Errors of the app and of the request: Graph reports them under codes that mean something else.

use Codes::{Absent, Any, Between, In, Permission};
use RefusalKind::{AppFault, AppRestricted, RequestFault};
use RowClass::Refused;
use When::{Always, Both, IsType, Says};

use super::code_fault;
use super::row::{Codes, ErrorRow, RowClass, When, row};
use crate::RefusalKind;

#[rustfmt::skip] // a table
pub(super) const ROWS: &[ErrorRow] = &[
    row(Any, Any, Says(&["appsecret_proof"]), Refused(AppFault), "graph-facts §3, §5.2"),
    row(Any, Any, Says(&["error validating client secret"]), Refused(AppFault), "graph-facts §5.2"),
    row(Any, Any, Says(&["error validating application", "application has been deleted", "cannot get application info"]),
        Refused(AppFault), "graph-facts §5.3; exileum/meta-mcp #199"),
    row(Any, Any, Both(&Says(&["api access"]), &Says(&["blocked", "deactivated", "disrupted"])),
        Refused(AppFault), "graph-facts §5.2"),
    row(In(&[3]), Any, Always, Refused(AppFault), "Meta, Graph API error handling: app lacks the capability"),
    row(In(&[5]), Any, Says(&["source ip"]), Refused(AppFault), "PHP SDK: the app's list of server addresses"),
    row(In(&[101, 104]), Any, Always, Refused(AppFault), "Meta, Marketing API error reference"),
    row(In(&[270]), Any, Always, Refused(AppFault), "graph-facts §5.2: development access only"),

    row(Any, Any, Says(&["cannot call api on behalf of this user"]),
        Refused(AppRestricted), "facebook-java-business-sdk #272: country restriction of the app"),
    row(Any, Any, Says(&["temporarily disabled for non-active apps"]),
        Refused(AppRestricted), "tobilg/facebook-events-by-location-core #29"),
    row(Permission, Any, Says(&["app is not active", "app not active", "inactive app", "development mode", "country",
        "age restriction", "demographic"]), Refused(AppRestricted), "facebook-java-business-sdk #272: the text speaks of the app"),
    row(In(&[131_031]), Any, Always, Refused(AppRestricted), "Meta, WhatsApp error codes: account restricted or disabled"),

    row(Any, Any, Says(&["nonexisting field", "ids query parameter", "too many ids", "too many requests in batch message",
        "unknown path components"]), Refused(RequestFault), "graph-facts §4, §5.2"),
    row(Any, Any, Says(&["must be called with a page access token", "requires a page access token",
        "page access token is required"]), Refused(RequestFault), "halsandr/Facebook_Connector #1; Rfacebook #174"),
    row(In(&[100]), Between(code_fault::SUBCODES.0, code_fault::SUBCODES.1), Always,
        Refused(RequestFault), "graph-facts §2.2; php-graph-sdk #1051: an authorization code"),
    row(In(&[100]), Any, Says(code_fault::TEXTS), Refused(RequestFault), "graph-facts §2.2: an authorization code"),
    row(In(&[100]), Any, Says(&["must provide an app access token"]), Refused(RequestFault), "graph-facts §2.5"),
    row(In(&[102, 190]), In(&[2_069_032]), Always, Refused(RequestFault), "graph-facts §5.3: page token required"),
    row(Permission, In(&[2_069_030, 2_069_031, 2_069_033]), Always, Refused(RequestFault), "graph-facts §5.2"),
    row(Any, Any, Both(&Says(&["not supported"]), &Says(&["new pages experience"])),
        Refused(RequestFault), "graph-facts §5.2: the text of 2069030"),
    row(In(&[12]), Any, Says(&["deprecated"]), Refused(RequestFault), "Meta, Graph API changelog: deprecated call"),
    row(In(&[506, 2500, 2635]), Any, Always, Refused(RequestFault), "graph-facts §5.2"),
    row(Absent, Any, IsType("GraphBatchException"), Refused(RequestFault), "graph-facts §4"),
];
