from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.new_reconnect_preview import NewReconnectPreview
from ...models.problem import Problem
from ...models.reconnect_preview import ReconnectPreview
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: NewReconnectPreview,
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
        "url": "/v1/reconnect-previews",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | ReconnectPreview:
    if response.status_code == 200:
        response_200 = ReconnectPreview.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = ReconnectPreview.from_dict(response.json())

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

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | ReconnectPreview]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: NewReconnectPreview,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | ReconnectPreview]:
    """Preview a reconnect: probe the token on every asset, and change nothing.

     `will_replace`: the token works on the asset and would replace the old one. `unchanged`: the old
    token would stay,
    because it is the same token or outranks the new one. `would_park`: the token does not reach the
    asset yet; it would
    be parked, and the old one would keep serving. `would_narrow`: the token has fewer permissions on
    the asset than the
    old one, which would stay. `uncovered`: the token would not serve the asset. `unknown`: the caller
    has no such asset,
    or the Graph API gave no clear response within 45 seconds (45 more for every 2,500 assets).

    The call answers 200 if the preview ends within `wait_seconds`, else 202; the preview continues even
    if the caller
    disconnects. Only its caller can read it, until it expires: 15 minutes after its end. A tenant keeps
    at most 200
    previews that name at most 200,000 assets together; older ones are deleted.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewReconnectPreview): One new token and the assets to preview. Give exactly one of
            `asset_ids` and `select`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | ReconnectPreview]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: NewReconnectPreview,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Problem | ReconnectPreview | None:
    """Preview a reconnect: probe the token on every asset, and change nothing.

     `will_replace`: the token works on the asset and would replace the old one. `unchanged`: the old
    token would stay,
    because it is the same token or outranks the new one. `would_park`: the token does not reach the
    asset yet; it would
    be parked, and the old one would keep serving. `would_narrow`: the token has fewer permissions on
    the asset than the
    old one, which would stay. `uncovered`: the token would not serve the asset. `unknown`: the caller
    has no such asset,
    or the Graph API gave no clear response within 45 seconds (45 more for every 2,500 assets).

    The call answers 200 if the preview ends within `wait_seconds`, else 202; the preview continues even
    if the caller
    disconnects. Only its caller can read it, until it expires: 15 minutes after its end. A tenant keeps
    at most 200
    previews that name at most 200,000 assets together; older ones are deleted.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewReconnectPreview): One new token and the assets to preview. Give exactly one of
            `asset_ids` and `select`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | ReconnectPreview
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: NewReconnectPreview,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | ReconnectPreview]:
    """Preview a reconnect: probe the token on every asset, and change nothing.

     `will_replace`: the token works on the asset and would replace the old one. `unchanged`: the old
    token would stay,
    because it is the same token or outranks the new one. `would_park`: the token does not reach the
    asset yet; it would
    be parked, and the old one would keep serving. `would_narrow`: the token has fewer permissions on
    the asset than the
    old one, which would stay. `uncovered`: the token would not serve the asset. `unknown`: the caller
    has no such asset,
    or the Graph API gave no clear response within 45 seconds (45 more for every 2,500 assets).

    The call answers 200 if the preview ends within `wait_seconds`, else 202; the preview continues even
    if the caller
    disconnects. Only its caller can read it, until it expires: 15 minutes after its end. A tenant keeps
    at most 200
    previews that name at most 200,000 assets together; older ones are deleted.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewReconnectPreview): One new token and the assets to preview. Give exactly one of
            `asset_ids` and `select`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | ReconnectPreview]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: NewReconnectPreview,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Problem | ReconnectPreview | None:
    """Preview a reconnect: probe the token on every asset, and change nothing.

     `will_replace`: the token works on the asset and would replace the old one. `unchanged`: the old
    token would stay,
    because it is the same token or outranks the new one. `would_park`: the token does not reach the
    asset yet; it would
    be parked, and the old one would keep serving. `would_narrow`: the token has fewer permissions on
    the asset than the
    old one, which would stay. `uncovered`: the token would not serve the asset. `unknown`: the caller
    has no such asset,
    or the Graph API gave no clear response within 45 seconds (45 more for every 2,500 assets).

    The call answers 200 if the preview ends within `wait_seconds`, else 202; the preview continues even
    if the caller
    disconnects. Only its caller can read it, until it expires: 15 minutes after its end. A tenant keeps
    at most 200
    previews that name at most 200,000 assets together; older ones are deleted.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewReconnectPreview): One new token and the assets to preview. Give exactly one of
            `asset_ids` and `select`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | ReconnectPreview
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            d_po_p=d_po_p,
        )
    ).parsed
