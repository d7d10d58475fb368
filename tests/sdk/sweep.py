"""Calls every method of ten classes of Meta's Python SDK, and checks that the simulator is honest about each.

A call that the simulator lists as simulated may be answered in any way but 501; every other one is answered 501 with the
mark, and never as a token without access. REGRANT_SANDBOX_URL names the simulator, which should run the demo world. The
last line is `N passed, M failed`.
"""

import json
import os
import sys
import urllib.request

from facebook_business import FacebookSession
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookBadObjectError, FacebookRequestError

import names

SANDBOX = os.environ["REGRANT_SANDBOX_URL"].rstrip("/")
FacebookSession.GRAPH = SANDBOX

# The class of the SDK, its name in the simulator's list, and a node of the demo world.
NODES = {
    "AdAccount": ("ad_account", "act_500000000010001"),
    "AdsPixel": ("pixel", "700000000010001"),
    "Application": ("app", None),
    "Business": ("business", "200000000000001"),
    "IGUser": ("instagram_account", "17841400000010001"),
    "Page": ("page", "300000000010001"),
    "ProductCatalog": ("product_catalog", "600000000010001"),
    "SystemUser": ("system_user", "110000000000001"),
    "User": ("person", "me"),
    "WhatsAppBusinessAccount": ("whatsapp_business_account", "800000000010001"),
}


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{SANDBOX}/sandbox/{path}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def simulated_calls():
    rows = control("GET", "simulated")["nodes"]
    return {(method, row["path"]) for row in rows for method in row["methods"]}


def answer_of(node, method, verb, path):
    """Code, status and mark of the answer; the code is 0 if the call succeeds."""
    try:
        try:
            getattr(node, method)()
        except SyntaxError:  # a module of the SDK that Python does not read; the call itself is the same
            node.get_api().call(verb, path, {})
    except FacebookRequestError as error:
        return error.api_error_code(), error.http_status(), error.http_headers().get("x-regrant-sandbox")
    except FacebookBadObjectError:
        pass  # the SDK cannot make an object of `{"success": true}`
    return 0, 200, None


def is_honest(answer, is_simulated):
    code, status, mark = answer
    if is_simulated:
        return status != 501
    return (status, mark) == (501, "not-simulated") and code not in (100, 190)


def main():
    app = next(app for app in control("GET", "world")["apps"] if not app["require_proof"])
    login = {"person": "100000000000001", "app": app["id"]}
    simulated, passed, failed, honest_refusals = simulated_calls(), 0, 0, 0
    for class_name, (kind, node) in NODES.items():
        for name, verb, edge in names.sdk_calls(class_name):
            # A call may end the log-in; each has its own.
            client = FacebookAdsApi.init(access_token=control("POST", "tokens", login)["access_token"], crash_log=False)
            path = f"/{{{kind}}}/{edge}".rstrip("/")
            target = names.sdk_class(class_name)(node or app["id"], api=client)
            answer = answer_of(target, name, verb, tuple(filter(None, (target.get_id(), edge))))
            if is_honest(answer, (verb, path) in simulated):
                passed += 1
                honest_refusals += answer[1] == 501
            else:
                failed += 1
                print(f"FAIL  sweep: {class_name}.{name} ({verb} {path}) answers {answer}")
    counted = sum(control("GET", "calls")["not_simulated"].values())
    complete = counted == honest_refusals
    print(f"{'ok   ' if complete else 'FAIL '} sweep: {honest_refusals} of {passed + failed} are not simulated, {counted} counted")
    print(f"{passed + complete} passed, {failed + (not complete)} failed")
    return 1 if failed or not complete else 0


if __name__ == "__main__":
    sys.exit(main())
