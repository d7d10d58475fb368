from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    d_po_p: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(d_po_p, Unset):
        headers["DPoP"] = d_po_p

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/reconnect-links/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Any | Problem:
    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Any | Problem]:
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
    d_po_p: str | Unset = UNSET,
) -> Response[Any | Problem]:
    """Revoke a link: its page opens no more, and a browser that is in the middle of it can start nothing.
    A reconnect that
    was confirmed continues. Does nothing if the link has ended.

    Args:
        id (str):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
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
    d_po_p: str | Unset = UNSET,
) -> Any | Problem | None:
    """Revoke a link: its page opens no more, and a browser that is in the middle of it can start nothing.
    A reconnect that
    was confirmed continues. Does nothing if the link has ended.

    Args:
        id (str):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return sync_detailed(
        id=id,
        client=client,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    d_po_p: str | Unset = UNSET,
) -> Response[Any | Problem]:
    """Revoke a link: its page opens no more, and a browser that is in the middle of it can start nothing.
    A reconnect that
    was confirmed continues. Does nothing if the link has ended.

    Args:
        id (str):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    d_po_p: str | Unset = UNSET,
) -> Any | Problem | None:
    """Revoke a link: its page opens no more, and a browser that is in the middle of it can start nothing.
    A reconnect that
    was confirmed continues. Does nothing if the link has ended.

    Args:
        id (str):
        d_po_p (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            d_po_p=d_po_p,
        )
    ).parsed
