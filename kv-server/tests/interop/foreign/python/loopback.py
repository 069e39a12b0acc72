"""Redirection of requests for Cloudflare to the server under test, for clients with a fixed address that use
`requests`; all others fail."""

import os

from requests.adapters import HTTPAdapter

CLOUDFLARE = "https://api.cloudflare.com/"

plain_send = HTTPAdapter.send


def send(self, request, **options):
    if not request.url.startswith(CLOUDFLARE):
        raise ValueError(f"not a request for Cloudflare: {request.url}")
    # Replaced as text, so that the path stays as the client has encoded it.
    request.url = os.environ["KV_SERVER_URL"] + "/" + request.url[len(CLOUDFLARE) :]
    return plain_send(self, request, **options)


HTTPAdapter.send = send
