"""Production entry: `app` for any WSGI server. `portal serve` uses it with granian."""

import gc

from portal import create_app, logs
from portal.settings import from_environment

settings = from_environment()
logs.configure(settings.log_format)
app = create_app(settings)
# the first click on a document should not wait for the renderer to start
app.extensions["portal"].documents.pool.warm_up()
if settings.demo:
    from examples import shop

    shop.init_app(app, settings)

# what is there now stays for good: collecting garbage need not look at it again
gc.collect()
gc.freeze()
