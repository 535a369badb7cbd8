"""A learner without a browser: opens a lesson through the server's own interface, runs it, and moves its sliders.

It speaks what JupyterLab speaks: the REST interface for sessions, a websocket for the kernel, ipywidgets' messages for
the sliders. Memory tests and load tests use it where a browser for each learner would be what is measured.
"""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import websocket


@dataclass
class Learner:
    """One person with one open lesson.

    Args:
        address: where the server is, such as ``http://127.0.0.1:8888``; a hub's path of a user may follow.
        token: what the server asks for.
        path: the notebook, from the folder that the server shows.
        source: the same notebook as a file here.
    """

    address: str
    token: str
    path: str
    source: Path
    errors: list[str] = field(default_factory=list)
    #: What each widget of the kernel shows, by its id.
    widgets: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __enter__(self) -> Learner:
        body = {"path": self.path, "name": self.path, "type": "notebook", "kernel": {"name": "python3"}}
        self.session = self.ask("POST", "/api/sessions", body)
        kernel = self.session["kernel"]["id"]
        address = f"{self.address.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels"
        # Not in the address: a hub takes no token from there.
        self.socket = websocket.create_connection(address, timeout=300, header=[f"Authorization: token {self.token}"])
        return self

    def __exit__(self, *unused: object) -> None:
        self.socket.close()
        with contextlib.suppress(OSError):
            self.ask("DELETE", f"/api/sessions/{self.session['id']}")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Call the REST interface."""
        import urllib.request

        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    # -- the kernel -----------------------------------------------------------------------------------------------

    def send(self, kind: str, content: dict[str, Any], channel: str = "shell") -> float:
        """Send a message, take in all that comes of it, and return the seconds until the kernel is idle again."""
        message = uuid.uuid4().hex
        header = {"msg_id": message, "msg_type": kind, "username": "", "session": "learner", "version": "5.3"}
        begun = time.perf_counter()
        self.socket.send(
            json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": channel})
        )
        while True:
            said = self._receive()
            self._take_in(said)
            mine = said["parent_header"].get("msg_id") == message
            if mine and said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
                return time.perf_counter() - begun

    def _receive(self) -> dict[str, Any]:
        said = self.socket.recv()
        if isinstance(said, bytes):  # a message with pictures: its parts, the first of them the JSON
            count = int.from_bytes(said[:4], "big")
            places = [int.from_bytes(said[4 * i : 4 * i + 4], "big") for i in range(1, count + 1)]
            said = said[places[0] : places[1] if count > 1 else None].decode()
        found: dict[str, Any] = json.loads(said)
        return found

    def _take_in(self, said: dict[str, Any]) -> None:
        content = said["content"]
        if said["msg_type"] == "error":
            self.errors.append(f"{content['ename']}: {content['evalue']}")
        elif said["msg_type"] == "comm_open":
            self.widgets[content["comm_id"]] = dict(content["data"].get("state", {}))
        elif said["msg_type"] == "comm_msg" and content["data"].get("method") in ("update", "echo_update"):
            self.widgets.get(content["comm_id"], {}).update(content["data"]["state"])

    # -- what a person does ---------------------------------------------------------------------------------------

    def run(self, code: str) -> float:
        """Run a cell; return its seconds."""
        settings = {"silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        return self.send("execute_request", {"code": code, "user_expressions": {}, **settings})

    def run_all(self) -> float:
        """Run every cell; return the seconds until the first explorer is there, or until the end if there is none."""
        first, total = 0.0, 0.0
        for cell in nbformat.read(self.source, as_version=4).cells:
            if cell.cell_type == "code":
                total += self.run(cell.source)
                first = first or (total if self.sliders() else 0.0)
        return first or total

    def sliders(self) -> list[str]:
        """The ids of the whole-number sliders, in the order in which they came."""
        return [name for name, state in self.widgets.items() if state.get("_model_name") == "IntSliderModel"]

    def move(self, slider: str, value: int) -> float:
        """Move a slider; return the seconds until everything is redrawn and the kernel is idle."""
        state = {"method": "update", "state": {"value": value}, "buffer_paths": []}
        return self.send("comm_msg", {"comm_id": slider, "data": state})
