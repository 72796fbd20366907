#!/bin/sh
# s3fs 2026.9.0: to build a file system starts a thread, so a program that is forked afterwards can't use it: each call
# raises RuntimeError("This class is not fork-safe"). And its errors are of three families: FileNotFoundError and OSError
# for what the store says, botocore's own classes, which are no OSError, where it can't be reached. One would guess
# that building an object opens nothing, and that a file system fails with OSError.
#
# Seen: one thread more after `S3FileSystem()`; in a forked process RuntimeError; where nobody listens
# EndpointConnectionError, after 3 seconds of tries. 503 answers are tried 5 times, for 10 seconds and more.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q s3fs==2026.9.0
"$folder/venv/bin/python" - <<'PY'
import os
import threading

import s3fs

before = threading.active_count()
files = s3fs.S3FileSystem(key="a", secret="b", endpoint_url="http://127.0.0.1:1")
assert threading.active_count() == before + 1, "this has changed: no thread"
try:
    files.cat_file("bucket/key")
except OSError as error:
    raise SystemExit(f"this has changed: {error!r}")
except Exception as error:
    assert type(error).__name__ == "EndpointConnectionError", f"this has changed: {error!r}"
reads, writes = os.pipe()
if os.fork() == 0:
    try:
        files.cat_file("bucket/key")
    except Exception as error:
        os.write(writes, repr(error).encode())
    os._exit(0)
os.wait()
seen = os.read(reads, 1000).decode()
assert "not fork-safe" in seen, f"this has changed: {seen}"
print("As described: a thread, an error that is no OSError, and no use after a fork.")
PY
