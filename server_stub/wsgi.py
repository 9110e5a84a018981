"""The door for any WSGI server: `server_stub.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from server_stub.environment import Environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_stub.settings")
Environment.read().prepare()
application = get_wsgi_application()

# What is loaded by now stays: the collector of garbage need not look at it again. Reports are trees, freed as they
# go; a look for cycles each few hundred objects would take a third of the time that a delivery takes.
gc.freeze()
gc.set_threshold(50_000)
