use super::*;
use std::{fmt::Write as _, fs, path::Path};

fn shown(explanation: &Explanation) -> String {
    let mut text = explanation.summary.clone();
    for (indent, label, value) in &explanation.lines {
        write!(text, "\n{}{label}: {value}", "  ".repeat(usize::from(*indent) + 1)).unwrap();
    }
    text
}

fn golden(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/requests");
    shown(&explain(&fs::read(folder.join(name)).unwrap(), &Schema::default()).unwrap())
}

/// An answer with this action and body.
fn answer(action: &str, body: &str) -> Explanation {
    let xml = format!(
        r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
            xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
            xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
            xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"
            xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
            xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"
            xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ConcreteJob"
            ><s:Header><a:Action>{action}</a:Action></s:Header><s:Body>{body}</s:Body></s:Envelope>"#
    );
    explain(xml.as_bytes(), &Schema::default()).unwrap()
}

#[test]
fn a_method_call_is_told_with_its_instance_and_parameters() {
    insta::assert_snapshot!(golden("invoke-export-snapshot.xml"), @r#"
    request ExportSnapshot of Msvm_CollectionSnapshotService
      action: http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_CollectionSnapshotService/ExportSnapshot
      to: https://hv01.example.test:5986/wsman
      resource: http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_CollectionSnapshotService
      message: uuid:00000000-0000-4000-8000-000000000002
      timeout: PT60S
      largest answer: 512000 bytes
      selectors: 
        CreationClassName: Msvm_CollectionSnapshotService
      SnapshotCollection: Msvm_SnapshotCollection with CollectionID=00000000-0000-4000-8000-000000000013
      ExportDirectory: D:\Exports\R&D
      ExportSettingData: instance of Msvm_CollectionSnapshotExportSettingData
        CopyVmStorage: true
        BackupIntent: 1 (BackupIntentPreserveChain)
    "#);
}

#[test]
fn a_query_is_told_with_its_text() {
    insta::assert_snapshot!(golden("enumerate-references-by-query.xml"), @"
    request Enumerate of all classes
      action: http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate
      to: https://hv01.example.test:5986/wsman
      resource: http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/*
      message: uuid:00000000-0000-4000-8000-000000000002
      timeout: PT60S
      largest answer: 512000 bytes
      first page: with the answer
      items at most: 32000
      mode: EnumerateEPR
      filter (WQL): SELECT * FROM Msvm_VirtualSystemCollection WHERE ElementName='R&D <web>'
    ");
}

#[test]
fn the_other_requests_are_summarised_by_operation_and_class() {
    let summary = |name: &str| golden(name).lines().next().unwrap().to_owned();
    assert_eq!(summary("identify.xml"), "request Identify");
    assert_eq!(summary("get.xml"), "request Get of Msvm_ConcreteJob");
    assert_eq!(summary("enumerate-by-selectors.xml"), "request Enumerate of Msvm_VirtualSystemCollection");
    assert_eq!(summary("pull.xml"), "request Pull of Msvm_VirtualSystemCollection");
    assert_eq!(summary("release.xml"), "request Release of Msvm_VirtualSystemCollection");
    assert_eq!(summary("invoke-without-parameters.xml"), "request GetErrorEx of Msvm_ConcreteJob");
}

#[test]
fn an_instance_is_told_with_the_names_of_its_codes() {
    let job = "<p:Msvm_ConcreteJob><p:Caption xsi:nil='true'/><p:Description xsi:nil='true'/>\
        <p:ElapsedTime><cim:Interval>P0DT0H0M1.5S</cim:Interval></p:ElapsedTime>\
        <p:InstallDate><cim:Datetime>1601-01-01T00:00:00Z</cim:Datetime></p:InstallDate>\
        <p:JobState>7</p:JobState><p:OperationalStatus>17</p:OperationalStatus>\
        <p:OperationalStatus>2</p:OperationalStatus><p:Unheard>of</p:Unheard></p:Msvm_ConcreteJob>";
    insta::assert_snapshot!(shown(&answer("http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse", job)), @"
    answer to Get: Msvm_ConcreteJob
      action: http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse
      ElapsedTime: P0DT0H0M1.5S
      InstallDate: never
      JobState: 7 (Completed)
      OperationalStatus: 17 (Completed), 2 (OK)
      Unheard: of
      null: Caption, Description
    ");
}

#[test]
fn the_output_of_a_method_is_told_with_the_name_of_its_return_value() {
    let error = "&lt;INSTANCE CLASSNAME=\"Msvm_Error\"&gt;&lt;PROPERTY NAME=\"ErrorSource\" TYPE=\"string\"&gt;\
        &lt;VALUE&gt;vmms&lt;/VALUE&gt;&lt;/PROPERTY&gt;&lt;/INSTANCE&gt;";
    let output = format!(
        "<p:GetErrorEx_OUTPUT><p:Errors>{error}</p:Errors><p:ReturnValue>0</p:ReturnValue></p:GetErrorEx_OUTPUT>"
    );
    insta::assert_snapshot!(shown(&answer("", &output)), @"
    answer to GetErrorEx of Msvm_ConcreteJob: 0 (Completed with No Error)
      return value: 0 (Completed with No Error)
      Errors: instance of Msvm_Error
        ErrorSource: vmms
    ");
}

#[test]
fn a_page_is_told_item_by_item() {
    let page = "<n:PullResponse><n:Items><p:Msvm_ConcreteJob><p:InstanceID>1</p:InstanceID></p:Msvm_ConcreteJob>\
        <a:EndpointReference><a:Address/><a:ReferenceParameters><w:ResourceURI>urn:x/Msvm_ConcreteJob</w:ResourceURI>\
        <w:SelectorSet><w:Selector Name='InstanceID'>1</w:Selector></w:SelectorSet></a:ReferenceParameters>\
        </a:EndpointReference></n:Items><n:EndOfSequence/></n:PullResponse>";
    insta::assert_snapshot!(shown(&answer("", page)), @"
    answer to Pull: 2 items, the end
      item 1: Msvm_ConcreteJob
        InstanceID: 1
      item 2: EndpointReference
        reference: Msvm_ConcreteJob with InstanceID=1
    ");
}

#[test]
fn a_fault_is_told_with_meaning_hint_and_what_to_do() {
    let fault = "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:AccessDenied</s:Value>\
        </s:Subcode></s:Code><s:Reason><s:Text xml:lang='en-US'>Access is denied. </s:Text></s:Reason><s:Detail>\
        <f:WSManFault Code='5' Machine='hv01.example.test'><f:Message>Access is denied. </f:Message></f:WSManFault>\
        </s:Detail></s:Fault>";
    let explanation = answer("http://schemas.dmtf.org/wbem/wsman/1/wsman/fault", fault);
    assert_eq!(explanation.fault.as_ref().unwrap().code(), Some(crate::wsman::FaultCode(5)));
    insta::assert_snapshot!(shown(&explanation), @"
    fault: the account was authenticated but is not allowed to do this
      action: http://schemas.dmtf.org/wbem/wsman/1/wsman/fault
      code: 5 (0x00000005) ERROR_ACCESS_DENIED
      subcode: AccessDenied
      text: Access is denied.
      machine: hv01.example.test
      meaning: the account was authenticated but is not allowed to do this
      hint: the account needs to be in Administrators, or in Hyper-V Administrators and Remote Management Users; a local account other than Administrator also needs LocalAccountTokenFilterPolicy=1
      retry: no use: the same request fails again
      effect: nothing was done: the host refused before it passed the request on
    ");
}

#[test]
fn what_is_no_message_is_refused() {
    let refused = |text: &str| explain(text.as_bytes(), &Schema::default()).unwrap_err().to_string();
    insta::assert_snapshot!(refused("<html/>"), @"expected a SOAP 1.2 envelope, got `html`");
    insta::assert_snapshot!(refused("<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>"), @"expected a SOAP body, got an envelope without one");
    insta::assert_snapshot!(refused("no"), @"the message is not readable XML");
}

#[test]
fn odd_messages_are_told_as_far_as_they_go() {
    let nothing = answer("", "");
    assert_eq!(nothing.summary, "message without an action");
    let unreadable = answer("", "<p:Msvm_ConcreteJob><p:JobState>many</p:JobState></p:Msvm_ConcreteJob>");
    assert!(
        shown(&unreadable).contains("cannot be read: `Msvm_ConcreteJob.JobState`"),
        "{}",
        shown(&unreadable)
    );
    let bare = answer("", "<s:Fault/>");
    assert_eq!(bare.summary, "fault without a code");
}

#[test]
fn transfers_fragments_options_and_walks_are_told() {
    let told = |name: &str| {
        let text = golden(name);
        let lines: Vec<&str> = text.lines().collect();
        // What all messages have in their headers is shown above.
        let is_common = |line: &&str| {
            ["action:", "to:", "resource:", "message:", "timeout:", "largest answer:"]
                .iter()
                .any(|label| line.trim_start().starts_with(label))
        };
        lines.into_iter().filter(|line| !is_common(line)).collect::<Vec<_>>().join("\n")
    };
    let names = [
        "get-fragment.xml",
        "get-with-options.xml",
        "put.xml",
        "put-fragment.xml",
        "put-fragment-text.xml",
        "create.xml",
        "delete.xml",
        "enumerate-associators.xml",
    ];
    insta::assert_snapshot!(names.map(told).join("\n"), @r"
        request Get of Msvm_ConcreteJob
          selectors: 
            InstanceID: 00000000-0000-4000-8000-000000000010
          fragment: OperationalStatus[2]
        request Get of Msvm_ConcreteJob
          selectors: 
            InstanceID: 00000000-0000-4000-8000-000000000010
          options: 
            ShowExtensions: 
            wmi:context: R&D (must be obeyed)
        request Put of Win32_Environment
          selectors: 
            Name: BACKUPS
            UserName: EXAMPLE\operator
          VariableValue: D:\R&D
        request Put of Win32_Environment: a fragment
          selectors: 
            Name: BACKUPS
            UserName: EXAMPLE\operator
          fragment: VariableValue
          VariableValue: D:\R&D
        request Put of Win32_Environment: a fragment
          selectors: 
            Name: BACKUPS
            UserName: EXAMPLE\operator
          fragment: VariableValue/text()
          value: D:\R&D
        request Create of Win32_Environment
          Name: BACKUPS
          UserName: EXAMPLE\operator
          VariableValue: D:\R&D
        request Delete of Win32_Environment
          selectors: 
            Name: BACKUPS
            UserName: EXAMPLE\operator
        request Enumerate of all classes
          first page: with the answer
          items at most: 32000
          filter (associationFilter): 
            Object: Msvm_ConcreteJob with InstanceID=00000000-0000-4000-8000-000000000010
            AssociationClassName: Msvm_AffectedJobElement
            Role: AffectingElement
            ResultClassName: Msvm_SnapshotCollection
            ResultRole: AffectedElement
            IncludeResultProperty: CollectionID
            IncludeResultProperty: ElementName
    ");
}
