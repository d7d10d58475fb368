"""Replaces the tokens of all assets of a tenant by one token of a person, and prints what became of them."""

import json
import os
import time
import uuid

from regrant_client import AuthenticatedClient, Client
from regrant_client.api.access import create_token
from regrant_client.api.reconnects import get_reconnect, create_reconnect
from regrant_client.models import AssetSelection, NewReconnect, Problem, TokenRequest

API = os.environ["REGRANT_API"]


def log_in():
    request = TokenRequest(
        grant_type="client_credentials",
        client_id=os.environ["REGRANT_CLIENT_ID"],
        client_secret=os.environ["REGRANT_CLIENT_SECRET"],
    )
    token = create_token.sync(client=Client(base_url=API, raise_on_unexpected_status=True), body=request)
    return AuthenticatedClient(base_url=API, token=token.access_token, raise_on_unexpected_status=True)


def main():
    client = log_in()
    order = NewReconnect(access_token=os.environ["REGRANT_PERSON_TOKEN"], select=AssetSelection(), wait_seconds=10)
    reconnect = create_reconnect.sync(client=client, body=order, idempotency_key=str(uuid.uuid4()))
    if isinstance(reconnect, Problem):
        raise SystemExit(f"the reconnect was refused: {reconnect.title}: {reconnect.detail}")
    while reconnect.status == "running":
        time.sleep(1)
        reconnect = get_reconnect.sync(client=client, id=reconnect.id)
    for item in reconnect.items:
        if item.reason:
            print(f"{item.asset_id}: {item.outcome}, {item.reason.detail}")
    print(json.dumps(reconnect.counts.to_dict()))


if __name__ == "__main__":
    main()
