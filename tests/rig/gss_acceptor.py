"""Accepts Kerberos and SPNEGO over a plain socket: a line of text for each token and each sealed text.

    gss_acceptor.py FILE NAME       writes NAME=port to FILE

Independent of the client under test: by pyspnego (`kerberos`, and `negotiate` with its own SPNEGO), or
by MIT's library alone (`mit`), which also gives the token of a refusal. KRB5_KTNAME holds the keys.

    accept WHO BINDING      begins a login; BINDING is what the server expects, or -
    token HEX               -> token HEX|- COMPLETE USER BOUND DELEGATED | refused HEX|- WHY
    unseal HEADER DATA      -> plain HEX | refused - WHY
    seal HEX                -> sealed HEADER DATA PADDING
    wrap HEX                -> wrapped HEX              one piece, not rotated
    sign HEX                -> wrapped HEX              one piece, not encrypted
"""
import os
import re
import socketserver
import sys

import gssapi
import spnego
from spnego import NegotiateOptions
from spnego.channel_bindings import GssChannelBindings

# Errors are to come when they happen, and with the token that the library made of them.
gssapi.SecurityContext.__DEFER_STEP_ERRORS__ = False
CHANNEL_BOUND = 0x800
DELEGATED = 1


def text(value):
    return value.hex() if value else "-"


def binary(word):
    return b"" if word == "-" else bytes.fromhex(word)


def refused(error):
    """The reason, and the token for the client if the library made one."""
    token, reason = None, str(error)
    while error is not None and token is None:
        token = getattr(error, "token", None)
        error = error.__cause__ or error.__context__
    return f"refused {text(token)} {re.sub(r'[^ -~]+', ' ', reason)}"


class Spnego:
    """pyspnego."""

    def __init__(self, protocol, binding):
        options = NegotiateOptions.use_negotiate if protocol == "negotiate" else NegotiateOptions.use_gssapi
        bindings = GssChannelBindings(application_data=binding) if binding else None
        self.context = spnego.server(protocol=protocol, options=options, hostname="localhost", service="HTTP",
                                     channel_bindings=bindings)

    def token(self, token):
        out = self.context.step(token)
        if not self.context.complete:
            return f"token {text(out)} 0 - 0 0"
        assert self.context.negotiated_protocol == "kerberos", self.context.negotiated_protocol
        inner = getattr(self.context, "_context", self.context)
        flags = int(getattr(inner, "_context", inner).actual_flags)
        return (f"token {text(out)} 1 {self.context.client_principal} "
                f"{int(flags & CHANNEL_BOUND != 0)} {int(flags & DELEGATED != 0)}")

    def unseal(self, header, data):
        return f"plain {text(self.context.unwrap_winrm(header, data))}"

    def seal(self, data):
        sealed = self.context.wrap_winrm(data)
        body = sealed.data[:len(sealed.data) - sealed.padding_length]
        return f"sealed {text(sealed.header)} {text(body)} {text(sealed.data[len(body):])}"

    def wrap(self, data):
        return f"wrapped {text(self.context.wrap(data, encrypt=True).data)}"

    def sign(self, data):
        return f"wrapped {text(self.context.wrap(data, encrypt=False).data)}"


class Mit:
    """MIT's library, its own SPNEGO included."""

    def __init__(self, binding):
        bindings = gssapi.raw.ChannelBindings(application_data=binding) if binding else None
        self.context = gssapi.SecurityContext(usage="accept", channel_bindings=bindings)

    def token(self, token):
        out = self.context.step(token)
        if not self.context.complete:
            return f"token {text(out)} 0 - 0 0"
        flags = int(self.context.actual_flags)
        return (f"token {text(out)} 1 {self.context.initiator_name} "
                f"{int(flags & CHANNEL_BOUND != 0)} {int(flags & DELEGATED != 0)}")

    def unseal(self, header, data):
        return f"plain {text(self.context.unwrap(header + data).message)}"

    def wrap(self, data):
        return f"wrapped {text(self.context.wrap(data, True).message)}"

    def sign(self, data):
        return f"wrapped {text(self.context.wrap(data, False).message)}"


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        context = None
        for line in self.rfile:
            verb, *arguments = line.decode().split()
            try:
                if verb == "accept":
                    who, binding = arguments
                    context = Mit(binary(binding)) if who == "mit" else Spnego(who, binary(binding))
                    answer = "accepting"
                else:
                    answer = getattr(context, verb)(*map(binary, arguments))
            except Exception as error:  # whatever it is, the client is to hear of it
                answer = refused(error)
            print(f"{verb}: {answer[:200]}", flush=True)
            self.wfile.write(f"{answer}\n".encode())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def main():
    server = Server(("127.0.0.1", 0), Handler)
    ports, name = sys.argv[1:]
    with open(f"{ports}.new", "w") as file:
        file.write(f"{name}={server.server_address[1]}\n")
    os.rename(f"{ports}.new", ports)
    server.serve_forever()


main()
