"""Signs schemathesis in as an admin of the program that runs at BOOKING_URL on BOOKING_DATABASE.

Sooner or later the run deletes or disables whoever it signs in as, or changes the password. Another account is made
then, with the program BOOKING. The operations that end sessions get one of their own for each request.
"""

import os
import subprocess
import threading
from urllib.parse import unquote, urlsplit

import requests
import schemathesis

ENDS_SESSIONS = ["logout", "logoutAll", "endSession", "changePassword"]
PASSWORD = "four-green-lanterns"


class Account:
    """The admin of the moment."""

    def __init__(self):
        self.lock = threading.Lock()
        self.number = 0

    def sign_in(self):
        with self.lock:
            answer = self.try_to_sign_in()
            if answer.status_code == 401:
                self.replace()
                answer = self.try_to_sign_in()
            answer.raise_for_status()
            return answer.json()["access_token"]

    def email(self):
        return f"schemathesis-{self.number}@demo.example"

    def try_to_sign_in(self):
        credentials = {"email": self.email(), "password": PASSWORD}
        return requests.post(os.environ["BOOKING_URL"] + "/auth/login", json=credentials, timeout=30)

    def replace(self):
        self.number += 1
        url = urlsplit(os.environ["BOOKING_DATABASE"])
        env = os.environ | {
            "APP_ENV": "local",
            "DB_HOST": url.hostname,
            "DB_PORT": str(url.port or 5432),
            "DB_NAME": url.path[1:],
            "DB_USERNAME": unquote(url.username or ""),
            "DB_PASSWORD": unquote(url.password or ""),
            "DB_SSLMODE": "disable",
        }
        command = [os.environ["BOOKING"], "user", "create", "--email", self.email(), "--role", "admin"]
        subprocess.run(command, env=env, input=PASSWORD + "\n", text=True, check=True, capture_output=True)


ACCOUNT = Account()


class Bearer:
    def get(self, case, context):
        return ACCOUNT.sign_in()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth(refresh_interval=120).skip_for(operation_id=ENDS_SESSIONS)
class Kept(Bearer):
    pass


@schemathesis.auth(refresh_interval=None).apply_to(operation_id=ENDS_SESSIONS)
class Fresh(Bearer):
    pass
