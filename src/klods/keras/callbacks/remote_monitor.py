"""RemoteMonitor: the figures of each epoch sent to a server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from klods.errors import warn
from klods.keras.callbacks.callback import Callback, Logs

SECONDS = 10  # that a server has to answer


class RemoteMonitor(Callback):
    """Posts the number and the figures of each epoch to a server, as JSON.

    A server that doesn't answer is told with a warning; training goes on.

    Args:
        root: the address of the server.
        path: what follows it.
        field: the field of the form that the JSON stands in.
        headers: further headers of the request.
        send_as_json: whether the JSON is the whole content, rather than a field of a form.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root, self.path, self.field, self.headers, self.send_as_json = root, path, field, headers, send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        import requests

        figures = {"epoch": epoch, **{name: np.asarray(figure).tolist() for name, figure in (logs or {}).items()}}
        content: Any = {"json": figures} if self.send_as_json else {"data": {self.field: json.dumps(figures)}}
        address = self.root + self.path
        try:
            requests.post(address, headers=self.headers, timeout=SECONDS, **content).raise_for_status()
        except requests.RequestException as error:
            warn(UserWarning, f"RemoteMonitor: {address} doesn't take the figures of epoch {epoch + 1}: {error}.")
