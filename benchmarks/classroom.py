"""`classroom`: thirty kernels drag an object at once over one shared worker with the demo classifier.

Each client is a process of its own, as a student's kernel is, and asks for the next position when the last is answered,
as the editor does.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import emocam_widgets as emo
from benchmarks.core import Figure, Figures
from emocam_widgets.engine.ray_run import start_local

CLIENTS = 30
SECONDS = 15.0
PAUSE = 0.016  # between two positions of a hand
START_SECONDS = 600.0


def measure() -> Figures:
    """Updates a second of the slowest client, how the slowest compares with the mean, and copies of the models."""
    import ray

    start_local()
    address = ray.get_runtime_context().gcs_address
    worker = emo.Worker("demo", shared=True, cache=None)
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"RAY_ADDRESS": address, "PYTHONPATH": str(Path(__file__).parents[1])}
        clients = [
            subprocess.Popen([sys.executable, "-m", "benchmarks.classroom", folder, str(number)], env=environment)
            for number in range(CLIENTS)
        ]
        try:
            _wait_for(folder, "ready", clients)
            Path(folder, "go").touch()
            for client in clients:
                client.wait(SECONDS + START_SECONDS)
            results = [json.loads(path.read_text()) for path in Path(folder).glob("result-*")]
        finally:
            for client in clients:
                client.kill()
            worker.stop()  # type: ignore[attr-defined]
            ray.shutdown()
    if len(results) != CLIENTS:
        raise RuntimeError(f"only {len(results)} of {CLIENTS} clients came to an end")
    rates = [result["updates"] / result["seconds"] for result in results]
    copies = 1 + sum(result["torch"] for result in results)
    mean = statistics.mean(rates)
    return {
        "slowest_updates": Figure(min(rates), 2, "least", f"updates a second of the slowest of {CLIENTS} clients"),
        "slowest_over_mean": Figure(min(rates) / mean, 0.5, "least", "the slowest client's updates over the mean"),
        "copies": Figure(float(copies), 1, "most", "processes that hold torch and the models"),
    }


def _wait_for(folder: str, name: str, clients: list[subprocess.Popen]) -> None:
    give_up = time.monotonic() + START_SECONDS
    while len(list(Path(folder).glob(f"{name}-*"))) < len(clients):
        if any(client.poll() is not None for client in clients) or time.monotonic() > give_up:
            raise RuntimeError("the clients did not all start")
        time.sleep(0.2)


def drag(folder: Path, number: str) -> None:
    """One client: joins the worker, waits for the others, drags, and writes down how often it was answered."""
    worker = emo.Worker("demo", shared=True)
    corpus = emo.Corpus.demo()
    image_id = list(corpus)[int(number)]
    scene = worker.scene(corpus.open(image_id), {"soccer ball": emo.demo.open_sprite("soccer ball")})
    scene.submit([], "grad-cam").result()
    (folder / f"ready-{number}").touch()
    while not (folder / "go").exists():
        time.sleep(0.02)
    start, updates = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < SECONDS:
        place = emo.Placement("soccer ball", 0.2 + 0.6 * elapsed / SECONDS, 0.5)
        scene.submit([place], "grad-cam").result()
        updates += 1
        time.sleep(PAUSE)
    result = {"updates": updates, "seconds": elapsed, "torch": "torch" in sys.modules}
    partial = folder / f"partial-{number}"
    partial.write_text(json.dumps(result))
    partial.rename(folder / f"result-{number}")


if __name__ == "__main__":
    drag(Path(sys.argv[1]), sys.argv[2])
