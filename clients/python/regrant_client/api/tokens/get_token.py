from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.token import Token
from ...types import UNSET, Response, Unset


def _get_kwargs(
    asset_id: str,
    *,
    x_regrant_reason: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_regrant_reason, Unset):
        headers["X-Regrant-Reason"] = x_regrant_reason

    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/assets/{asset_id}/token".format(
            asset_id=quote(str(asset_id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Token:
    if response.status_code == 200:
        response_200 = Token.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Token]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    asset_id: str,
    *,
    client: AuthenticatedClient,
    x_regrant_reason: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | Token]:
    """Read the token that serves an asset.

    Args:
        asset_id (str):
        x_regrant_reason (None | str | Unset):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Token]
    """

    kwargs = _get_kwargs(
        asset_id=asset_id,
        x_regrant_reason=x_regrant_reason,
        d_po_p=d_po_p,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    asset_id: str,
    *,
    client: AuthenticatedClient,
    x_regrant_reason: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Problem | Token | None:
    """Read the token that serves an asset.

    Args:
        asset_id (str):
        x_regrant_reason (None | str | Unset):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Token
    """

    return sync_detailed(
        asset_id=asset_id,
        client=client,
        x_regrant_reason=x_regrant_reason,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    asset_id: str,
    *,
    client: AuthenticatedClient,
    x_regrant_reason: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | Token]:
    """Read the token that serves an asset.

    Args:
        asset_id (str):
        x_regrant_reason (None | str | Unset):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Token]
    """

    kwargs = _get_kwargs(
        asset_id=asset_id,
        x_regrant_reason=x_regrant_reason,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    asset_id: str,
    *,
    client: AuthenticatedClient,
    x_regrant_reason: None | str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Problem | Token | None:
    """Read the token that serves an asset.

    Args:
        asset_id (str):
        x_regrant_reason (None | str | Unset):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Token
    """

    return (
        await asyncio_detailed(
            asset_id=asset_id,
            client=client,
            x_regrant_reason=x_regrant_reason,
            d_po_p=d_po_p,
        )
    ).parsed
