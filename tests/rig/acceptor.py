"""A WinRM-like acceptor for tests, independent of the client under test: contexts.py says by whom.

    acceptor.py DIR FILE [PREFIX]   certificates NAME.crt and NAME.key in DIR; writes ports to FILE

One security context for each TCP connection, as WinRM has it. The listener PLAIN is HTTP and takes sealed
messages only; it reads them line by line as Windows' own clients write them. The others are HTTPS, take
sealed messages too, and have a policy for channel bindings as CbtHardeningLevel names them: none does not
look, relaxed refuses wrong ones, strict also refuses missing ones. An intercepted listener shows another
certificate than the one whose binding it expects, as a TLS proxy in front of a host would.

The query of the URL says what else is wanted:
    offer=NTLM,Kerberos     the schemes that are offered, and taken; all of them when there is none
    by=ENGINE               pyspnego (which is taken when there is none), gss-ntlmssp, or mit
    hold=ANYTHING           a request without a login is never answered
    case=ANYTHING           tells the counts of one test from those of others
GET of the same path and query, on any listener, gives its counts: requests, messages (bodies), and for each
mechanism tokens that prove who the client is, or try to.

NTLM_USER_FILE holds the users of NTLM and Basic (DOMAIN:USER:PASSWORD), KRB5_KTNAME the keys. A SOAP-like
answer tells who was authenticated, and how; an Identify gets a real one. A message with the word FAULT gets
HTTP 500, one with PAD=n an answer longer by n bytes, one with SPACED or BARE a sealed answer as other
servers write it: a space behind the dashes, or no tabs. One with FLIPPED, SHORT, MISCOUNTED, UNENDED or
REPEATED gets a sealed answer that was changed, cut, says a wrong length, has no boundary behind it, or came
before; one with UNSEALED an answer that is not sealed.
"""
import base64
import hashlib
import http.server
import os
import re
import socket
import ssl
import struct
import sys
import threading
import urllib.parse

from cryptography import x509

import contexts

# What pyspnego calls this machine, in place of its own name.
socket.gethostname = lambda: "hv01"
SOAP = "application/soap+xml;charset=UTF-8"
SCHEMES = ["Negotiate", "Kerberos", "NTLM", "Basic"]
IDENTIFY = b"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
COUNTED = ("requests", "kerberos", "ntlm", "messages")
counts, counting = {}, threading.Lock()


def protocol(scheme):
    return f"application/HTTP-{'Kerberos' if scheme == 'Kerberos' else 'SPNEGO'}-session-encrypted"


def sealed_type(scheme):
    return f'multipart/encrypted;protocol="{protocol(scheme)}";boundary="Encrypted Boundary"'


def sealed_head(scheme, length):
    """[MS-WSMV] 2.2.9.1, as Windows writes it."""
    return ("--Encrypted Boundary\r\n"
            f"\tContent-Type: {protocol(scheme)}\r\n"
            f"\tOriginalContent: type={SOAP};Length={length}\r\n"
            "--Encrypted Boundary\r\n"
            "\tContent-Type: application/octet-stream\r\n")


SEALED_TAIL = b"--Encrypted Boundary--\r\n"


def end_point_bindings(certificate):
    """tls-server-end-point, RFC 5929 4.1."""
    with open(certificate, "rb") as file:
        parsed = x509.load_pem_x509_certificate(file.read())
    name = parsed.signature_hash_algorithm.name
    der = ssl.PEM_cert_to_DER_cert(open(certificate).read())
    return b"tls-server-end-point:" + hashlib.new("sha256" if name in ("md5", "sha1") else name, der).digest()


