from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.consent import Consent
from ...models.new_consent import NewConsent
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: NewConsent,
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
        "url": "/v1/reconnect-sessions/current/consent",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Consent | Problem:
    if response.status_code == 201:
        response_201 = Consent.from_dict(response.json())

        return response_201

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

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Consent | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: NewConsent,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Consent | Problem]:
    """Hand over a log-in at Meta for the session that the access token belongs to. The token of a client
    gets 404.

     As `POST /v1/consents`. A session has one consent: a newer one replaces the older. It ends with the
    session. Each call
    counts as a preview of the session.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewConsent): A log-in at Meta. Give exactly one of `code` and `access_token`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Consent | Problem]
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
    body: NewConsent,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Consent | Problem | None:
    """Hand over a log-in at Meta for the session that the access token belongs to. The token of a client
    gets 404.

     As `POST /v1/consents`. A session has one consent: a newer one replaces the older. It ends with the
    session. Each call
    counts as a preview of the session.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewConsent): A log-in at Meta. Give exactly one of `code` and `access_token`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Consent | Problem
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
    body: NewConsent,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[Consent | Problem]:
    """Hand over a log-in at Meta for the session that the access token belongs to. The token of a client
    gets 404.

     As `POST /v1/consents`. A session has one consent: a newer one replaces the older. It ends with the
    session. Each call
    counts as a preview of the session.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewConsent): A log-in at Meta. Give exactly one of `code` and `access_token`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Consent | Problem]
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
    body: NewConsent,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Consent | Problem | None:
    """Hand over a log-in at Meta for the session that the access token belongs to. The token of a client
    gets 404.

     As `POST /v1/consents`. A session has one consent: a newer one replaces the older. It ends with the
    session. Each call
    counts as a preview of the session.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewConsent): A log-in at Meta. Give exactly one of `code` and `access_token`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Consent | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            d_po_p=d_po_p,
        )
    ).parsed
