from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.asset_check_checked import AssetCheckChecked
from ...models.asset_check_running import AssetCheckRunning
from ...models.asset_check_unknown_asset import AssetCheckUnknownAsset
from ...models.check_asset import CheckAsset
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    asset_id: str,
    *,
    body: CheckAsset | None | Unset = UNSET,
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
        "url": "/v1/assets/{asset_id}/check".format(
            asset_id=quote(str(asset_id), safe=""),
        ),
    }

    if isinstance(body, CheckAsset):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem:
    if response.status_code == 200:

        def _parse_response_200(data: object) -> AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_asset_check_type_0 = AssetCheckChecked.from_dict(data)

                return componentsschemas_asset_check_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_asset_check_type_1 = AssetCheckRunning.from_dict(data)

                return componentsschemas_asset_check_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_asset_check_type_2 = AssetCheckUnknownAsset.from_dict(data)

            return componentsschemas_asset_check_type_2

        response_200 = _parse_response_200(response.json())

        return response_200

    if response.status_code == 202:

        def _parse_response_202(data: object) -> AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_asset_check_type_0 = AssetCheckChecked.from_dict(data)

                return componentsschemas_asset_check_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_asset_check_type_1 = AssetCheckRunning.from_dict(data)

                return componentsschemas_asset_check_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_asset_check_type_2 = AssetCheckUnknownAsset.from_dict(data)

            return componentsschemas_asset_check_type_2

        response_202 = _parse_response_202(response.json())

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

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem]:
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
    body: CheckAsset | None | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem]:
    """Check an asset now: probe it, whatever its schedule, for example because a call with its token was
    refused.

     The call answers 200 if the asset is probed within `wait_seconds`, else 202, and the check continues
    by itself. A check
    is the probe that the worker would run: it confirms, fails over and promotes as that does. Refusals
    that follow each other
    closely count once, so checking often disconnects nothing. Repeat the call with the same
    `Idempotency-Key` to read the
    result of the same check.

    Args:
        asset_id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (CheckAsset | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem]
    """

    kwargs = _get_kwargs(
        asset_id=asset_id,
        body=body,
        idempotency_key=idempotency_key,
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
    body: CheckAsset | None | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem | None:
    """Check an asset now: probe it, whatever its schedule, for example because a call with its token was
    refused.

     The call answers 200 if the asset is probed within `wait_seconds`, else 202, and the check continues
    by itself. A check
    is the probe that the worker would run: it confirms, fails over and promotes as that does. Refusals
    that follow each other
    closely count once, so checking often disconnects nothing. Repeat the call with the same
    `Idempotency-Key` to read the
    result of the same check.

    Args:
        asset_id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (CheckAsset | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem
    """

    return sync_detailed(
        asset_id=asset_id,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    ).parsed


async def asyncio_detailed(
    asset_id: str,
    *,
    client: AuthenticatedClient,
    body: CheckAsset | None | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> Response[AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem]:
    """Check an asset now: probe it, whatever its schedule, for example because a call with its token was
    refused.

     The call answers 200 if the asset is probed within `wait_seconds`, else 202, and the check continues
    by itself. A check
    is the probe that the worker would run: it confirms, fails over and promotes as that does. Refusals
    that follow each other
    closely count once, so checking often disconnects nothing. Repeat the call with the same
    `Idempotency-Key` to read the
    result of the same check.

    Args:
        asset_id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (CheckAsset | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem]
    """

    kwargs = _get_kwargs(
        asset_id=asset_id,
        body=body,
        idempotency_key=idempotency_key,
        d_po_p=d_po_p,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    asset_id: str,
    *,
    client: AuthenticatedClient,
    body: CheckAsset | None | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    d_po_p: str | Unset = UNSET,
) -> AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem | None:
    """Check an asset now: probe it, whatever its schedule, for example because a call with its token was
    refused.

     The call answers 200 if the asset is probed within `wait_seconds`, else 202, and the check continues
    by itself. A check
    is the probe that the worker would run: it confirms, fails over and promotes as that does. Refusals
    that follow each other
    closely count once, so checking often disconnects nothing. Repeat the call with the same
    `Idempotency-Key` to read the
    result of the same check.

    Args:
        asset_id (str):
        idempotency_key (str | Unset):
        d_po_p (str | Unset):
        body (CheckAsset | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AssetCheckChecked | AssetCheckRunning | AssetCheckUnknownAsset | Problem
    """

    return (
        await asyncio_detailed(
            asset_id=asset_id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
            d_po_p=d_po_p,
        )
    ).parsed
