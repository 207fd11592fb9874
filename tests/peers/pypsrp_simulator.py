#!/usr/bin/env python3
"""Drives the simulated host with pypsrp's WSMan class, a client that is not ours, with NTLM.

    pypsrp_simulator.py PORT CA_FILE            over HTTPS
    pypsrp_simulator.py PORT CA_FILE sealed     over HTTPS, messages sealed
    pypsrp_simulator.py PORT                    over HTTP, messages sealed

User and password come from HVCTL_USER and HVCTL_PASSWORD.

Get, Put, Create and Delete, of whole instances and of fragments; Enumerate and Pull in each mode and with each
filter (WQL, Selector, Association), and optimized; Invoke CreateSnapshot with a reference, Get of the job until it ends,
ExportSnapshot of the new snapshot, and the faults a client must see. Prints one line a check; the exit code is 0 when all of them hold.
"""
import os
import sys
import time
import warnings
import xml.etree.ElementTree as ET

from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.wsman import OptionSet, SelectorSet, WSMan, WSManAction

warnings.simplefilter("ignore")
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
NAMESPACE = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
BINDING = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
ENVIRONMENT = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Environment"
WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
SELECTOR = "http://schemas.dmtf.org/wbem/wsman/1/wsman/SelectorFilter"
ASSOCIATION = "http://schemas.dmtf.org/wbem/wsman/1/cimbinding/associationFilter"
ANONYMOUS = ADDRESSING + "/role/anonymous"
SERVICE = NAMESPACE + "Msvm_CollectionSnapshotService"

EXPORT_SETTINGS = ('<INSTANCE CLASSNAME="Msvm_CollectionSnapshotExportSettingData">'
                   '<PROPERTY NAME="CopyVmStorage" TYPE="boolean"><VALUE>true</VALUE></PROPERTY></INSTANCE>')


def check(what, holds, seen=None):
    print(f"{'ok' if holds else 'FAILED'}: {what}" + ("" if holds else f" (saw {seen!r})"), flush=True)
    if not holds:
        sys.exit(1)


def connect(way, password):
    port, *ca_file = way[:2]
    tls = {"ssl": True, "cert_validation": ca_file[0]} if ca_file else {"ssl": False}
    # By default pypsrp seals over HTTP, and over HTTPS it does not.
    encryption = "always" if way[2:] == ["sealed"] else "auto"
    return WSMan("localhost", port=int(port), username=os.environ["HVCTL_USER"], password=password,
                 auth="ntlm", encryption=encryption, **tls)


def selectors(**keys):
    chosen = SelectorSet()
    for name, value in keys.items():
        chosen.add_option(name, value)
    return chosen


def local(element):
    return element.tag.rpartition("}")[2]


def properties(instance):
    found = {}
    for child in instance:
        found.setdefault(local(child), []).append(child.text)
    return found


def enumerate_all(client, uri, max_elements=2, wql=None, chosen=None, mode=None):
    """Plain enumeration, page by page, as a client without optimization does it."""
    request = ET.Element(f"{{{ENUMERATION}}}Enumerate")
    ET.SubElement(request, f"{{{WSMAN}}}MaxElements").text = str(max_elements)
    if mode:
        ET.SubElement(request, f"{{{WSMAN}}}EnumerationMode").text = mode
    if wql:
        ET.SubElement(request, f"{{{WSMAN}}}Filter", Dialect=WQL).text = wql
    if chosen is not None:
        request.append(chosen)
    body = client.enumerate(uri, request)
    context = body.find(f".//{{{ENUMERATION}}}EnumerationContext").text
    instances, pages = [], 0
    while context:
        pull = ET.Element(f"{{{ENUMERATION}}}Pull")
        ET.SubElement(pull, f"{{{ENUMERATION}}}EnumerationContext").text = context
        ET.SubElement(pull, f"{{{ENUMERATION}}}MaxElements").text = str(max_elements)
        answer = client.pull(uri, pull)[0]
        items = answer.find(f"{{{ENUMERATION}}}Items")
        instances += [] if items is None else list(items)
        pages += 1
        ended = answer.find(f"{{{ENUMERATION}}}EndOfSequence") is not None
        following = answer.find(f"{{{ENUMERATION}}}EnumerationContext")
        check("a page ends the sequence or names the next context", ended != (following is not None))
        context = None if ended else following.text
    return instances, pages


