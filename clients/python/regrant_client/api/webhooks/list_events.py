from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.event_kind import EventKind
from ...models.page_event import PageEvent
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    after: str | Unset = UNSET,
    kind: list[EventKind] | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    params: dict[str, Any] = {}

    params["after"] = after

    json_kind: list[str] | Unset = UNSET
    if not isinstance(kind, Unset):
        json_kind = []
        for kind_item_data in kind:
            kind_item: str = kind_item_data
            json_kind.append(kind_item)

    params["kind"] = json_kind

    params["limit"] = limit

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/events",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> PageEvent | Problem:
    if response.status_code == 200:
        response_200 = PageEvent.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[PageEvent | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    after: str | Unset = UNSET,
    kind: list[EventKind] | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> Response[PageEvent | Problem]:
    """List the events of the last 30 days, oldest first.

     Events are listed whether or not an endpoint receives them, three seconds after they were written,
    in an order that
    does not change. To follow them, send the id of the last event that you read as `after`.

    Args:
        after (str | Unset):
        kind (list[EventKind] | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageEvent | Problem]
    """

    kwargs = _get_kwargs(
        after=after,
        kind=kind,
        limit=limit,
        d_po_p=d_po_p,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    after: str | Unset = UNSET,
    kind: list[EventKind] | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> PageEvent | Problem | None:
    """List the events of the last 30 days, oldest first.

     Events are listed whether or not an endpoint receives them, three seconds after they were written,
    in an order that
    does not change. To follow them, send the id of the last event that you read as `after`.

    Args:
        after (str | Unset):
        kind (list[EventKind] | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageEvent | Problem
    """

    return sync_detailed(
        client=client,
        after=after,
        kind=kind,
        limit=limit,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    after: str | Unset = UNSET,
    kind: list[EventKind] | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> Response[PageEvent | Problem]:
    """List the events of the last 30 days, oldest first.

     Events are listed whether or not an endpoint receives them, three seconds after they were written,
    in an order that
    does not change. To follow them, send the id of the last event that you read as `after`.

    Args:
        after (str | Unset):
        kind (list[EventKind] | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageEvent | Problem]
    """

    kwargs = _get_kwargs(
        after=after,
        kind=kind,
        limit=limit,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    after: str | Unset = UNSET,
    kind: list[EventKind] | Unset = UNSET,
    limit: int | Unset = 50,
    d_po_p: str | Unset = UNSET,
) -> PageEvent | Problem | None:
    """List the events of the last 30 days, oldest first.

     Events are listed whether or not an endpoint receives them, three seconds after they were written,
    in an order that
    does not change. To follow them, send the id of the last event that you read as `after`.

    Args:
        after (str | Unset):
        kind (list[EventKind] | Unset):
        limit (int | Unset):  Default: 50.
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageEvent | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            after=after,
            kind=kind,
            limit=limit,
            d_po_p=d_po_p,
        )
    ).parsed
