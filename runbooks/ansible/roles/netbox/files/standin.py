#!/usr/bin/env python3
"""A stand-in for NetBox, for a lab that cannot install NetBox itself. It is not NetBox and holds no data of a network.

What is real: it reads the same configuration.py; every page reads the database (through PgBouncer, where configuration.py
points) and Redis's cache; /login/ checks a user's password and writes a session; /api/status/ checks a token and counts
the workers that are registered in Redis; the worker is RQ's own, on the queues high, default and low, and its job writes
to the database. When the database or Redis fails, so does the page, with NetBox's status code and form of error.

What is not: there is nothing but /login/, / and /api/status/; its tables are called standin_*; there is no Django.

    standin.py migrate < user.json    tables and the first user ({"user", "password", "token"}); prints what it created
    standin.py rqworker high default  a worker
    standin.py enqueue [QUEUE]        a job, waited for; prints its result

Under gunicorn the application is standin:application.
"""

import hashlib
import hmac
import html
import http.cookies
import json
import os
import platform
import runpy
import secrets
import socket
import sys
import time
import urllib.parse

import psycopg2
import redis
import rq
from redis.backoff import NoBackoff
from redis.retry import Retry

VERSION = "4.5.1"  # of the NetBox whose answers these are
HERE = os.path.dirname(os.path.abspath(__file__))
CONFIG = runpy.run_path(os.path.join(HERE, "netbox", "configuration.py"))
SECRET = CONFIG["SECRET_KEY"].encode()

TABLES = """
CREATE TABLE IF NOT EXISTS standin_user (name text PRIMARY KEY, password text NOT NULL, last_login timestamptz);
CREATE TABLE IF NOT EXISTS standin_token (digest text PRIMARY KEY, name text NOT NULL REFERENCES standin_user);
CREATE TABLE IF NOT EXISTS standin_session (digest text PRIMARY KEY, name text NOT NULL REFERENCES standin_user,
 expires timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS standin_job (id text PRIMARY KEY, host text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS standin_config (id int PRIMARY KEY, banner text NOT NULL);
"""


# ---- database and Redis


def database():
    """A new connection: whatever a failover did to the last one, this one tells what is true now."""
    d = CONFIG["DATABASES"]["default"]
    connection = psycopg2.connect(
        host=d["HOST"], port=d["PORT"], dbname=d["NAME"], user=d["USER"], password=d["PASSWORD"],
        application_name="netbox-standin", **d.get("OPTIONS", {}),
    )
    connection.autocommit = True
    return connection


def query(sql, *args):
    connection = database()
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, args)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


# A connection to an address that moved gets no answer and no error; keepalive finds it.
KEEPALIVE = {
    "socket_keepalive": True,
    "socket_keepalive_options": {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3},
}


def redis_client(name):
    r = CONFIG["REDIS"][name]
    # No retries: a page says at once that Redis is away.
    return redis.Redis(
        host=r["HOST"], port=r["PORT"], password=r["PASSWORD"], db=r["DATABASE"],
        socket_connect_timeout=5, socket_timeout=5, retry=Retry(NoBackoff(), 0), **KEEPALIVE,
    )


CACHE, TASKS = redis_client("caching"), redis_client("tasks")


def banner():
    """Read from the database and from the cache, each time."""
    rows = query("SELECT banner FROM standin_config WHERE id = 1")
    text = rows[0][0] if rows else ""
    if CACHE.get("standin:banner") != text.encode():
        CACHE.set("standin:banner", text, ex=300)
    return text


# ---- passwords, tokens, sessions


def digest(text):
    return hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()


def hashed(password, salt=None, rounds=100000):
    """In the form that Django stores."""
    salt = salt or secrets.token_hex(11)
    raw = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), rounds)
    return f"pbkdf2_sha256${rounds}${salt}${raw.hex()}"


def right(password, stored):
    _, rounds, salt, _ = stored.split("$")
    return hmac.compare_digest(hashed(password, salt, int(rounds)), stored)


def session_user(cookies):
    if "sessionid" not in cookies:
        return None
    rows = query("SELECT name FROM standin_session WHERE digest = %s AND expires > now()", digest(cookies["sessionid"].value))
    return rows[0][0] if rows else None


def token_user(header):
    """The user of a token and None, or None and what is wrong."""
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "token":
        return None, "Authentication credentials were not provided."
    rows = query("SELECT name FROM standin_token WHERE digest = %s", digest(key.strip()))
    return (rows[0][0], None) if rows else (None, "Invalid v1 token")


