from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.new_undo import NewUndo
from ...models.problem import Problem
from ...models.reconnect import Reconnect
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: NewUndo,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/reconnects/{id}/undo".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Reconnect:
    if response.status_code == 200:
        response_200 = Reconnect.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = Reconnect.from_dict(response.json())

        return response_202

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Reconnect]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: NewUndo,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | Reconnect]:
    """Undo a reconnect: prove the token that served each asset before, and put those that still work back
    into service.

     The response is another reconnect, with `undo_of`, which is read, streamed and cancelled like any
    other. Its outcomes:
    `restored`: the token that served before works on the asset and serves again, or the parked token
    was dropped.
    `previous_dead`: the token that served before does not work on the asset any more. `superseded`: a
    later reconnect of
    the asset won. `nothing_to_undo`: the reconnect did not change this asset, or no token is kept from
    before. `deferred`:
    the undo continues by itself. `failed`: the Graph API gave no clear response, or the undo was
    cancelled. Nothing else
    changes what serves. Assets that an earlier undo has taken up, and that did not fail there, are left
    to that undo; if
    none remain, its answer is returned. An undo can be undone: it restores the tokens that the undo
    replaced; a parked
    token that was dropped is gone. A session may undo the reconnects that it started, with at most 20
    undos.

    Args:
        id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewUndo): An undo of a reconnect.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Reconnect]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
    body: NewUndo,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Problem | Reconnect | None:
    """Undo a reconnect: prove the token that served each asset before, and put those that still work back
    into service.

     The response is another reconnect, with `undo_of`, which is read, streamed and cancelled like any
    other. Its outcomes:
    `restored`: the token that served before works on the asset and serves again, or the parked token
    was dropped.
    `previous_dead`: the token that served before does not work on the asset any more. `superseded`: a
    later reconnect of
    the asset won. `nothing_to_undo`: the reconnect did not change this asset, or no token is kept from
    before. `deferred`:
    the undo continues by itself. `failed`: the Graph API gave no clear response, or the undo was
    cancelled. Nothing else
    changes what serves. Assets that an earlier undo has taken up, and that did not fail there, are left
    to that undo; if
    none remain, its answer is returned. An undo can be undone: it restores the tokens that the undo
    replaced; a parked
    token that was dropped is gone. A session may undo the reconnects that it started, with at most 20
    undos.

    Args:
        id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewUndo): An undo of a reconnect.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Reconnect
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    body: NewUndo,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | Reconnect]:
    """Undo a reconnect: prove the token that served each asset before, and put those that still work back
    into service.

     The response is another reconnect, with `undo_of`, which is read, streamed and cancelled like any
    other. Its outcomes:
    `restored`: the token that served before works on the asset and serves again, or the parked token
    was dropped.
    `previous_dead`: the token that served before does not work on the asset any more. `superseded`: a
    later reconnect of
    the asset won. `nothing_to_undo`: the reconnect did not change this asset, or no token is kept from
    before. `deferred`:
    the undo continues by itself. `failed`: the Graph API gave no clear response, or the undo was
    cancelled. Nothing else
    changes what serves. Assets that an earlier undo has taken up, and that did not fail there, are left
    to that undo; if
    none remain, its answer is returned. An undo can be undone: it restores the tokens that the undo
    replaced; a parked
    token that was dropped is gone. A session may undo the reconnects that it started, with at most 20
    undos.

    Args:
        id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewUndo): An undo of a reconnect.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Reconnect]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    body: NewUndo,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Problem | Reconnect | None:
    """Undo a reconnect: prove the token that served each asset before, and put those that still work back
    into service.

     The response is another reconnect, with `undo_of`, which is read, streamed and cancelled like any
    other. Its outcomes:
    `restored`: the token that served before works on the asset and serves again, or the parked token
    was dropped.
    `previous_dead`: the token that served before does not work on the asset any more. `superseded`: a
    later reconnect of
    the asset won. `nothing_to_undo`: the reconnect did not change this asset, or no token is kept from
    before. `deferred`:
    the undo continues by itself. `failed`: the Graph API gave no clear response, or the undo was
    cancelled. Nothing else
    changes what serves. Assets that an earlier undo has taken up, and that did not fail there, are left
    to that undo; if
    none remain, its answer is returned. An undo can be undone: it restores the tokens that the undo
    replaced; a parked
    token that was dropped is gone. A session may undo the reconnects that it started, with at most 20
    undos.

    Args:
        id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewUndo): An undo of a reconnect.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Reconnect
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            d_po_p=d_po_p,
        )
    ).parsed
