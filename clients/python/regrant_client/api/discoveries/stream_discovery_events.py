from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.stream_event import StreamEvent
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    last_event_id_query: str | Unset = UNSET,
    ticket: str | Unset = UNSET,
    last_event_id_header: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(last_event_id_header, Unset):
        headers["Last-Event-ID"] = last_event_id_header

    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    params: dict[str, Any] = {}

    params["last_event_id"] = last_event_id_query

    params["ticket"] = ticket

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/discoveries/{id}/events".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | Problem | StreamEvent:
    if response.status_code == 200:
        response_200 = StreamEvent.from_dict(response.text)

        return response_200

    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | Problem | StreamEvent]:
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
    last_event_id_query: str | Unset = UNSET,
    ticket: str | Unset = UNSET,
    last_event_id_header: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Any | Problem | StreamEvent]:
    """Follow a discovery.

     The stream sends one event `asset` per asset, with the asset as data and a number as id, then one
    event `discovery` with
    status and counts and the id `end`, then it closes. An asset is sent again when it is registered.
    After a lost connection, continue with
    `Last-Event-ID`; close the stream on `discovery`. A browser opens the stream with a ticket
    (`POST /v1/discoveries/{id}/events/tickets`).

    Args:
        id (str):
        last_event_id_query (str | Unset):
        ticket (str | Unset):
        last_event_id_header (None | str | Unset):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | StreamEvent]
    """

    kwargs = _get_kwargs(
        id=id,
        last_event_id_query=last_event_id_query,
        ticket=ticket,
        last_event_id_header=last_event_id_header,
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
    last_event_id_query: str | Unset = UNSET,
    ticket: str | Unset = UNSET,
    last_event_id_header: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Any | Problem | StreamEvent | None:
    """Follow a discovery.

     The stream sends one event `asset` per asset, with the asset as data and a number as id, then one
    event `discovery` with
    status and counts and the id `end`, then it closes. An asset is sent again when it is registered.
    After a lost connection, continue with
    `Last-Event-ID`; close the stream on `discovery`. A browser opens the stream with a ticket
    (`POST /v1/discoveries/{id}/events/tickets`).

    Args:
        id (str):
        last_event_id_query (str | Unset):
        ticket (str | Unset):
        last_event_id_header (None | str | Unset):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | StreamEvent
    """

    return sync_detailed(
        id=id,
        client=client,
        last_event_id_query=last_event_id_query,
        ticket=ticket,
        last_event_id_header=last_event_id_header,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    last_event_id_query: str | Unset = UNSET,
    ticket: str | Unset = UNSET,
    last_event_id_header: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Any | Problem | StreamEvent]:
    """Follow a discovery.

     The stream sends one event `asset` per asset, with the asset as data and a number as id, then one
    event `discovery` with
    status and counts and the id `end`, then it closes. An asset is sent again when it is registered.
    After a lost connection, continue with
    `Last-Event-ID`; close the stream on `discovery`. A browser opens the stream with a ticket
    (`POST /v1/discoveries/{id}/events/tickets`).

    Args:
        id (str):
        last_event_id_query (str | Unset):
        ticket (str | Unset):
        last_event_id_header (None | str | Unset):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | StreamEvent]
    """

    kwargs = _get_kwargs(
        id=id,
        last_event_id_query=last_event_id_query,
        ticket=ticket,
        last_event_id_header=last_event_id_header,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    last_event_id_query: str | Unset = UNSET,
    ticket: str | Unset = UNSET,
    last_event_id_header: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Any | Problem | StreamEvent | None:
    """Follow a discovery.

     The stream sends one event `asset` per asset, with the asset as data and a number as id, then one
    event `discovery` with
    status and counts and the id `end`, then it closes. An asset is sent again when it is registered.
    After a lost connection, continue with
    `Last-Event-ID`; close the stream on `discovery`. A browser opens the stream with a ticket
    (`POST /v1/discoveries/{id}/events/tickets`).

    Args:
        id (str):
        last_event_id_query (str | Unset):
        ticket (str | Unset):
        last_event_id_header (None | str | Unset):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | StreamEvent
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            last_event_id_query=last_event_id_query,
            ticket=ticket,
            last_event_id_header=last_event_id_header,
            d_po_p=d_po_p,
        )
    ).parsed
