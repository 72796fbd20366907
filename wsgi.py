"""Production entry: `app` for any WSGI server. `portal serve` uses it with granian."""

import gc

# what is loaded here stays for good: looking for garbage in it meanwhile takes a tenth of the start
gc.disable()

from portal import create_app, logs  # noqa: E402
from portal.documents import render_server  # noqa: E402
from portal.settings import from_environment  # noqa: E402

settings = from_environment()
logs.configure(settings.log_format)
app = create_app(settings)
# the first click on a document should not wait for the renderer to load
render_server.warm_up()
if settings.demo:
    from examples import shop

    shop.init_app(app, settings)

# nor need any later look
gc.collect()
gc.freeze()
gc.enable()
