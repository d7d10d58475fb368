from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.check_assets import CheckAssets
from ...models.page_asset_check import PageAssetCheck
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: CheckAssets,
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
        "url": "/v1/assets/check",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> PageAssetCheck | Problem:
    if response.status_code == 200:
        response_200 = PageAssetCheck.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = PageAssetCheck.from_dict(response.json())

        return response_202

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

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
) -> Response[PageAssetCheck | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: CheckAssets,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[PageAssetCheck | Problem]:
    """Check many assets now. The response has one entry per distinct asset, in the order of the request.

     The call answers 200 if every asset is probed within `wait_seconds`, else 202.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (CheckAssets): Assets to check, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAssetCheck | Problem]
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
    body: CheckAssets,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> PageAssetCheck | Problem | None:
    """Check many assets now. The response has one entry per distinct asset, in the order of the request.

     The call answers 200 if every asset is probed within `wait_seconds`, else 202.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (CheckAssets): Assets to check, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAssetCheck | Problem
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
    body: CheckAssets,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[PageAssetCheck | Problem]:
    """Check many assets now. The response has one entry per distinct asset, in the order of the request.

     The call answers 200 if every asset is probed within `wait_seconds`, else 202.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (CheckAssets): Assets to check, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAssetCheck | Problem]
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
    body: CheckAssets,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> PageAssetCheck | Problem | None:
    """Check many assets now. The response has one entry per distinct asset, in the order of the request.

     The call answers 200 if every asset is probed within `wait_seconds`, else 202.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (CheckAssets): Assets to check, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAssetCheck | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            d_po_p=d_po_p,
        )
    ).parsed
