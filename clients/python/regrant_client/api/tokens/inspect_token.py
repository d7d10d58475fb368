from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.inspect_token import InspectToken
from ...models.problem import Problem
from ...models.token_report import TokenReport
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: InspectToken,
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
        "url": "/v1/tokens/inspect",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | TokenReport:
    if response.status_code == 200:
        response_200 = TokenReport.from_dict(response.json())

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
) -> Response[Problem | TokenReport]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: InspectToken,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | TokenReport]:
    """Inspect a token: whose it is, what was granted, when it ends, and whether it works on assets.

     Nothing of the token is stored. A dead token, a token of another app and a text that is no token are
    refused with a
    problem; a token that Graph does not accept until its person acts has a `reason`. An inspection
    counts as a check.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (InspectToken): A token to inspect, and the assets to probe it on, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TokenReport]
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
    body: InspectToken,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Problem | TokenReport | None:
    """Inspect a token: whose it is, what was granted, when it ends, and whether it works on assets.

     Nothing of the token is stored. A dead token, a token of another app and a text that is no token are
    refused with a
    problem; a token that Graph does not accept until its person acts has a `reason`. An inspection
    counts as a check.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (InspectToken): A token to inspect, and the assets to probe it on, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TokenReport
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
    body: InspectToken,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Problem | TokenReport]:
    """Inspect a token: whose it is, what was granted, when it ends, and whether it works on assets.

     Nothing of the token is stored. A dead token, a token of another app and a text that is no token are
    refused with a
    problem; a token that Graph does not accept until its person acts has a `reason`. An inspection
    counts as a check.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (InspectToken): A token to inspect, and the assets to probe it on, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | TokenReport]
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
    body: InspectToken,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Problem | TokenReport | None:
    """Inspect a token: whose it is, what was granted, when it ends, and whether it works on assets.

     Nothing of the token is stored. A dead token, a token of another app and a text that is no token are
    refused with a
    problem; a token that Graph does not accept until its person acts has a `reason`. An inspection
    counts as a check.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (InspectToken): A token to inspect, and the assets to probe it on, at most 500.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | TokenReport
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            d_po_p=d_po_p,
        )
    ).parsed
