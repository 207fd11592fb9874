"""A WinRM-like acceptor for tests, independent of the client under test: NTLM is pyspnego's.

    acceptor.py DIR        certificates NAME.crt and NAME.key in DIR; writes DIR/rig.env

One security context for each TCP connection, as WinRM has it. The listener PLAIN is HTTP and takes sealed
messages only; it reads them line by line as Windows' own clients write them. The others are HTTPS, take
sealed messages too, and have a policy for channel bindings as CbtHardeningLevel names them: none does not look, relaxed refuses wrong ones,
strict also refuses missing ones. An intercepted listener shows another certificate than the one whose
binding it expects, as a TLS proxy in front of a host would. NTLM_USER_FILE holds the users
(DOMAIN:USER:PASSWORD). A SOAP-like answer tells who was authenticated, and how. A message with the word
FAULT gets HTTP 500, one with PAD=n an answer longer by n bytes, one with SPACED or BARE a sealed answer as
other servers write it: a space behind the dashes, or no tabs.
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

import spnego
from cryptography import x509
from spnego.channel_bindings import GssChannelBindings

AV_END, AV_CHANNEL_BINDINGS = 0, 10
NO_BINDING = bytes(16)
SOAP = "application/soap+xml;charset=UTF-8"
SEALED = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'
# [MS-WSMV] 2.2.9.1, as Windows writes it.
SEALED_HEAD = re.compile(
    rb"--Encrypted Boundary\r\n"
    rb"\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
    rb"\tOriginalContent: type=application/soap\+xml;charset=UTF-8;Length=(\d+)\r\n"
    rb"--Encrypted Boundary\r\n"
    rb"\tContent-Type: application/octet-stream\r\n")
SEALED_TAIL = b"--Encrypted Boundary--\r\n"


def end_point_bindings(certificate):
    """tls-server-end-point, RFC 5929 4.1."""
    with open(certificate, "rb") as file:
        parsed = x509.load_pem_x509_certificate(file.read())
    name = parsed.signature_hash_algorithm.name
    der = ssl.PEM_cert_to_DER_cert(open(certificate).read())
    digest = hashlib.new("sha256" if name in ("md5", "sha1") else name, der).digest()
    return GssChannelBindings(application_data=b"tls-server-end-point:" + digest)


def sent_binding(authenticate):
    """MsvAvChannelBindings of an AUTHENTICATE_MESSAGE, None when there is none.

    Looked up here because pyspnego takes one of zeros for a right one.
    """
    length, _, offset = struct.unpack("<HHI", authenticate[20:28])
    pairs = authenticate[offset + 16 + 28:offset + length]
    while len(pairs) >= 4:
        kind, size = struct.unpack("<HH", pairs[:4])
        if kind == AV_END:
            return None
        if kind == AV_CHANNEL_BINDINGS and pairs[4:4 + size] != NO_BINDING:
            return pairs[4:4 + size]
        pairs = pairs[4 + size:]
    return None


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
        self.context = self.user = None
        self.scheme, self.binding = "-", "-"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        scheme, _, argument = self.headers.get("Authorization", "").partition(" ")
        if scheme in ("Negotiate", "NTLM"):
            if not self.log_in(scheme, base64.b64decode(argument)):
                return
        elif scheme == "Basic":
            self.user, self.scheme = basic_user(argument), scheme
        if not self.user:
            return self.refuse("no login")
        if not body:
            return self.answer(200)
        sealed = self.headers["Content-Type"] == SEALED
        if not sealed and self.server.policy is None:
            return self.answer(500, b"", ("X-Rig-Error", "not sealed"))
        try:
            message = self.unseal(body) if sealed else body
        except Exception as error:
            return self.answer(400, b"", ("X-Rig-Error", f"{type(error).__name__}: {error}"))
        text = (f"user={self.user} scheme={self.scheme} binding={self.binding} sealed={sealed} length={len(message)} "
                f"sha256={hashlib.sha256(message).hexdigest()}")
        pad = re.search(rb"PAD=(\d+)", message)
        reply = f"<answer>{text}{'x' * int(pad[1]) if pad else ''}</answer>".encode()
        status = 500 if b"FAULT" in message else 200
        if sealed:
            self.answer(status, self.seal(reply, message), ("Content-Type", SEALED))
        else:
            self.answer(status, reply, ("Content-Type", SOAP))

    def unseal(self, body):
        head = SEALED_HEAD.match(body)
        assert head and body.endswith(SEALED_TAIL), "not as Windows writes it"
        sealed = body[head.end():-len(SEALED_TAIL)]
        size, = struct.unpack("<I", sealed[:4])
        message = self.context.unwrap_winrm(sealed[4:4 + size], sealed[4 + size:])
        assert len(message) == int(head[1]), f"Length={int(head[1])}, and {len(message)} bytes unsealed"
        return message

    def seal(self, reply, message):
        sealed = self.context.wrap_winrm(reply)
        head = ("--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
                f"\tOriginalContent: type={SOAP};Length={len(reply) + sealed.padding_length}\r\n"
                "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n")
        tail = SEALED_TAIL.decode()
        if b"SPACED" in message:
            head, tail = head.replace("--", "-- "), "-- Encrypted Boundary--\r\n\r\n"
        if b"BARE" in message:
            head, tail = head.replace("\t", ""), "\r\n--Encrypted Boundary--"
        return head.encode() + struct.pack("<I", len(sealed.header)) + sealed.header + sealed.data + tail.encode()

    def log_in(self, scheme, token):
        """One leg; False when it has been answered."""
        server = self.server
        try:
            if self.context is None or self.context.complete:
                self.user = None
                self.context = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm, hostname="localhost",
                                             service="HTTP", channel_bindings=server.bindings)
            if server.bindings and token[8:12] == b"\3\0\0\0":
                expected, sent = hashlib.md5(server.bindings.pack()).digest(), sent_binding(token)
                self.binding = "none" if sent is None else "right" if sent == expected else "wrong"
            challenge = self.context.step(token)
        except Exception as error:
            self.refuse(f"{type(error).__name__}: {error}")
            return False
        if not self.context.complete:
            self.answer(401, b"", ("WWW-Authenticate", f"{scheme} {base64.b64encode(challenge).decode()}"))
            return False
        if server.policy == "strict" and self.binding != "right":
            self.refuse(f"strict, and the binding is {self.binding}")
            return False
        self.user, self.scheme = self.context.client_principal, scheme
        return True

    def refuse(self, why):
        self.context = self.user = None
        offered = [("WWW-Authenticate", scheme) for scheme in ("Negotiate", "NTLM", 'Basic realm="WSMAN"')]
        self.answer(401, b"", *offered, ("X-Rig-Error", re.sub(r"\s+", " ", why)[:300]))

    def answer(self, status, body=b"", *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, form, *arguments):
        print(self.server.name, self.client_address[1], form % arguments, f"user={self.user} binding={self.binding}", flush=True)


class Backend(Handler):
    """Behind Apache: says whom it let through."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        text = f"user={self.headers.get('X-Remote-User')} length={len(body)}"
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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    folder = sys.argv[1]
    usual = "rsa-sha256"
    listeners = [("BACKEND", Backend), ("PLAIN", Handler)]
    for policy in ("none", "relaxed", "strict"):
        listeners.append((f"DIRECT_{policy}", Handler, usual, policy, usual))
        listeners.append((f"INTERCEPTED_{policy}", Handler, usual, policy, "rsa-sha512"))
    for file in sorted(os.listdir(folder)):
        if file.endswith(".crt"):
            name = file[:-4]
            listeners.append((f"CERTIFICATE_{name}", Handler, name, "strict", name))
    lines = [f"APACHE={free_port()}"]
    for name, *settings in listeners:
        server = Server(folder, name, *settings)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        lines.append(f"{name.replace('-', '_').upper()}={server.server_address[1]}")
    with open(f"{folder}/rig.env.new", "w") as file:
        file.write("\n".join(lines) + "\n")
    os.rename(f"{folder}/rig.env.new", f"{folder}/rig.env")
    threading.Event().wait()


main()
