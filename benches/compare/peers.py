"""pypsrp and pywinrm at the work of compare.py.

    peers.py pypsrp|pywinrm once | get N | enumerate | fan N

Ports as the responder prints them (PORTS); no certificate is verified. pywinrm has no Get and no Enumerate: its users
write the body of the message themselves. Each prints one line of JSON.
"""
import json
import os
import resource
import sys
import time
import warnings
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor

warnings.filterwarnings("ignore")
CLASS = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
KEYS = {"CreationClassName": "Msvm_ComputerSystem", "Name": "7B2A6C5E-0000-4000-8000-100000000007"}
PORTS = [int(port) for port in os.environ["PORTS"].split(",")]
# No proxy: to be told so, pywinrm changes the environment at each request, which its threads do not survive.
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]


class Pypsrp:
    def __init__(self, port):
        from pypsrp.wsman import SelectorSet, WSMan

        self.wsman = WSMan("127.0.0.1", port=port, ssl=True, cert_validation=False, auth="basic",
                           encryption="never", username="admin", password="secret", no_proxy=True)
        self.keys = SelectorSet()
        for name, value in KEYS.items():
            self.keys.add_option(name, value)

    def get(self):
        return self.wsman.get(CLASS, selector_set=self.keys)

    def enumerate(self):
        return self.wsman.enumerate(CLASS, resource=ET.Element(f"{{{ENUMERATION}}}Enumerate"))

    def pull(self, context):
        pull = ET.Element(f"{{{ENUMERATION}}}Pull")
        ET.SubElement(pull, f"{{{ENUMERATION}}}EnumerationContext").text = context
        ET.SubElement(pull, f"{{{ENUMERATION}}}MaxElements").text = "500"
        return self.wsman.pull(CLASS, resource=pull)


class Pywinrm:
    def __init__(self, port):
        from winrm.protocol import Protocol

        self.protocol = Protocol(f"https://127.0.0.1:{port}/wsman", transport="basic", username="admin",
                                 password="secret", server_cert_validation="ignore")

    def send(self, action, body, keys=None):
        import xmltodict

        message = {"env:Envelope": self.protocol.build_wsman_header(action, CLASS)}
        envelope = message["env:Envelope"]
        if keys:
            selectors = [{"@Name": name, "#text": value} for name, value in keys.items()]
            envelope["env:Header"]["w:SelectorSet"] = {"w:Selector": selectors}
        envelope["env:Body"] = body
        return ET.fromstring(self.protocol.send_message(xmltodict.unparse(message)))

    def get(self):
        return self.send(f"{TRANSFER}/Get", {}, KEYS)

    def enumerate(self):
        return self.send(f"{ENUMERATION}/Enumerate", {"n:Enumerate": {}})

    def pull(self, context):
        pull = {"n:Pull": {"n:EnumerationContext": context, "n:MaxElements": "500"}}
        return self.send(f"{ENUMERATION}/Pull", pull)


def enumerate_all(client):
    answer, rows = client.enumerate(), []
    while (context := answer.find(f".//{{{ENUMERATION}}}EnumerationContext")) is not None:
        answer = client.pull(context.text)
        for item in answer.find(f".//{{{ENUMERATION}}}Items"):
            rows.append({child.tag.rsplit("}", 1)[-1]: child.text for child in item})
    return rows


def main():
    kind = {"pypsrp": Pypsrp, "pywinrm": Pywinrm}[sys.argv[1]]
    mode = sys.argv[2]
    start = time.perf_counter()
    rows = 0
    if mode == "once":
        kind(PORTS[0]).get()
    elif mode == "get":
        client = kind(PORTS[0])
        client.get()
        start = time.perf_counter()
        for _ in range(int(sys.argv[3])):
            client.get()
    elif mode == "enumerate":
        rows = len(enumerate_all(kind(PORTS[0])))
    elif mode == "fan":
        def one(port):
            client = kind(port)
            for _ in range(int(sys.argv[3])):
                client.get()
        with ThreadPoolExecutor(len(PORTS)) as threads:
            list(threads.map(one, PORTS))
    micros = int((time.perf_counter() - start) * 1e6)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"us": micros, "rows": rows, "peak_kib": peak}))


if __name__ == "__main__":
    main()
