# Written by Ansible.
import os

ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = ["https://{{.ServerName}}"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "netbox",
        "USER": "netbox",
        "PASSWORD": "{{secret "netbox"}}",
        "HOST": "{{.DBVIP}}",
        # Migrations set the variable: they go past PgBouncer.
        "PORT": os.environ.get("NETBOX_DB_PORT", "6432"),
        "CONN_MAX_AGE": 0,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # PgBouncer pools transactions
        # A connection that was made while this host held the VIP, or to a host that lost its power, gets no answer and no
        # error: without these it would hold its thread for hours.
        "OPTIONS": {
            "connect_timeout": 5, "tcp_user_timeout": 15000,
            "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
        },
    }
}
REDIS = {
    "tasks": {
        "HOST": "{{.DBVIP}}",
        "PORT": 6379,
        "PASSWORD": "{{secret "redis"}}",
        "DATABASE": 0,
        "SSL": False,
    },
    "caching": {
        "HOST": "{{.DBVIP}}",
        "PORT": 6379,
        "PASSWORD": "{{secret "redis"}}",
        "DATABASE": 1,
        "SSL": False,
    },
}
SECRET_KEY = "{{secret "django"}}"
API_TOKEN_PEPPERS = {1: "{{secret "pepper"}}"}
LOGIN_REQUIRED = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
