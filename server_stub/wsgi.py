"""The door for any WSGI server: `server_stub.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from server_stub.environment import Environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server_stub.settings")
Environment.read().prepare()
application = get_wsgi_application()
