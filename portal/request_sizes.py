"""How large requests may be, in bytes: one place for the HTTP server, the application and the proxy in front.

`deploy/nginx.conf` says the same, and `tests/test_nginx.py` compares.
"""

KIB = 1024
#: Request line and headers. A proxy in front lets pass less, so that it is the one to refuse.
MAX_HEAD = 16 * KIB
#: A body, and what of it a form's fields may take.
MAX_BODY = 256 * KIB
MAX_FORM_MEMORY = 64 * KIB
#: The body of the one call that takes a file: the largest file, and its fields.
MAX_UPLOAD = 5 * KIB * KIB
#: A browser's report of what a page was not allowed to load.
MAX_REPORT = 8 * KIB
#: Seconds after which the HTTP server closes a connection on which no request begins.
IDLE_SECONDS = 5
