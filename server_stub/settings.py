"""Django's settings for the collector. What differs between installations comes from `environment`."""

from datetime import timedelta
from pathlib import Path

from server_stub.environment import Environment

ENVIRONMENT = Environment.read()
HERE = Path(__file__).parent

# The collector's own.
LATE_AFTER = ENVIRONMENT.late_after
PREPARE_STATEMENTS = ENVIRONMENT.prepares
REPORT_LIMIT_BYTES = 1024 * 1024  # one signed report, unpacked; a real one has 30 to 120 kB
BATCH_LIMIT_BYTES = 16 * 1024 * 1024  # many of them, one a line, unpacked
BATCH_LIMIT_LINES = 2000  # of the smallest report that is one, more would not fit
REPORT_MAX_DEPTH = 16  # JSON within JSON; a real report has 6
FUTURE_TOLERANCE = timedelta(minutes=5)
ENROLMENT_CODE_LIFETIME = timedelta(days=1)
KEY_OVERLAP = timedelta(days=1)  # a replaced key still signs anything
KEY_LAST_REPORTS = timedelta(days=30)  # and what was scanned before it was replaced: an outbox may have waited
POLICY_KEY = ENVIRONMENT.data / "collector-policy-key.json"  # signs what agents fetch; all collectors share one
PAGE_SIZE = 50
KEEP_CONTENTS = ENVIRONMENT.keep_contents
KEEP_HISTORY = ENVIRONMENT.keep_history
TSA_URL, TSA_ROOTS = ENVIRONMENT.tsa_url, ENVIRONMENT.tsa_roots
KEEP_CODES = timedelta(days=30)  # after they expired

SECRET_KEY = ENVIRONMENT.secret_key()
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
DATABASES = {"default": ENVIRONMENT.database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "server_stub.urls"
WSGI_APPLICATION = "server_stub.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "server_stub.people",
    "server_stub.openid",
    "server_stub.audit",
    "server_stub.agents",
    "server_stub.holders",
    "server_stub.phones",
    "server_stub.decisions",
    "server_stub.policies",
    "server_stub.ingest",
    "server_stub.saved",
    "server_stub.tokens",
    "server_stub.alerts",
    "server_stub.work",
    "django_tasks_db",
    "server_stub.web",
]
MIDDLEWARE = [
    "server_stub.web.logs.access",
    "server_stub.web.middleware.secure_headers",
    "django.middleware.gzip.GZipMiddleware",
    "server_stub.web.middleware.for_machines",
    "server_stub.web.machine.etags",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "server_stub.web.machine.problems",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "server_stub.tokens.bearer.by_token",
    "server_stub.web.middleware.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "server_stub.people.second_factor.required",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "server_stub.web.context.frame",
            ],
            "builtins": ["django.templatetags.i18n", "server_stub.web.templatetags.posture"],
        },
    }
]
STATIC_URL = "static/"
STATICFILES_DIRS = [HERE / "static"]
WHITENOISE_USE_FINDERS = True  # a few small files: found at start, no collectstatic step to forget

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [HERE / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "fleet"
ACCOUNT_ADAPTER = "server_stub.people.adapter.ClosedAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
OPENID = ENVIRONMENT.openid
SOCIALACCOUNT_PROVIDERS = OPENID.for_allauth() if OPENID else {}
SOCIALACCOUNT_ADAPTER = "server_stub.openid.adapter.RolesByGroup"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True  # where `link_by_email` lets it happen at all
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SECOND_FACTOR_FOR = ENVIRONMENT.second_factor_for
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Phone Posture"
OUTGOING = ENVIRONMENT.outgoing
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if OUTGOING.smtp_host else 'dummy'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = OUTGOING.smtp_host, OUTGOING.smtp_port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = OUTGOING.smtp_user, OUTGOING.smtp_password
EMAIL_USE_TLS, EMAIL_USE_SSL = OUTGOING.smtp_security == "starttls", OUTGOING.smtp_security == "tls"
EMAIL_TIMEOUT = 10
MAIL_FROM = OUTGOING.mail_from
PUBLIC_URL = OUTGOING.public_url
REMINDER_LANGUAGE = OUTGOING.reminder_language
ALERT_NETWORKS = OUTGOING.networks
KEEP_ALERTS = timedelta(days=90)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "people_remembered",
        "KEY_FUNCTION": "server_stub.people.throttles.sealed",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # beyond it a flood of names would push out what is counted of one
    }
}
# One queue for both databases; Django 6 has the same as django.tasks.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
NINJA_NUM_PROXIES = 1 if ENVIRONMENT.behind_tls else 0

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = ENVIRONMENT.behind_tls
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
if ENVIRONMENT.behind_tls:
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "server_stub.web.logs.JsonLines"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": ENVIRONMENT.log}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"server_stub.access": {"level": "INFO" if ENVIRONMENT.log == "json" else "WARNING"}},
}
