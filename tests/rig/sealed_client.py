"""A client for tests, independent of the acceptor under test: NTLM is pyspnego's, sealed bodies are pypsrp's.

Speaks lines on standard input and output, binary as hexadecimal digits:

    versions            the names and versions of what it is made of
    login USER PASSWORD the NEGOTIATE message
    token HEX           the AUTHENTICATE message for this CHALLENGE
    seal HEX            the sealed body of this message, as its Content-Type says of it
    open HEX            the message in this sealed body
"""
import importlib.metadata
import os
import sys

import spnego
from pypsrp.encryption import WinRMEncryption

BOUNDARY = "Encrypted Boundary"
# What pyspnego calls this machine, in place of its own name.
os.environ["NETBIOS_COMPUTER_NAME"] = "CLIENT"


def main():
    context = encryption = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == "versions":
            reply = " ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pyspnego", "pypsrp"))
        elif command == "login":
            options = spnego.NegotiateOptions.use_ntlm | spnego.NegotiateOptions.wrapping_winrm
            context = spnego.client(words[0], words[1], hostname="localhost", service="HTTP", protocol="ntlm",
                                    options=options)
            encryption = WinRMEncryption(context, WinRMEncryption.SPNEGO)
            reply = context.step().hex()
        elif command == "token":
            reply = context.step(bytes.fromhex(words[0])).hex()
        elif command == "seal":
            media_type, body = encryption.wrap_message(bytes.fromhex("".join(words)))
            reply = f'{body.hex()} {media_type};protocol="{encryption.protocol}";boundary="{BOUNDARY}"'
        else:
            reply = encryption.unwrap_message(bytes.fromhex(words[0]), BOUNDARY).hex()
        print(reply, flush=True)


main()
