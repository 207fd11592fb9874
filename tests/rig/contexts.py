"""Security contexts of acceptors, none of them by the client under test.

`begin` makes one for the first token of a login. Each has `step(token)`, which gives the token to send or
None, and then `complete`, `user`, `binding` (right or none; a wrong one is refused), `delegated`, and
`unseal(header, data)` and `seal(plain)` as WinRM cuts messages.
"""
import hashlib
import re
import struct

import gssapi
import spnego
from spnego import NegotiateOptions
from spnego.channel_bindings import GssChannelBindings

# Errors are to come when they happen, and with the token that the library made of them.
gssapi.SecurityContext.__DEFER_STEP_ERRORS__ = False
NTLM = gssapi.OID.from_int_seq("1.3.6.1.4.1.311.2.2.10")
NTLM_SIGNATURE = b"NTLMSSP\0"
# RFC 2744, and what MIT and gss-ntlmssp add to it.
DELEGATED, CHANNEL_BOUND = 1, 0x800
# Lengths of what WinRM calls the header: NTLM's signature, and RFC 4121's token header.
SIGNATURE, TOKEN_HEADER = 16, 16


def begin(engine, scheme, token, binding):
    """`engine`: pyspnego, gss-ntlmssp or mit. `binding`: tls-server-end-point and its hash, or None."""
    ntlm = is_ntlm(token)
    if ntlm != (engine == "gss-ntlmssp") and engine != "pyspnego":
        raise ValueError(f"{engine} does not speak this")
    if engine == "gss-ntlmssp":
        return Library(gssapi.Credentials(usage="accept", mechs=[NTLM]), binding, SIGNATURE)
    if engine == "mit":
        return Library(None, binding, TOKEN_HEADER)
    if ntlm:
        return Ntlm(binding)
    return Kerberos("kerberos" if scheme == "Kerberos" else "negotiate", binding)


def is_ntlm(token):
    return token.startswith(NTLM_SIGNATURE)


def proof(token):
    """By which mechanism a token proves who the client is, or tries to: NTLM's third, and Kerberos' first."""
    if is_ntlm(token):
        return "ntlm" if token[8:12] == b"\3\0\0\0" else None
    return "kerberos" if token[:1] == b"\x60" else None


def refusal(error):
    """The token that a library made of an error, if it did."""
    while error is not None:
        if getattr(error, "token", None):
            return error.token
        error = error.__cause__ or error.__context__
    return None


def reason(error):
    return re.sub(r"[^ -~]+", " ", f"{type(error).__name__}: {error}")


class Pyspnego:
    """pyspnego, whatever the mechanism."""

    delegated = False

    def __init__(self, protocol, options, binding):
        self.bindings = GssChannelBindings(application_data=binding) if binding else None
        self.context = spnego.server(protocol=protocol, options=options, hostname="localhost", service="HTTP",
                                     channel_bindings=self.bindings)

    def step(self, token):
        return self.context.step(token)

    @property
    def complete(self):
        return self.context.complete

    @property
    def user(self):
        return self.context.client_principal

    def unseal(self, header, data):
        return self.context.unwrap_winrm(header, data)

    def seal(self, plain):
        """Header, data with padding, and how much of it is padding."""
        sealed = self.context.wrap_winrm(plain)
        return sealed.header, sealed.data, sealed.padding_length


class Ntlm(Pyspnego):
    """Its own NTLM, in Python."""

    def __init__(self, binding):
        super().__init__("ntlm", NegotiateOptions.use_ntlm, binding)
        self.binding = "-"

    def step(self, token):
        if self.bindings and proof(token):
            # Looked up here because pyspnego takes one of zeros for a right one.
            sent, expected = sent_binding(token), hashlib.md5(self.bindings.pack()).digest()
            self.binding = "none" if sent is None else "right" if sent == expected else "wrong"
        return super().step(token)


class Kerberos(Pyspnego):
    """Kerberos by MIT's library, in pyspnego's own SPNEGO or without."""

    def __init__(self, protocol, binding):
        options = NegotiateOptions.use_negotiate if protocol == "negotiate" else NegotiateOptions.use_gssapi
        super().__init__(protocol, options, binding)

    def step(self, token):
        out = super().step(token)
        if self.complete and self.context.negotiated_protocol != "kerberos":
            raise ValueError(f"expected Kerberos, got {self.context.negotiated_protocol}")
        return out

    @property
    def flags(self):
        inner = getattr(self.context, "_context", self.context)
        return int(getattr(inner, "_context", inner).actual_flags)

    @property
    def binding(self):
        return "-" if not self.bindings else "right" if self.flags & CHANNEL_BOUND else "none"

    @property
    def delegated(self):
        return bool(self.flags & DELEGATED)


class Library:
    """gss_accept_sec_context, gss_unwrap and gss_wrap alone: all checks are the library's."""

    def __init__(self, credential, binding, header):
        bindings = gssapi.raw.ChannelBindings(application_data=binding) if binding else None
        self.bound, self.header = binding is not None, header
        self.context = gssapi.SecurityContext(usage="accept", creds=credential, channel_bindings=bindings)

    def step(self, token):
        return self.context.step(token)

    @property
    def complete(self):
        return self.context.complete

    @property
    def user(self):
        return str(self.context.initiator_name).strip()

    @property
    def flags(self):
        return int(self.context.actual_flags)

    @property
    def binding(self):
        return "-" if not self.bound else "right" if self.flags & CHANNEL_BOUND else "none"

    @property
    def delegated(self):
        return bool(self.flags & DELEGATED)

    def unseal(self, header, data):
        opened = self.context.unwrap(header + data)
        assert opened.encrypted, "signed, but not encrypted"
        return opened.message

    def seal(self, plain):
        """In one piece, not rotated: Kerberos' checksum is at its end."""
        token = self.context.wrap(plain, True).message
        return token[:self.header], token[self.header:], 0


def sent_binding(authenticate):
    """MsvAvChannelBindings of an AUTHENTICATE_MESSAGE, None when there is none."""
    length, _, offset = struct.unpack("<HHI", authenticate[20:28])
    pairs = authenticate[offset + 16 + 28:offset + length]
    while len(pairs) >= 4:
        kind, size = struct.unpack("<HH", pairs[:4])
        if kind == 0:
            return None
        if kind == 10 and any(pairs[4:4 + size]):
            return pairs[4:4 + size]
        pairs = pairs[4 + size:]
    return None
