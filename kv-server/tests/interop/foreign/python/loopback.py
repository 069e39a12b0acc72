"""Sends what is meant for Cloudflare to the server under test, for clients of `requests` that know no other address; refuses
all else."""

import os

from requests.adapters import HTTPAdapter

CLOUDFLARE = "https://api.cloudflare.com/"

plain_send = HTTPAdapter.send


def send(self, request, **options):
    if not request.url.startswith(CLOUDFLARE):
        raise ValueError(f"not for Cloudflare: {request.url}")
    # The path stays as the client has prepared it.
    request.url = os.environ["KV_SERVER_URL"] + "/" + request.url[len(CLOUDFLARE) :]
    return plain_send(self, request, **options)


HTTPAdapter.send = send
