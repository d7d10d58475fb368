from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.lookup_tokens import LookupTokens
from ...models.page_token_lookup import PageTokenLookup
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: LookupTokens,
    x_regrant_reason: None | str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_regrant_reason, Unset):
        headers["X-Regrant-Reason"] = x_regrant_reason

    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/tokens/lookup",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> PageTokenLookup | Problem:
    if response.status_code == 200:
        response_200 = PageTokenLookup.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

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
) -> Response[PageTokenLookup | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: LookupTokens,
    x_regrant_reason: None | str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[PageTokenLookup | Problem]:
    """Read the tokens that serve many assets. The response has one entry per distinct asset, in the order
    of the request.

    Args:
        x_regrant_reason (None | str | Unset):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (LookupTokens): Assets to look up, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageTokenLookup | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        x_regrant_reason=x_regrant_reason,
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
    body: LookupTokens,
    x_regrant_reason: None | str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> PageTokenLookup | Problem | None:
    """Read the tokens that serve many assets. The response has one entry per distinct asset, in the order
    of the request.

    Args:
        x_regrant_reason (None | str | Unset):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (LookupTokens): Assets to look up, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageTokenLookup | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        x_regrant_reason=x_regrant_reason,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: LookupTokens,
    x_regrant_reason: None | str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[PageTokenLookup | Problem]:
    """Read the tokens that serve many assets. The response has one entry per distinct asset, in the order
    of the request.

    Args:
        x_regrant_reason (None | str | Unset):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (LookupTokens): Assets to look up, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageTokenLookup | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        x_regrant_reason=x_regrant_reason,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: LookupTokens,
    x_regrant_reason: None | str | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> PageTokenLookup | Problem | None:
    """Read the tokens that serve many assets. The response has one entry per distinct asset, in the order
    of the request.

    Args:
        x_regrant_reason (None | str | Unset):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (LookupTokens): Assets to look up, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageTokenLookup | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            x_regrant_reason=x_regrant_reason,
            idempotency_key=idempotency_key,
            d_po_p=d_po_p,
        )
    ).parsed
