"""Adapter of Cloudflare's SDK for Python, version 2, which differs from later ones in all its calls."""

import json
import warnings

import CloudFlare

from serve import serve, to_base64, text


def without_none(**parameters):
    return {name: value for name, value in parameters.items() if value is not None}


# It warns that there are later versions.
warnings.showwarning = lambda *_, **__: None


class Client:
    def connect(self, url, account, credentials):
        self.account = account
        client = CloudFlare.CloudFlare(
            base_url=f"{url}/client/v4", raw=True, max_request_retries=0, **credentials
        )
        self.api = client.accounts.storage.kv.namespaces

    def createNamespace(self, title):
        return self.api.post(self.account, data={"title": title})["result"]

    def listNamespaces(self, perPage):
        namespaces = []
        page = 1
        while True:
            query = {"per_page": perPage, "page": page, "order": "title"}
            found = self.api.get(self.account, params=query)["result"]
            if not found:
                return namespaces
            namespaces += found
            page += 1

    def getNamespace(self, namespace):
        return self.api.get(self.account, namespace)["result"]

    def renameNamespace(self, namespace, title):
        return self.api.put(self.account, namespace, data={"title": title})["result"]

    def deleteNamespace(self, namespace):
        return self.api.delete(self.account, namespace)["result"]

    def get(self, namespace, key):
        value = self.api.values.get(self.account, namespace, key)["result"]
        # The SDK parses a value that is JSON.
        return to_base64(value if isinstance(value, (str, bytes)) else json.dumps(value))

    def put(self, namespace, key, value, metadata=None, ttl=None, expiration=None):
        data = without_none(value=text(value), metadata=metadata and json.dumps(metadata))
        query = without_none(expiration_ttl=ttl, expiration=expiration)
        return self.api.values.put(self.account, namespace, key, data=data, params=query)["result"]

    def remove(self, namespace, key):
        return self.api.values.delete(self.account, namespace, key)["result"]

    def metadata(self, namespace, key):
        return self.api.metadata.get(self.account, namespace, key)["result"]

    def page(self, namespace, prefix=None, limit=None, cursor=None):
        query = without_none(prefix=prefix, limit=limit, cursor=cursor)
        page = self.api.keys.get(self.account, namespace, params=query)
        return {"keys": page["result"], "cursor": page["result_info"]["cursor"]}

    def bulkPut(self, namespace, pairs):
        return self.api.bulk.put(self.account, namespace, data=pairs)["result"]

    def bulkRemove(self, namespace, keys):
        return self.api.bulk.delete(self.account, namespace, data=keys)["result"]

    def describe(self, error):
        if not isinstance(error, CloudFlare.exceptions.CloudFlareAPIError):
            return None
        reported = {"class": type(error).__name__, "code": int(error), "message": str(error)}
        chain = [int(cause) for cause in error]
        return {**reported, "chain": chain} if chain else reported


serve(Client())
