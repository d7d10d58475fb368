from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.made_reconnect_link import MadeReconnectLink
from ...models.new_reconnect_link import NewReconnectLink
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: NewReconnectLink,
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
        "url": "/v1/reconnect-links",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> MadeReconnectLink | Problem:
    if response.status_code == 201:
        response_201 = MadeReconnectLink.from_dict(response.json())

        return response_201

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
) -> Response[MadeReconnectLink | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: NewReconnectLink,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[MadeReconnectLink | Problem]:
    """Make a link for one person. Only this response contains its address.

     The person opens the address in a browser, reads for which assets and for whom the consent is, logs
    in at Meta, sees
    what the consent would cover, and confirms. No page or browser of the tenant sees a token. Opening
    the page uses
    nothing up: the link belongs to the first browser that comes back from Meta with a consent of the
    right person.
    Before that, the one who opens the address chooses the account, so send it to its person alone.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewReconnectLink): A link to make. Give exactly one of `asset_ids` and `select`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MadeReconnectLink | Problem]
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
    body: NewReconnectLink,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> MadeReconnectLink | Problem | None:
    """Make a link for one person. Only this response contains its address.

     The person opens the address in a browser, reads for which assets and for whom the consent is, logs
    in at Meta, sees
    what the consent would cover, and confirms. No page or browser of the tenant sees a token. Opening
    the page uses
    nothing up: the link belongs to the first browser that comes back from Meta with a consent of the
    right person.
    Before that, the one who opens the address chooses the account, so send it to its person alone.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewReconnectLink): A link to make. Give exactly one of `asset_ids` and `select`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MadeReconnectLink | Problem
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
    body: NewReconnectLink,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[MadeReconnectLink | Problem]:
    """Make a link for one person. Only this response contains its address.

     The person opens the address in a browser, reads for which assets and for whom the consent is, logs
    in at Meta, sees
    what the consent would cover, and confirms. No page or browser of the tenant sees a token. Opening
    the page uses
    nothing up: the link belongs to the first browser that comes back from Meta with a consent of the
    right person.
    Before that, the one who opens the address chooses the account, so send it to its person alone.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewReconnectLink): A link to make. Give exactly one of `asset_ids` and `select`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MadeReconnectLink | Problem]
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
    body: NewReconnectLink,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> MadeReconnectLink | Problem | None:
    """Make a link for one person. Only this response contains its address.

     The person opens the address in a browser, reads for which assets and for whom the consent is, logs
    in at Meta, sees
    what the consent would cover, and confirms. No page or browser of the tenant sees a token. Opening
    the page uses
    nothing up: the link belongs to the first browser that comes back from Meta with a consent of the
    right person.
    Before that, the one who opens the address chooses the account, so send it to its person alone.

    Args:
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (NewReconnectLink): A link to make. Give exactly one of `asset_ids` and `select`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MadeReconnectLink | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            d_po_p=d_po_p,
        )
    ).parsed
