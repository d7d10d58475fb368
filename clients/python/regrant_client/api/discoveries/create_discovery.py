from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.discovery import Discovery
from ...models.new_discovery import NewDiscovery
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: NewDiscovery,
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
        "url": "/v1/discoveries",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Discovery | Problem:
    if response.status_code == 200:
        response_200 = Discovery.from_dict(response.json())

        return response_200

    if response.status_code == 202:
        response_202 = Discovery.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Discovery | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: NewDiscovery,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Discovery | Problem]:
    """Discover the assets that a token lists: the person's businesses, pages and ad accounts, and what the
    businesses own and
    what clients share with them.

     The call answers 200 if the discovery ends within `wait_seconds`, else 202; it continues by itself,
    also after a
    restart. It finds at most 10,000 assets. A tenant runs one discovery at a time and keeps its last
    ten. Being listed is
    no proof that the token works on an asset: a preview shows that.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewDiscovery): A token whose assets are to be discovered.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Discovery | Problem]
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
    body: NewDiscovery,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Discovery | Problem | None:
    """Discover the assets that a token lists: the person's businesses, pages and ad accounts, and what the
    businesses own and
    what clients share with them.

     The call answers 200 if the discovery ends within `wait_seconds`, else 202; it continues by itself,
    also after a
    restart. It finds at most 10,000 assets. A tenant runs one discovery at a time and keeps its last
    ten. Being listed is
    no proof that the token works on an asset: a preview shows that.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewDiscovery): A token whose assets are to be discovered.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Discovery | Problem
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
    body: NewDiscovery,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Discovery | Problem]:
    """Discover the assets that a token lists: the person's businesses, pages and ad accounts, and what the
    businesses own and
    what clients share with them.

     The call answers 200 if the discovery ends within `wait_seconds`, else 202; it continues by itself,
    also after a
    restart. It finds at most 10,000 assets. A tenant runs one discovery at a time and keeps its last
    ten. Being listed is
    no proof that the token works on an asset: a preview shows that.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewDiscovery): A token whose assets are to be discovered.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Discovery | Problem]
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
    body: NewDiscovery,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Discovery | Problem | None:
    """Discover the assets that a token lists: the person's businesses, pages and ad accounts, and what the
    businesses own and
    what clients share with them.

     The call answers 200 if the discovery ends within `wait_seconds`, else 202; it continues by itself,
    also after a
    restart. It finds at most 10,000 assets. A tenant runs one discovery at a time and keeps its last
    ten. Being listed is
    no proof that the token works on an asset: a preview shows that.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewDiscovery): A token whose assets are to be discovered.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Discovery | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            d_po_p=d_po_p,
        )
    ).parsed