def basic_user(argument):
    name, _, password = base64.b64decode(argument).decode().partition(":")
    domain, _, user = name.rpartition("\\")
    with open(os.environ["NTLM_USER_FILE"]) as users:
        known = [line.rstrip("\n").split(":", 2) for line in users]
    return name if [domain, user, password] in known else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.context = self.user = self.token = self.before = None
        self.scheme = "-"

    def do_GET(self):
        with counting:
            counted = counts.get(self.path, {})
        self.answer(200, " ".join(f"{name}={counted.get(name, 0)}" for name in COUNTED).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.count("requests", *["messages"] * bool(body))
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        self.offered = query["offer"].split(",") if "offer" in query else SCHEMES
        self.engine = query.get("by", "pyspnego")
        self.token = None
        scheme, _, argument = self.headers.get("Authorization", "").partition(" ")
        if scheme in self.offered and scheme != "Basic":
            if not self.log_in(scheme, base64.b64decode(argument)):
                return
        elif scheme in self.offered:
            self.user, self.scheme = basic_user(argument), scheme
        elif scheme:
            self.user = None
        if not self.user and not scheme and "hold" in query:
            self.close_connection = True
            # Until the client has gone.
            self.rfile.read()
            return
        if not self.user:
            return self.refuse("no login")
        if not body:
            return self.answer(200)
        sealed = self.headers["Content-Type"] == sealed_type(self.scheme)
        if not sealed and self.server.policy is None:
            return self.answer(500, b"not sealed")
        try:
            message = self.unseal(body) if sealed else body
        except Exception as error:
            return self.answer(400, contexts.reason(error).encode())
        reply = self.reply(message, sealed)
        status = 500 if b"FAULT" in message else 200
        if sealed and b"UNSEALED" not in message:
            self.answer(status, self.seal(reply, message), ("Content-Type", sealed_type(self.scheme)))
        else:
            self.answer(status, reply, ("Content-Type", SOAP))

    def reply(self, message, sealed):
        binding = getattr(self.context, "binding", "-")
        delegated = getattr(self.context, "delegated", False)
        text = (f"user={self.user} scheme={self.scheme} binding={binding} sealed={sealed} delegated={delegated} "
                f"length={len(message)} sha256={hashlib.sha256(message).hexdigest()}")
        if IDENTIFY in message:
            version = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
            return ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>'
                    f'<i:IdentifyResponse xmlns:i="{IDENTIFY.decode()}"><i:ProtocolVersion>{version}</i:ProtocolVersion>'
                    f"<i:ProductVendor>hyperv-wsman rig</i:ProductVendor><i:ProductVersion>{text}</i:ProductVersion>"
                    "</i:IdentifyResponse></s:Body></s:Envelope>").encode()
        pad = re.search(rb"PAD=(\d+)", message)
        return f"<answer>{text}{'x' * int(pad[1]) if pad else ''}</answer>".encode()

    def unseal(self, body):
        length = re.search(rb";Length=(\d+)\r\n", body)
        head = sealed_head(self.scheme, int(length[1]) if length else 0).encode()
        assert body.startswith(head) and body.endswith(SEALED_TAIL), "not as Windows writes it"
        sealed = body[len(head):-len(SEALED_TAIL)]
        size, = struct.unpack("<I", sealed[:4])
        message = self.context.unseal(sealed[4:4 + size], sealed[4 + size:])
        assert len(message) == int(length[1]), f"Length={int(length[1])}, and {len(message)} bytes unsealed"
        return message

    def seal(self, reply, message):
        header, data, padding = self.context.seal(reply)
        if b"REPEATED" in message:
            return self.before
        if b"FLIPPED" in message:
            data = bytes([data[0] ^ 1]) + data[1:]
        if b"SHORT" in message:
            data = data[:-1]
        length = len(reply) + padding + 64 * (b"MISCOUNTED" in message)
        head, tail = sealed_head(self.scheme, length), SEALED_TAIL.decode() * (b"UNENDED" not in message)
        if b"SPACED" in message:
            head, tail = head.replace("--", "-- "), "-- Encrypted Boundary--\r\n\r\n"
        if b"BARE" in message:
            head, tail = head.replace("\t", ""), "\r\n--Encrypted Boundary--"
        self.before = head.encode() + struct.pack("<I", len(header)) + header + data + tail.encode()
        return self.before

    def log_in(self, scheme, token):
        """One leg; False when it has been answered."""
        if contexts.proof(token):
            self.count(contexts.proof(token))
        try:
            if self.context is None or self.context.complete:
                self.user = None
                self.context = contexts.begin(self.engine, scheme, token, self.server.bindings)
            token = self.context.step(token)
        except Exception as error:
            self.refuse(contexts.reason(error), scheme, contexts.refusal(error))
            return False
        if token:
            self.token = f"{scheme} {base64.b64encode(token).decode()}"
        if not self.context.complete:
            self.answer(401)
            return False
        binding = self.context.binding
        if binding == "wrong" or (self.server.policy == "strict" and binding != "right"):
            self.refuse(f"{self.server.policy}, and the binding is {binding}")
            return False
        self.user, self.scheme = self.context.user, scheme
        return True

    def refuse(self, why, scheme=None, token=None):
        """With the token in which a library says why, if there is one."""
        print(f"refused: {why}", flush=True)
        self.context = self.user = self.token = None
        offered = [name + ' realm="WSMAN"' * (name == "Basic") for name in self.offered if name != scheme or not token]
        if token:
            offered.insert(0, f"{scheme} {base64.b64encode(token).decode()}")
        self.answer(401, b"", *[("WWW-Authenticate", name) for name in offered])

    def answer(self, status, body=b"", *headers):
        if self.token:
            headers = (*headers, ("WWW-Authenticate", self.token))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def count(self, *names):
        with counting:
            of_path = counts.setdefault(self.path, {})
            for name in names:
                of_path[name] = of_path.get(name, 0) + 1

    def log_message(self, form, *arguments):
        print(self.server.name, self.client_address[1], form % arguments, f"user={self.user}", flush=True)


class Backend(Handler):
    """Behind Apache: says whom it let through."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.count("requests", *["messages"] * bool(body))
        text = f"user={self.headers.get('X-Remote-User')} scheme={self.headers.get('X-Auth-Type')} length={len(body)}"
        self.answer(200, f"<answer>{text}</answer>".encode(), ("Content-Type", SOAP))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder, name, handler, certificate=None, policy=None, expected=None):
        super().__init__(("127.0.0.1", 0), handler)
        self.name, self.policy, self.bindings = name, policy, None
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(f"{folder}/{certificate}.crt", f"{folder}/{certificate}.key")
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            if policy != "none":
                self.bindings = end_point_bindings(f"{folder}/{expected}.crt")


def main():
    folder, ports, *prefix = sys.argv[1:]
    usual = "rsa-sha256"
    listeners = [("BACKEND", Backend), ("PLAIN", Handler)]
    for policy in ("none", "relaxed", "strict"):
        listeners.append((f"DIRECT_{policy}", Handler, usual, policy, usual))
        listeners.append((f"INTERCEPTED_{policy}", Handler, usual, policy, "rsa-sha512"))
    for file in sorted(os.listdir(folder)):
        if file.endswith(".crt"):
            name = file[:-4]
            listeners.append((f"CERTIFICATE_{name}", Handler, name, "strict", name))
    lines = []
    for name, *settings in listeners:
        server = Server(folder, name, *settings)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lines.append(f"{''.join(prefix)}{name.replace('-', '_').upper()}={server.server_address[1]}")
    with open(f"{ports}.new", "w") as file:
        file.write("\n".join(lines) + "\n")
    os.rename(f"{ports}.new", ports)
    threading.Event().wait()


main()
