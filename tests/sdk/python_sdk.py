"""Runs Meta's Python SDK (and the independent python-facebook-api) against the simulator, unchanged.

REGRANT_SANDBOX_URL names the simulator, which should run the demo world. The last line is `N passed, M failed`.
"""

import json
import os
import sys
import traceback
import urllib.request

from facebook_business import FacebookSession
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.business import Business
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.productcatalog import ProductCatalog
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from pyfacebook import GraphAPI

SANDBOX = os.environ["REGRANT_SANDBOX_URL"].rstrip("/")
FacebookSession.GRAPH = SANDBOX


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{SANDBOX}/sandbox/{path}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


WORLD = control("GET", "world")
APP = next(app for app in WORLD["apps"] if app["require_proof"])
OTHER = next(app for app in WORLD["apps"] if app["id"] != APP["id"])
PERSON = next(person for person in WORLD["persons"] if not person["is_work_account"])
HOME = next(business for business in WORLD["businesses"])


def of_kind(kind):
    return [asset for asset in WORLD["assets"] if asset["kind"] == kind and asset["business"] == HOME["id"]]


def token(**extra):
    return control("POST", "tokens", {"person": PERSON["id"], "app": APP["id"], **extra})["access_token"]


def api(access_token, app=APP):
    return FacebookAdsApi.init(app["id"], app["secret"], access_token, crash_log=False)