def enumerate_optimized(client, uri, max_elements):
    """The first items come with the answer to Enumerate (DSP0226 8.2.3), in the namespace of WS-Management."""
    request = ET.Element(f"{{{ENUMERATION}}}Enumerate")
    ET.SubElement(request, f"{{{WSMAN}}}OptimizeEnumeration")
    ET.SubElement(request, f"{{{WSMAN}}}MaxElements").text = str(max_elements)
    body = client.enumerate(uri, request)
    first = body.find(f".//{{{WSMAN}}}Items")
    check("an optimized Enumerate brings the first items", first is not None and 0 < len(first) <= max_elements,
          ET.tostring(body))
    instances, pulls = list(first), 0
    ended = body.find(f".//{{{WSMAN}}}EndOfSequence") is not None
    context = body.find(f".//{{{ENUMERATION}}}EnumerationContext")
    while not ended:
        pull = ET.Element(f"{{{ENUMERATION}}}Pull")
        ET.SubElement(pull, f"{{{ENUMERATION}}}EnumerationContext").text = context.text
        ET.SubElement(pull, f"{{{ENUMERATION}}}MaxElements").text = str(max_elements)
        answer = client.pull(uri, pull)[0]
        instances += list(answer.find(f"{{{ENUMERATION}}}Items"))
        pulls += 1
        ended = answer.find(f"{{{ENUMERATION}}}EndOfSequence") is not None
        context = answer.find(f"{{{ENUMERATION}}}EnumerationContext")
    return instances, pulls


