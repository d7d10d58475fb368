"""Verifies webhooks with `standardwebhooks`, and compares their bodies with the description.

webhooks.py REQUESTS OPENAPI: each line of REQUESTS is {"secret", "headers", "body"}.
"""

import json
import sys

import yaml
from jsonschema import Draft202012Validator
from standardwebhooks.webhooks import Webhook

requests, openapi = sys.argv[1:]
document = yaml.load(open(openapi), Loader=yaml.CSafeLoader)
validators, properties = {}, {}
for kind, item in document["webhooks"].items():
    body = item["post"]["requestBody"]["content"]["application/json"]["schema"]
    validators[kind] = Draft202012Validator({**body, "components": document["components"]})
    name = body["properties"]["data"]["$ref"].rsplit("/", 1)[-1]
    properties[kind] = set(document["components"]["schemas"][name]["properties"])

passed, failed = 0, 0
for line in open(requests):
    request = json.loads(line)
    try:
        event = Webhook(request["secret"]).verify(request["body"], request["headers"])
        kind = event["type"]
        validators[kind].validate(event)
        undescribed = set(event["data"]) - properties[kind]
        assert not undescribed, f"{kind}: not described: {undescribed}"
        passed += 1
    except Exception as error:
        failed += 1
        if failed <= 10:
            print(f"FAILED {type(error).__name__}: {error}\n{request['body'][:400]}")
print(f"{passed} passed, {failed} failed")
sys.exit(0 if failed == 0 and passed > 0 else 1)