def equal(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, expected {wanted!r}")


def refused(call, code, subcode=None):
    try:
        call()
    except FacebookRequestError as error:
        equal((error.api_error_code(), error.api_error_subcode()), (code, subcode), "code and subcode")
        return error
    raise AssertionError(f"the call succeeded, expected an error {code}/{subcode}")


def nodes_are_read():
    client = api(token())
    me = User("me", api=client).api_get(fields=["id", "name", "is_work_account"])
    equal((me["id"], me["is_work_account"]), (PERSON["id"], False), "/me")
    page = of_kind("page")[0]
    read = Page(page["id"], api=client).api_get(fields=["id", "name", "access_token"])
    equal(read["name"], page["name"], "page name")
    assert read["access_token"], "the page token is missing"
    account = of_kind("ad_account")[0]
    read = AdAccount(account["id"], api=client).api_get(fields=["account_id", "account_status", "user_tasks"])
    equal(read["account_id"], account["id"].removeprefix("act_"), "account_id")
    assert "MANAGE" in read["user_tasks"], "user_tasks lacks MANAGE"
    catalog = of_kind("product_catalog")[0]
    equal(ProductCatalog(catalog["id"], api=client).api_get(fields=["name"])["name"], catalog["name"], "catalog")


def edges_are_paged():
    client = api(token())
    pages = User("me", api=client).get_accounts(fields=["id", "tasks"], params={"limit": 5})
    found = [page["id"] for page in pages]
    assert len(found) > 5 and len(set(found)) == len(found), "pages are lost or doubled on the way"
    equal(pages.total(), len(found), "total_count of /me/accounts")
    owned = [page["id"] for page in Business(HOME["id"], api=client).get_owned_pages(params={"limit": 3})]
    equal(sorted(owned), sorted(page["id"] for page in of_kind("page")), "owned pages")
    accounts = [a["id"] for a in User("me", api=client).get_ad_accounts(params={"limit": 7})]
    assert {a["id"] for a in of_kind("ad_account")} <= set(accounts), "ad accounts are missing"


def batches_keep_their_order():
    client = api(token())
    seen = {}
    batch = client.new_batch()
    wanted = of_kind("ad_account")
    for index, asset in enumerate(wanted):
        AdAccount(asset["id"], api=client).api_get(
            fields=["name"], batch=batch, success=lambda answer, index=index: seen.update({index: answer.json()["name"]})
        )
    assert batch.execute() is None, "a whole batch is left to be repeated"
    equal(seen, {index: asset["name"] for index, asset in enumerate(wanted)}, "answers of the batch")


def null_items_are_sent_again():
    client = api(token())
    wanted = of_kind("ad_account")
    lost = wanted[2]["id"]
    control("POST", "faults", {"match": {"asset": lost}, "effect": "null_item", "times": 1})
    seen = []
    batch = client.new_batch()
    for asset in wanted:
        AdAccount(asset["id"], api=client).api_get(
            fields=["id"], batch=batch, success=lambda answer: seen.append(answer.json()["id"])
        )
    again = batch.execute()
    assert again is not None and len(again) == 1, "the SDK did not return the null item for a retry"
    assert again.execute() is None, "the retry is incomplete"
    equal(sorted(seen), sorted(asset["id"] for asset in wanted), "assets answered in the end")


def batch_items_fail_alone():
    client = api(token())
    failed, passed = [], []
    batch = client.new_batch()
    for asset in (of_kind("page")[0]["id"], "1"):
        Page(asset, api=client).api_get(
            fields=["id"], batch=batch, success=lambda answer: passed.append(answer), failure=lambda a: failed.append(a)
        )
    batch.execute()
    equal((len(passed), len(failed)), (1, 1), "successes and failures")
    error = failed[0].error()
    equal((error.api_error_code(), error.api_error_subcode()), (100, 33), "error of the item")


def errors_are_typed():
    client = api(token())
    error = refused(lambda: AdAccount("act_1", api=client).api_get(fields=["name"]), 100, 33)
    equal(error.api_error_type(), "GraphMethodException", "type")
    page = of_kind("page")[0]["id"]
    error = refused(lambda: client.call("GET", (page,), {"fields": "no_such_field"}), 100)
    assert "nonexisting field (no_such_field)" in error.api_error_message(), "the field is not named"
    refused(lambda: api("nonsense").call("GET", ("me",)), 190)
    gone = token()
    control("POST", "tokens/revoke", {"token": gone})
    refused(lambda: api(gone).call("GET", ("me",)), 190, 466)


def throttles_are_reported():
    client = api(token())
    page = of_kind("page")[1]["id"]
    control("POST", "faults", {"match": {"path": page}, "effect": {"throttle": {"code": 4}}, "times": 1})
    error = refused(lambda: Page(page, api=client).api_get(fields=["id"]), 4)
    assert error.api_transient_error(), "a throttle is transient"
    assert json.loads(error.http_headers()["X-App-Usage"])["call_count"] >= 95, "the usage header is missing"
    Page(page, api=client).api_get(fields=["id"])


def proofs_are_checked():
    access_token = token()
    no_secret = FacebookAdsApi.init(None, None, access_token, crash_log=False)
    error = refused(lambda: no_secret.call("GET", ("me",)), 100)
    equal(error.api_error_type(), "GraphMethodException", "type")
    assert "require an appsecret_proof" in error.api_error_message(), error.api_error_message()
    wrong = FacebookAdsApi.init(APP["id"], OTHER["secret"], access_token, crash_log=False)
    error = refused(lambda: wrong.call("GET", ("me",)), 100)
    assert "Invalid appsecret_proof" in error.api_error_message(), error.api_error_message()


def another_client_exchanges_and_inspects():
    short = token(short_lived=True)
    client = GraphAPI(
        app_id=APP["id"],
        app_secret=APP["secret"],
        access_token=short,
        version="v26.0",
        ignore_version_check=True,
        base_url=SANDBOX + "/",
        access_token_url=f"{SANDBOX}/oauth/access_token",
    )
    exchanged = client.exchange_long_lived_user_access_token()
    assert exchanged["access_token"] != short, "the exchange returned the same token"
    assert exchanged["expires_in"] > 59 * 86400, "the exchanged token does not live for 60 days"
    app_token = f"{APP['id']}|{APP['secret']}"
    facts = client.debug_token(input_token=exchanged["access_token"], access_token=app_token)["data"]
    equal((facts["app_id"], facts["type"], facts["user_id"]), (APP["id"], "USER", PERSON["id"]), "debug_token")
    assert facts["is_valid"] and facts["expires_at"] > 0, "the facts of a living token are wrong"
    control("POST", "tokens/revoke", {"token": exchanged["access_token"]})
    facts = client.debug_token(input_token=exchanged["access_token"], access_token=app_token)["data"]
    equal((facts["is_valid"], facts["error"]["code"], facts["error"]["subcode"]), (False, 190, 466), "a dead token")


CHECKS = [
    nodes_are_read,
    edges_are_paged,
    batches_keep_their_order,
    null_items_are_sent_again,
    batch_items_fail_alone,
    errors_are_typed,
    throttles_are_reported,
    proofs_are_checked,
    another_client_exchanges_and_inspects,
]


def main():
    failed = 0
    for check in CHECKS:
        try:
            control("DELETE", "faults")
            check()
            print(f"ok    python: {check.__name__}")
        except Exception:  # every mismatch is reported, not only the first
            failed += 1
            print(f"FAIL  python: {check.__name__}\n{traceback.format_exc()}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