def optimized(client, machines):
    names = sorted(properties(machine)["Name"][0] for machine in machines)
    for max_elements, expected in [(2, -(-len(machines) // 2) - 1), (32000, 0)]:
        found, pulls = enumerate_optimized(client, NAMESPACE + "Msvm_ComputerSystem", max_elements)
        check(f"it finds the same with {max_elements} on a page, by {expected} pulls",
              (sorted(properties(one)["Name"][0] for one in found), pulls) == (names, expected), (found, pulls))


def reference(parent, name, class_name, **keys):
    parameter = ET.SubElement(parent, name)
    ET.SubElement(parameter, f"{{{ADDRESSING}}}Address").text = ANONYMOUS
    inner = ET.SubElement(parameter, f"{{{ADDRESSING}}}ReferenceParameters")
    ET.SubElement(inner, f"{{{WSMAN}}}ResourceURI").text = NAMESPACE + class_name
    chosen = ET.SubElement(inner, f"{{{WSMAN}}}SelectorSet")
    for key, value in keys.items():
        ET.SubElement(chosen, f"{{{WSMAN}}}Selector", Name=key).text = value


def create_snapshot(client, collection_id):
    call = ET.Element(f"{{{SERVICE}}}CreateSnapshot_INPUT")
    reference(call, f"{{{SERVICE}}}Collection", "Msvm_VirtualSystemCollection", CollectionID=collection_id)
    ET.SubElement(call, f"{{{SERVICE}}}SnapshotSettings").text = ""
    ET.SubElement(call, f"{{{SERVICE}}}SnapshotType").text = "1"
    answer = client.invoke(SERVICE + "/CreateSnapshot", SERVICE, call,
                           selector_set=selectors(CreationClassName="Msvm_CollectionSnapshotService"))
    output = answer.find(f".//{{{SERVICE}}}CreateSnapshot_OUTPUT")
    check("CreateSnapshot starts a job", output.find(f"{{{SERVICE}}}ReturnValue").text == "4096",
          ET.tostring(output))
    return output.find(f"{{{SERVICE}}}Job")


def export_snapshot(client, snapshot):
    call = ET.Element(f"{{{SERVICE}}}ExportSnapshot_INPUT")
    reference(call, f"{{{SERVICE}}}SnapshotCollection", "Msvm_SnapshotCollection", CollectionID=snapshot)
    ET.SubElement(call, f"{{{SERVICE}}}ExportDirectory").text = "D:\\Exports"
    ET.SubElement(call, f"{{{SERVICE}}}ExportSettingData").text = EXPORT_SETTINGS
    answer = client.invoke(SERVICE + "/ExportSnapshot", SERVICE, call,
                           selector_set=selectors(CreationClassName="Msvm_CollectionSnapshotService"))
    output = answer.find(f".//{{{SERVICE}}}ExportSnapshot_OUTPUT")
    check("ExportSnapshot starts a job", output.find(f"{{{SERVICE}}}ReturnValue").text == "4096",
          ET.tostring(output))
    return output.find(f"{{{SERVICE}}}Job")


def wait_for(client, job):
    uri = job.find(f".//{{{WSMAN}}}ResourceURI").text
    keys = {s.get("Name"): s.text for s in job.iter(f"{{{WSMAN}}}Selector")}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        instance = properties(client.get(uri, selector_set=selectors(**keys))[0])
        if int(instance["JobState"][0]) >= 7:
            return instance
        time.sleep(0.1)
    check("the job ends within a minute", False)


def fault_code(call):
    try:
        call()
    except WSManFaultError as fault:
        return fault.code
    return None


def selector_filter(**keys):
    chosen = ET.Element(f"{{{WSMAN}}}Filter", Dialect=SELECTOR)
    selector_set = ET.SubElement(chosen, f"{{{WSMAN}}}SelectorSet")
    for name, value in keys.items():
        ET.SubElement(selector_set, f"{{{WSMAN}}}Selector", Name=name).text = value
    return chosen


def association_filter(kind, collection_id, **restrictions):
    chosen = ET.Element(f"{{{WSMAN}}}Filter", Dialect=ASSOCIATION)
    walk = ET.SubElement(chosen, f"{{{BINDING}}}{kind}")
    reference(walk, f"{{{BINDING}}}Object", "Msvm_VirtualSystemCollection", CollectionID=collection_id)
    for name, value in restrictions.items():
        ET.SubElement(walk, f"{{{BINDING}}}{name}").text = value
    return chosen


def filters_and_modes(client, group):
    found, _ = enumerate_all(client, NAMESPACE + "Msvm_VirtualSystemCollection",
                             chosen=selector_filter(ElementName="web-tier"))
    check("a Selector filter finds one", [properties(one)["CollectionID"] for one in found] == [[group]], found)
    members, _ = enumerate_all(client, NAMESPACE + "*", chosen=association_filter(
        "AssociatedInstances", group, AssociationClassName="Msvm_CollectedVirtualSystems", Role="Collection",
        ResultClassName="Msvm_ComputerSystem", ResultRole="Member"))
    check("an Association filter leads to the members", len(members) == 3
          and all(local(member) == "Msvm_ComputerSystem" for member in members), members)
    links, _ = enumerate_all(client, NAMESPACE + "*", chosen=association_filter(
        "AssociationInstances", group, ResultClassName="Msvm_CollectedVirtualSystems", Role="Collection"))
    check("an Association filter gives the links", len(links) == 3
          and all(local(link) == "Msvm_CollectedVirtualSystems" for link in links), links)
    references, _ = enumerate_all(client, NAMESPACE + "Msvm_VirtualSystemCollection", mode="EnumerateEPR")
    check("EnumerateEPR gives references", all(local(one) == "EndpointReference" for one in references), references)
    both, _ = enumerate_all(client, NAMESPACE + "Msvm_VirtualSystemCollection", mode="EnumerateObjectAndEPR")
    check("EnumerateObjectAndEPR gives pairs", len(both) == len(references) and all(
        [local(part) for part in item] == ["Msvm_VirtualSystemCollection", "EndpointReference"] for item in both),
        both)


def variable(**values):
    instance = ET.Element(f"{{{ENVIRONMENT}}}Win32_Environment")
    for name, value in values.items():
        ET.SubElement(instance, f"{{{ENVIRONMENT}}}{name}").text = value
    return instance


def fragment(client, action, name, keys, content=None):
    """pypsrp has no fragments: its header is extended, its body sent as it is."""
    build = client._create_header

    def with_fragment(*args, **kwargs):
        message_id, header = build(*args, **kwargs)
        transfer = ET.SubElement(header, f"{{{WSMAN}}}FragmentTransfer")
        transfer.set(f"{{{SOAP}}}mustUnderstand", "true")
        transfer.text = name
        return message_id, header

    client._create_header = with_fragment
    try:
        answer = client.invoke(action, ENVIRONMENT, content, selector_set=keys)
    finally:
        client._create_header = build
    return next(answer.iter(f"{{{WSMAN}}}XmlFragment"))


def transfer(client):
    keys = selectors(Name="PYPSRP", UserName="<SYSTEM>")
    created = client.create(ENVIRONMENT, variable(Name="PYPSRP", UserName="<SYSTEM>", VariableValue="one"))
    names = {s.get("Name"): s.text for s in created.iter(f"{{{WSMAN}}}Selector")}
    check("Create gives the reference", names == {"Name": "PYPSRP", "UserName": "<SYSTEM>"}, names)
    put = client.put(ENVIRONMENT, variable(VariableValue="two & <three>"), selector_set=keys)[0]
    check("Put gives what is there now", properties(put)["VariableValue"] == ["two & <three>"], ET.tostring(put))
    got = fragment(client, WSManAction.GET, "VariableValue", keys)
    check("Get of a fragment gives it alone", properties(got) == {"VariableValue": ["two & <three>"]},
          ET.tostring(got))
    content = ET.Element(f"{{{WSMAN}}}XmlFragment")
    ET.SubElement(content, f"{{{ENVIRONMENT}}}VariableValue").text = "four"
    put = fragment(client, WSManAction.PUT, "VariableValue", keys, content)
    check("Put of a fragment writes it", properties(put) == {"VariableValue": ["four"]}, ET.tostring(put))
    options = OptionSet()
    options.add_option("ShowExtensions", "")
    got = client.get(ENVIRONMENT, selector_set=keys, option_set=options)[0]
    check("Get with options gives the instance", properties(got)["VariableValue"] == ["four"], ET.tostring(got))
    client.delete(ENVIRONMENT, selector_set=keys)
    code = fault_code(lambda: client.get(ENVIRONMENT, selector_set=keys))
    check("Delete deletes", code == 2150858752, code)
    code = fault_code(lambda: client.delete(NAMESPACE + "Msvm_VirtualSystemCollection",
                                            selector_set=selectors(CollectionID="x")))
    check("classes of Hyper-V refuse Delete", code == 0x80041024, code)


def main():
    way = sys.argv[1:]
    with connect(way, os.environ["HVCTL_PASSWORD"]) as client:
        groups, _ = enumerate_all(client, NAMESPACE + "*", wql="SELECT * FROM Msvm_VirtualSystemCollection")
        named = {properties(g)["ElementName"][0]: properties(g)["CollectionID"][0] for g in groups}
        check("WQL finds the group", "web-tier" in named, named)
        machines, pages = enumerate_all(client, NAMESPACE + "Msvm_ComputerSystem")
        check("Enumerate comes in pages of MaxElements", len(machines) > 3 and pages == -(-len(machines) // 2),
              (len(machines), pages))
        optimized(client, machines)
        group = client.get(NAMESPACE + "Msvm_VirtualSystemCollection",
                           selector_set=selectors(CollectionID=named["web-tier"]))[0]
        check("Get gives the group", properties(group)["ElementName"] == ["web-tier"], ET.tostring(group))
        filters_and_modes(client, named["web-tier"])
        transfer(client)
        before, _ = enumerate_all(client, NAMESPACE + "Msvm_SnapshotCollection")
        job = wait_for(client, create_snapshot(client, named["web-tier"]))
        check("the job completes", (job["JobState"], job["ErrorCode"]) == (["7"], ["0"]), job)
        after, _ = enumerate_all(client, NAMESPACE + "Msvm_SnapshotCollection")
        check("one snapshot more", len(after) == len(before) + 1, (len(before), len(after)))
        known = [properties(snapshot)["CollectionID"] for snapshot in before]
        new = [properties(snapshot)["CollectionID"][0] for snapshot in after
               if properties(snapshot)["CollectionID"] not in known]
        job = wait_for(client, export_snapshot(client, new[0]))
        check("the export completes", (job["JobState"], job["ErrorCode"]) == (["7"], ["0"]), job)
        code = fault_code(lambda: client.get(NAMESPACE + "Msvm_VirtualSystemCollection",
                                             selector_set=selectors(CollectionID="no such id")))
        check("Get of what is not there is DestinationUnreachable", code == 2150858752, code)
        code = fault_code(lambda: enumerate_all(client, NAMESPACE + "Msvm_ComputerSystem",
                                                wql="SELECT * FROM Msvm_ComputerSystem"))
        check("WQL with a class URI is refused", code == 2150858778, code)
    refused = False
    try:
        connect(way, "not the password").get(NAMESPACE + "Msvm_ComputerSystem", selector_set=selectors(Name="x"))
    except AuthenticationError:
        refused = True
    check("a wrong password is refused", refused)


if __name__ == "__main__":
    main()
