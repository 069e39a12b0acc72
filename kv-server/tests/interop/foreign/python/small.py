"""Adapters of small PyPI packages for Workers KV; the first argument is the package's name."""

import json
import os
import re
import sys

import loopback  # noqa: F401
from serve import ReportedError, first_error, serve, text, to_base64


def check_response(response):
    """Returns a response that a client returns unchecked, if it has succeeded."""
    if response.ok:
        return response
    raise ReportedError({"class": "Response", "status": response.status_code, **first_error(response.json())})


class Small:
    """Adapter with an account and a token."""

    def connect(self, url, account, credentials):
        self.account = account
        self.credentials = credentials

    @property
    def token(self):
        return self.credentials.get("token")

    def describe(self, error):
        """Returns the error in an exception: a status and an envelope, or an envelope's errors."""
        reported = {"class": type(error).__name__, "message": str(error)}
        if error.args and isinstance(error.args[0], list):
            return {**reported, **first_error({"errors": error.args[0]})}
        found = re.search(r"(\d{3}) ({.*})", str(error))
        if found:
            return {**reported, "status": int(found[1]), **first_error(json.loads(found[2]))}
        return reported


class Cfkv(Small):
    """Its values are JSON."""

    def store(self, namespace):
        from cfkv import KVStore

        return KVStore(namespace, self.account, self.token)

    def get(self, namespace, key):
        value = self.store(namespace).get(key)
        return None if value is None else to_base64(value)

    def put(self, namespace, key, value):
        self.store(namespace).set(key, text(value))


class CloudflareKv(Small):
    def store(self, namespace):
        from kv import CloudFlareKV

        return CloudFlareKV("ada@example.com", self.token, self.account, namespace)

    def get(self, namespace, key):
        value = self.store(namespace).get(key)
        return None if value is None else to_base64(value)

    def put(self, namespace, key, value):
        check_response(self.store(namespace).set(key, text(value)))

    def putLong(self, namespace, key, length):
        check_response(self.store(namespace).set(key, bytes(length)))


class CloudlareKv(Small):
    """It names namespaces by their titles."""

    def store(self):
        from cloudflare_kv import KV

        return KV("ada@example.com", self.token, self.account)

    def title(self, namespace):
        found = [known["title"] for known in self.store().list_namespaces() if known["id"] == namespace]
        return found[0] if found else namespace

    def createNamespace(self, title):
        store = self.store()
        store.create_namespace(title)
        return {"id": store.get_namespace_id(title), "title": title}

    def listNamespaces(self, perPage):
        return self.store().list_namespaces()

    def deleteNamespace(self, namespace):
        self.store().delete_namespace(self.title(namespace))

    def get(self, namespace, key):
        return to_base64(self.store().read_kv_pair(key, self.title(namespace)))

    def put(self, namespace, key, value, ttl=None):
        self.store().create_kv_pair(key, text(value), self.title(namespace), expiration_ttl=ttl)

    def remove(self, namespace, key):
        self.store().delete_kv_pair(key, self.title(namespace))

    def list(self, namespace, prefix=""):
        return self.store().list_keys(prefix, self.title(namespace))


class PythonWorkersKv(Small):
    def store(self, namespace):
        # The client reads its token from this file.
        with open(os.path.expanduser("~/.cloudflare.cfg"), "w") as file:
            file.write(f"[CloudFlare]\ntoken = {self.token}\n")
        from WorkersKV import WorkersKV

        return WorkersKV(self.account, namespace)

    def get(self, namespace, key):
        return to_base64(check_response(self.store(namespace).get(key)).content)

    def put(self, namespace, key, value):
        check_response(self.store(namespace).put(key, text(value)))

    def remove(self, namespace, key):
        check_response(self.store(namespace).delete(key))

    def list(self, namespace):
        return check_response(self.store(namespace).list_keys()).json()["result"]


class WorkersKvPy(Small):
    def store(self, namespace):
        from workers_kv import Namespace

        return Namespace(self.account, namespace, self.token)

    def get(self, namespace, key):
        value = self.store(namespace).read(key)
        return None if value is None else to_base64(value if isinstance(value, str) else json.dumps(value))

    def put(self, namespace, key, value):
        self.store(namespace).write({key: text(value)})

    def remove(self, namespace, key):
        self.store(namespace).delete_one(key)

    def list(self, namespace):
        return [{"name": name} for name in self.store(namespace).list_keys()]

    def bulkPut(self, namespace, pairs):
        self.store(namespace).write({pair["key"]: pair["value"] for pair in pairs})

    def bulkRemove(self, namespace, keys):
        self.store(namespace).delete_many(keys)


ADAPTERS = {
    "cfkv": Cfkv,
    "cloudflarekv": CloudflareKv,
    "cloudlare-kv": CloudlareKv,
    "python-workers-kv": PythonWorkersKv,
    "workers-kv.py": WorkersKvPy,
}

serve(ADAPTERS[sys.argv[1]]())
