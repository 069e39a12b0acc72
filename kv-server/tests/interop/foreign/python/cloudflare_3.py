"""Adapter of Cloudflare's SDK for Python, from version 3 on."""

import json

import cloudflare
from cloudflare import Cloudflare

from serve import first_error, raw, serve, to_base64, text

MAJOR = int(cloudflare.__version__.split(".")[0])


def without_none(**parameters):
    return {name: value for name, value in parameters.items() if value is not None}


class Client:
    def connect(self, url, account, credentials):
        self.account = account
        options = {f"api_{name}": value for name, value in credentials.items()}
        # Without credentials, each request needs this header.
        self.headers = {} if credentials else {"Authorization": cloudflare._types.Omit()}
        self.client = Cloudflare(base_url=f"{url}/client/v4", max_retries=0, **options)
        self.api = self.client.kv.namespaces

    def nowhere(self):
        return self.client.get(f"/accounts/{self.account}/storage/kv/nowhere", cast_to=object)

    def createNamespace(self, title, **jurisdiction):
        return self.api.create(account_id=self.account, title=title, **jurisdiction).to_dict()

    def listNamespaces(self, perPage):
        listing = self.api.list(account_id=self.account, order="title", per_page=perPage)
        return [namespace.to_dict() for namespace in listing]

    def getNamespace(self, namespace):
        return self.api.get(namespace, account_id=self.account).to_dict()

    def renameNamespace(self, namespace, title):
        renamed = self.api.update(namespace, account_id=self.account, title=title)
        return renamed and renamed.to_dict()

    def deleteNamespace(self, namespace):
        self.api.delete(namespace, account_id=self.account)

    def get(self, namespace, key):
        response = self.api.values.get(
            key, account_id=self.account, namespace_id=namespace, extra_headers=self.headers
        )
        return to_base64(response.read())

    def put(self, namespace, key, value, metadata=None, ttl=None, expiration=None, isBinary=False):
        expires = without_none(expiration_ttl=ttl, expiration=expiration)
        # Version 3 lacks these parameters, and all versions require metadata.
        more = {"extra_query": expires} if MAJOR < 4 else expires
        self.api.values.update(
            key,
            account_id=self.account,
            namespace_id=namespace,
            value=text(value) if MAJOR < 5 else raw(value),
            metadata=json.dumps(metadata),
            extra_headers=self.headers,
            **more,
        )

    def putLong(self, namespace, key, length):
        self.api.values.update(
            key, account_id=self.account, namespace_id=namespace, value=bytes(length), metadata="null"
        )

    def remove(self, namespace, key):
        self.api.values.delete(key, account_id=self.account, namespace_id=namespace)

    def metadata(self, namespace, key):
        return self.api.metadata.get(key, account_id=self.account, namespace_id=namespace)

    def list(self, namespace, **query):
        return [key.to_dict() for key in self.api.keys.list(namespace, account_id=self.account, **query)]

    def page(self, namespace, **query):
        page = self.api.keys.list(namespace, account_id=self.account, **query)
        return {"keys": [key.to_dict() for key in page.result], "cursor": page.result_info.cursor}

    def bulkPut(self, namespace, pairs):
        update = self.api.bulk.update if MAJOR < 4 else self.api.bulk_update
        return update(namespace, account_id=self.account, body=pairs).to_dict()

    def bulkGet(self, namespace, keys, withMetadata=False, **query):
        found = self.api.bulk_get(
            namespace, account_id=self.account, keys=keys, with_metadata=withMetadata, **query
        )
        return found.to_dict()

    def bulkRemove(self, namespace, keys):
        if MAJOR < 4:
            # Version 3 lacks a parameter for the keys.
            return self.api.bulk.delete(namespace, account_id=self.account, extra_body=keys).to_dict()
        return self.api.bulk_delete(namespace, account_id=self.account, body=keys).to_dict()

    def describe(self, error):
        if not isinstance(error, cloudflare.APIStatusError):
            return None
        return {"class": type(error).__name__, "status": error.status_code, **first_error(error.body)}


serve(Client())
