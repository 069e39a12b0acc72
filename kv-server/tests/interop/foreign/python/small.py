"""Adapter of small PyPI packages for Workers KV; the first argument is the package's name."""

import json
import os
import re
import sys

import loopback  # noqa: F401
from serve import Shown, first_error, serve, shown_bytes, text


def of_response(response):
    """A response that a client hands out as it is."""
    if response.ok:
        return response
    raise Shown({"class": "Response", "status": response.status_code, **first_error(response.json())})


class Small:
    def connect(self, url, account, credentials):
        self.account = account
        self.credentials = credentials

    @property
    def token(self):
        return self.credentials.get("token")

    def describe(self, error):
        """Contents of an exception: a status and an envelope, or the errors of one."""
        shown = {"class": type(error).__name__, "message": str(error)}
        if error.args and isinstance(error.args[0], list):
            return {**shown, **first_error({"errors": error.args[0]})}
        found = re.search(r"(\d{3}) ({.*})", str(error))
        if found:
            return {**shown, "status": int(found[1]), **first_error(json.loads(found[2]))}
        return shown


class Cfkv(Small):
    """Values are JSON."""

    def store(self, namespace):
        from cfkv import KVStore

        return KVStore(namespace, self.account, self.token)

    def get(self, namespace, key):
        value = self.store(namespace).get(key)
        return None if value is None else shown_bytes(value)

    def put(self, namespace, key, value):
        self.store(namespace).set(key, text(value))


class CloudflareKv(Small):
    def store(self, namespace):
        from kv import CloudFlareKV

        return CloudFlareKV("ada@example.com", self.token, self.account, namespace)

    def get(self, namespace, key):
        value = self.store(namespace).get(key)
        return None if value is None else shown_bytes(value)

    def put(self, namespace, key, value):
        of_response(self.store(namespace).set(key, text(value)))

    def putLong(self, namespace, key, length):
        of_response(self.store(namespace).set(key, bytes(length)))


class CloudlareKv(Small):
    """Namespaces go by their titles."""

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
        return shown_bytes(self.store().read_kv_pair(key, self.title(namespace)))

    def put(self, namespace, key, value, ttl=None):
        self.store().create_kv_pair(key, text(value), self.title(namespace), expiration_ttl=ttl)

    def remove(self, namespace, key):
        self.store().delete_kv_pair(key, self.title(namespace))

    def list(self, namespace, prefix=""):
        return self.store().list_keys(prefix, self.title(namespace))


class PythonWorkersKv(Small):
    def store(self, namespace):
        # It reads the token from there.
        with open(os.path.expanduser("~/.cloudflare.cfg"), "w") as file:
            file.write(f"[CloudFlare]\ntoken = {self.token}\n")
        from WorkersKV import WorkersKV

        return WorkersKV(self.account, namespace)

    def get(self, namespace, key):
        return shown_bytes(of_response(self.store(namespace).get(key)).content)

    def put(self, namespace, key, value):
        of_response(self.store(namespace).put(key, text(value)))

    def remove(self, namespace, key):
        of_response(self.store(namespace).delete(key))

    def list(self, namespace):
        return of_response(self.store(namespace).list_keys()).json()["result"]


class WorkersKvPy(Small):
    def store(self, namespace):
        from workers_kv import Namespace

        return Namespace(self.account, namespace, self.token)

    def get(self, namespace, key):
        value = self.store(namespace).read(key)
        return None if value is None else shown_bytes(value if isinstance(value, str) else json.dumps(value))

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
