from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.opened_reconnect_session import OpenedReconnectSession
from ...models.problem import Problem
from ...models.session_refresh import SessionRefresh
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: SessionRefresh,
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
        "url": "/v1/reconnect-sessions/{id}/refresh".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> OpenedReconnectSession | Problem:
    if response.status_code == 200:
        response_200 = OpenedReconnectSession.from_dict(response.json())

        return response_200

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


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[OpenedReconnectSession | Problem]:
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
    body: SessionRefresh,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[OpenedReconnectSession | Problem]:
    """Refresh a reconnect session: get a new token for the same session. Only this response contains the
    token.

     The session keeps its place: its assets, uses and previews, the reconnects that it started, and its
    idempotency keys.
    The token before ends at once, or after `overlap_seconds`; event streams that it opened end within
    seconds. A session
    that has expired is open again. One that was ended, or was opened more than 24 hours ago, is not:
    409 `session_ended`.
    So is one whose client is disabled, has expired or may not reconnect any more.

    Args:
        id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (SessionRefresh): How to refresh a session.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[OpenedReconnectSession | Problem]
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
    body: SessionRefresh,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> OpenedReconnectSession | Problem | None:
    """Refresh a reconnect session: get a new token for the same session. Only this response contains the
    token.

     The session keeps its place: its assets, uses and previews, the reconnects that it started, and its
    idempotency keys.
    The token before ends at once, or after `overlap_seconds`; event streams that it opened end within
    seconds. A session
    that has expired is open again. One that was ended, or was opened more than 24 hours ago, is not:
    409 `session_ended`.
    So is one whose client is disabled, has expired or may not reconnect any more.

    Args:
        id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (SessionRefresh): How to refresh a session.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        OpenedReconnectSession | Problem
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
    body: SessionRefresh,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[OpenedReconnectSession | Problem]:
    """Refresh a reconnect session: get a new token for the same session. Only this response contains the
    token.

     The session keeps its place: its assets, uses and previews, the reconnects that it started, and its
    idempotency keys.
    The token before ends at once, or after `overlap_seconds`; event streams that it opened end within
    seconds. A session
    that has expired is open again. One that was ended, or was opened more than 24 hours ago, is not:
    409 `session_ended`.
    So is one whose client is disabled, has expired or may not reconnect any more.

    Args:
        id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (SessionRefresh): How to refresh a session.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[OpenedReconnectSession | Problem]
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
    body: SessionRefresh,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> OpenedReconnectSession | Problem | None:
    """Refresh a reconnect session: get a new token for the same session. Only this response contains the
    token.

     The session keeps its place: its assets, uses and previews, the reconnects that it started, and its
    idempotency keys.
    The token before ends at once, or after `overlap_seconds`; event streams that it opened end within
    seconds. A session
    that has expired is open again. One that was ended, or was opened more than 24 hours ago, is not:
    409 `session_ended`.
    So is one whose client is disabled, has expired or may not reconnect any more.

    Args:
        id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (SessionRefresh): How to refresh a session.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        OpenedReconnectSession | Problem
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