# ---- pages

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><title>{title} | NetBox</title><meta name="generator" content="NetBox stand-in {version}"></head>
<body>
{body}
<footer>NetBox stand-in (not NetBox), version {version}, {host}</footer>
</body>
</html>
"""

FORM = """<p>{banner}</p>
<form action="/login/" method="post">
{error}<input type="hidden" name="csrfmiddlewaretoken" value="{csrf}">
<input type="hidden" name="next" value="{next}">
<input type="text" name="username" autocomplete="username" required id="id_username">
<input type="password" name="password" autocomplete="current-password" required id="id_password">
<button type="submit">Sign In</button>
</form>"""


def page(title, body):
    return PAGE.format(title=title, body=body, version=VERSION, host=html.escape(platform.node())).encode()


def cookie(name, value, age, http_only=False):
    return "Set-Cookie", f"{name}={value}; Max-Age={age}; Path=/; SameSite=Lax; Secure" + ("; HttpOnly" if http_only else "")


def login_form(fields, error=""):
    csrf = secrets.token_hex(32)
    body = FORM.format(
        banner=html.escape(banner()), csrf=csrf, error=f"<div class='alert'>{error}</div>\n" if error else "",
        next=html.escape(fields.get("next", "/"), quote=True),
    )
    return 200, [cookie("csrftoken", csrf, 31449600)], page("Login", body)


def login(environ, cookies):
    fields = {k: v[0] for k, v in urllib.parse.parse_qs(environ.get("QUERY_STRING", "")).items()}
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return login_form(fields)
    if environ["REQUEST_METHOD"] != "POST":
        return 405, [("Allow", "GET, POST, HEAD, OPTIONS")], b""
    length = min(int(environ.get("CONTENT_LENGTH") or 0), 65536)
    fields = {k: v[0] for k, v in urllib.parse.parse_qs(environ["wsgi.input"].read(length).decode("utf-8", "replace")).items()}
    sent = fields.get("csrfmiddlewaretoken", "")
    if "csrftoken" not in cookies or not hmac.compare_digest(cookies["csrftoken"].value.encode(), sent.encode()):
        return 403, [], page("Forbidden", "<h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed. Request aborted.</p>")
    name = fields.get("username", "")
    rows = query("SELECT password FROM standin_user WHERE name = %s", name)
    if not rows or not right(fields.get("password", ""), rows[0][0]):
        return login_form(fields, "Please enter a correct username and password. Note that both fields may be case-sensitive.")
    session = secrets.token_hex(16)
    query(
        "WITH seen AS (UPDATE standin_user SET last_login = now() WHERE name = %s)"
        " INSERT INTO standin_session VALUES (%s, %s, now() + interval '14 days')", name, digest(session), name,
    )
    goal = fields.get("next", "/")
    if not goal.startswith("/") or goal.startswith("//") or any(c < " " for c in goal):
        goal = "/"
    return 302, [("Location", goal), cookie("sessionid", session, 1209600, http_only=True)], b""


def home(cookies):
    user = session_user(cookies)
    if user is None and CONFIG.get("LOGIN_REQUIRED", True):
        return 302, [("Location", "/login/?next=/")], b""
    return 200, [], page("Home", f"<h1>Home</h1><p>{html.escape(banner())}</p><p>User: {html.escape(user or 'nobody')}</p>")


def api_status(environ, cookies):
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return 405, [("Allow", "GET, HEAD, OPTIONS")], {"detail": f"Method \"{environ['REQUEST_METHOD']}\" not allowed."}
    header = environ.get("HTTP_AUTHORIZATION", "")
    user, wrong = token_user(header) if header else (session_user(cookies), "Authentication credentials were not provided.")
    if user is None and (header or CONFIG.get("LOGIN_REQUIRED", True)):
        return 403, [], {"detail": wrong}
    return 200, [], {
        "django-version": "none (stand-in)",
        "hostname": platform.node(),
        "installed_apps": {"standin": VERSION, "rq": rq.VERSION},
        "netbox-version": VERSION,
        "netbox-full-version": VERSION + "-standin",
        "plugins": {},
        "python-version": platform.python_version(),
        # Registrations, stale ones as well: the same call that NetBox makes.
        "rq-workers-running": rq.Worker.count(connection=TASKS),
    }


def answer(environ):
    path = environ.get("PATH_INFO", "/")
    cookies = http.cookies.SimpleCookie()
    try:
        cookies.load(environ.get("HTTP_COOKIE", ""))
    except http.cookies.CookieError:
        pass  # as none: a request without a session
    host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
    allowed = CONFIG.get("ALLOWED_HOSTS", [])
    if "*" not in allowed and host not in allowed:
        return 400, [], page("Bad Request", "<h1>Bad Request (400)</h1>")
    if path == "/api/status/":
        return api_status(environ, cookies)
    if path == "/login/":
        return login(environ, cookies)
    if path == "/":
        return home(cookies)
    if path in ("/login", "/api/status"):
        return 301, [("Location", path + "/")], b""
    return 404, [], page("Page Not Found", "<h1>Page Not Found (404)</h1>")


REASONS = {
    200: "OK", 301: "Moved Permanently", 302: "Found", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 500: "Internal Server Error",
}


def application(environ, start_response):
    api = environ.get("PATH_INFO", "").startswith("/api/")
    try:
        status, headers, body = answer(environ)
    except (psycopg2.Error, redis.RedisError, OSError) as e:
        name = f"{type(e).__module__}.{type(e).__name__}"
        print(f"{environ.get('PATH_INFO')}: {name}: {e}", file=sys.stderr, flush=True)
        status, headers = 500, []
        if api:
            body = {"error": str(e), "exception": type(e).__name__, "netbox_version": VERSION, "python_version": platform.python_version()}
        else:
            body = page("Server Error", f"<h1>Server Error</h1><pre>&lt;class '{html.escape(name)}'&gt;\n\n{html.escape(str(e))}</pre>")
    if isinstance(body, dict):
        body, kind = json.dumps(body).encode(), "application/json"
        headers += [("API-Version", VERSION.rpartition(".")[0]), ("Vary", "HX-Request, Accept, Cookie, origin")]
    else:
        kind = "text/html; charset=utf-8"
    headers += [("Content-Type", kind), ("Content-Length", str(len(body))), ("X-Frame-Options", "SAMEORIGIN")]
    start_response(f"{status} {REASONS[status]}", headers)
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


# ---- commands


def migrate():
    given = json.load(sys.stdin)
    connection = database()
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('standin_user') IS NULL")
        if cursor.fetchone()[0]:
            print("created tables")
        cursor.execute(TABLES)
        cursor.execute("INSERT INTO standin_config VALUES (1, 'This is a stand-in for NetBox.') ON CONFLICT DO NOTHING")
        cursor.execute("INSERT INTO standin_user VALUES (%s, %s) ON CONFLICT DO NOTHING", (given["user"], hashed(given["password"])))
        if cursor.rowcount:
            print("created user " + given["user"])
        cursor.execute("INSERT INTO standin_token VALUES (%s, %s) ON CONFLICT DO NOTHING", (digest(given["token"]), given["user"]))
        if cursor.rowcount:
            print("created token")
    connection.close()


def housekeeping():
    """The job: it proves that a worker reaches the database."""
    id = rq.get_current_job().id
    query("DELETE FROM standin_session WHERE expires < now()")
    query("DELETE FROM standin_job WHERE at < now() - interval '7 days'")
    query("INSERT INTO standin_job (id, host) VALUES (%s, %s) ON CONFLICT DO NOTHING", id, platform.node())
    return platform.node()


def enqueue(queue):
    job = rq.Queue(queue, connection=TASKS).enqueue("standin.housekeeping")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        state = job.get_status(refresh=True)
        if state in ("finished", "failed"):
            print(f"{job.id} {state.value} {job.return_value() or ''}")
            return state == "failed"
        time.sleep(0.1)
    print(f"{job.id} {state.value}: no worker took it within 60 s")
    return True


def rqworker(queues):
    # The connection's retries are RQ's own business.
    r = CONFIG["REDIS"]["tasks"]
    connection = redis.Redis(
        host=r["HOST"], port=r["PORT"], password=r["PASSWORD"], db=r["DATABASE"], socket_connect_timeout=5, **KEEPALIVE,
    )
    rq.Worker(queues or ["high", "default", "low"], connection=connection).work()


def main(argv):
    match argv:
        case ["migrate"]:
            return migrate()
        case ["rqworker", *queues]:
            return rqworker(queues)
        case ["enqueue", *queue] if len(queue) < 2:
            return enqueue(queue[0] if queue else "default")
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
