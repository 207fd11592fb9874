use super::*;
use crate::xml::Limits;

/// A fault with this subcode, reason and detail.
fn fault(subcode: &str, reason: &str, detail: &str) -> Fault {
    let xml = format!(
        r#"<s:Fault xmlns:s="http://www.w3.org/2003/05/soap-envelope"
            xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
            xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
            xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
            <s:Code><s:Value>s:Sender</s:Value>{subcode}</s:Code>
            <s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>{detail}</s:Fault>"#
    );
    Fault::read(&Element::parse(xml.as_bytes(), &Limits::default()).unwrap())
}

fn subcode(name: &str) -> String {
    format!("<s:Subcode><s:Value>{name}</s:Value></s:Subcode>")
}

#[test]
fn a_plain_message_is_more_specific_than_the_reason() {
    let fault = fault(
        &subcode("w:TimedOut"),
        "General. ",
        "<s:Detail><f:WSManFault Code='2150858793' Machine='hv01.example.test'>\
         <f:Message>It took too long. </f:Message></f:WSManFault></s:Detail>",
    );
    assert_eq!(fault.code(), Some(FaultCode(2_150_858_793)));
    assert_eq!(fault.subcode, Some((names::WSMAN.into(), "TimedOut".into())));
    assert_eq!(fault.soap_code, "Sender");
    assert_eq!(fault.text(), "It took too long.");
    assert_eq!(fault.machine(), Some("hv01.example.test"));
    assert_eq!(fault.provider_text(), None);
    assert_eq!(fault.retry_class(), RetryClass::ReadsOnly);
    assert!(!fault.refused_before_dispatch());
}

#[test]
fn the_text_of_a_provider_is_kept() {
    let fault = fault(
        &subcode("w:InvalidParameter"),
        "General.",
        "<s:Detail><w:FaultDetail>http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidValue\
         </w:FaultDetail><f:WSManFault Code='87' Machine='hv01.example.test'><f:Message>\
         <f:ProviderFault provider='WMI Provider' path='x.dll'>Bad value. </f:ProviderFault></f:Message>\
         </f:WSManFault></s:Detail>",
    );
    assert_eq!(fault.code(), Some(FaultCode(87)));
    assert_eq!(fault.text(), "Bad value.");
    assert_eq!((fault.provider(), fault.provider_text()), (Some("WMI Provider"), Some("Bad value.")));
    assert!(fault.detail().unwrap().ends_with("/InvalidValue"));
}

#[test]
fn the_innermost_fault_and_the_extended_status_are_read() {
    let fault = fault(
        &subcode("a:DestinationUnreachable"),
        "General.",
        "<s:Detail><f:WSManFault Code='2150858770' Machine='192.0.2.1'><f:Message>\
         <f:ProviderFault provider='WMI Provider'><f:WSManFault Code='2150858752' Machine='hv01.example.test'>\
         <f:Message>No such instance.</f:Message></f:WSManFault><f:ExtendedError>\
         <p:__ExtendedStatus xmlns:p='urn:any'><p:Description xsi:nil='true'/><p:Operation>GetObject</p:Operation>\
         <p:ParameterInfo>X.Key=\"1\"</p:ParameterInfo></p:__ExtendedStatus></f:ExtendedError>\
         </f:ProviderFault></f:Message></f:WSManFault></s:Detail>",
    );
    assert_eq!(fault.code(), Some(FaultCode(2_150_858_752)));
    assert_eq!(fault.text(), "No such instance.");
    assert_eq!(fault.provider_text(), Some("No such instance."));
    assert_eq!(fault.machine(), Some("hv01.example.test"));
    let extended: Vec<_> = fault.extended().collect();
    assert_eq!(extended, [("Operation", "GetObject"), ("ParameterInfo", "X.Key=\"1\"")]);
}

#[test]
fn a_wmi_error_instead_of_a_fault_gives_code_and_text() {
    let error = |code: &str| {
        fault(
            &subcode("w:QuotaLimit"),
            "General.",
            &format!(
                "<s:Detail><p:MSFT_WmiError xmlns:p='{}'>{code}<p:Message>Too many. </p:Message>\
                 <p:MessageID>HRESULT 0x803381a6</p:MessageID></p:MSFT_WmiError></s:Detail>",
                names::MSFT_WMI_ERROR
            ),
        )
    };
    for code in ["<p:error_Code>2150859174</p:error_Code>", "<p:error_Code>-2144108122</p:error_Code>", ""] {
        let fault = error(code);
        assert_eq!(fault.code(), Some(FaultCode(2_150_859_174)), "{code}");
        assert_eq!(fault.text(), "Too many.");
        assert_eq!(fault.retry_class(), RetryClass::BackOff);
        assert!(fault.refused_before_dispatch());
    }
}

#[test]
fn without_detail_the_subcode_decides_and_without_subcode_the_soap_code() {
    let denied = fault(&subcode("w:AccessDenied"), "Access is denied. ", "");
    assert_eq!(denied.code(), None);
    assert_eq!(denied.text(), "Access is denied.");
    assert!(denied.is_access_denied() && denied.refused_before_dispatch());
    assert!(denied.hint().unwrap().contains("Hyper-V Administrators"));

    let silent = fault("", "", "");
    assert_eq!((silent.text(), silent.subcode(), silent.meaning()), ("", None, None));
    assert!(!silent.refused_before_dispatch());
    assert_eq!(silent.retry_class(), RetryClass::Never);
}

#[test]
fn an_unknown_code_is_explained_by_its_subcode_but_proves_nothing() {
    let fault =
        fault(&subcode("w:AccessDenied"), "", "<s:Detail><f:WSManFault Code='4000000000'/></s:Detail>");
    assert_eq!(fault.code(), Some(FaultCode(4_000_000_000)));
    assert!(fault.meaning().unwrap().contains("not allowed"));
    assert!(!fault.refused_before_dispatch());
    assert!(!fault.is_access_denied());
}

#[test]
fn codes_that_are_not_numbers_and_undeclared_prefixes_do_no_harm() {
    for code in ["", "x", "0x", "99999999999999", "-1x"] {
        let fault = fault(
            &subcode("zz:TimedOut"),
            "",
            &format!("<s:Detail><f:WSManFault Code='{code}' Machine=''/></s:Detail>"),
        );
        assert_eq!((fault.code(), fault.machine()), (None, None), "{code}");
        assert_eq!(fault.subcode, Some((String::new(), "TimedOut".into())));
        assert_eq!(fault.retry_class(), RetryClass::ReadsOnly);
    }
}

#[test]
fn a_code_is_shown_in_decimal_and_hexadecimal() {
    assert_eq!(FaultCode(2_150_858_793).to_string(), "2150858793 (0x80338029)");
    assert_eq!(FaultCode(5).to_string(), "5 (0x00000005)");
}

#[test]
fn the_error_of_a_cim_server_is_kept_whatever_its_family_of_uris_and_gives_no_code() {
    for family in ["http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2", "http://schemas.example.org/cim/1"] {
        let fault = fault(
            &subcode("w:InternalError"),
            "General.",
            &format!(
                "<s:Detail><e:CIM_Error xmlns:e='{family}/CIM_Error'><e:CIMStatusCode>6</e:CIMStatusCode>\
                 <e:Message>No such instance.</e:Message><e:OwningEntity xsi:nil='true'/></e:CIM_Error></s:Detail>"
            ),
        );
        assert_eq!((fault.code(), fault.text()), (None, "General."));
        assert_eq!(fault.provider_text(), Some("No such instance."));
        assert_eq!(fault.extended().next(), Some(("CIMStatusCode", "6")));
    }
}

/// As servers other than Windows refuse.
fn cim_error(named: &str, status: &str) -> Fault {
    let error = format!(
        "<s:Detail><e:CIM_Error xmlns:e='urn:x/CIM_Error'><e:CIMStatusCode>{status}</e:CIMStatusCode></e:CIM_Error></s:Detail>"
    );
    fault(&subcode(named), "", &error)
}

#[test]
fn without_a_code_the_status_of_cim_says_more_than_the_subcode() {
    let not_found = cim_error("w:InternalError", "6");
    assert_eq!(
        (not_found.cim_status(), not_found.meaning()),
        (Some(6), Some("the server knows no such instance"))
    );
    assert!(not_found.is_not_found() && not_found.is_not_written());
    assert!(!not_found.is_access_denied() && !not_found.refused_before_dispatch());

    let denied = cim_error("w:InternalError", "2");
    assert!(denied.is_access_denied() && denied.is_not_written() && !denied.is_not_found());

    let no_class = cim_error("a:DestinationUnreachable", "5");
    assert!(!no_class.is_not_found() && no_class.is_not_written());

    // `CIM_ERR_FAILED` says nothing, and neither does a status that is none.
    for status in ["1", "x", "-1"] {
        let failed = cim_error("w:InternalError", status);
        assert_eq!(failed.meaning(), Some("the host failed inside"), "{status}");
        assert!(!failed.is_not_written() && !failed.is_not_found(), "{status}");
    }
}

#[test]
fn a_code_of_windows_says_more_than_a_status_of_cim() {
    let error = "<s:Detail><e:MSFT_WmiError xmlns:e='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError'>\
                 <e:CIMStatusCode>6</e:CIMStatusCode><e:error_Code>2150859173</e:error_Code></e:MSFT_WmiError></s:Detail>";
    let fault = fault(&subcode("w:QuotaLimit"), "", error);
    assert_eq!((fault.code(), fault.cim_status()), (Some(FaultCode(2_150_859_173)), None));
    assert!(!fault.is_not_found() && !fault.is_not_written());
}

#[test]
fn without_code_and_status_three_subcodes_say_that_nothing_was_written() {
    for (named, not_written) in [
        ("a:DestinationUnreachable", true),
        ("a:ActionNotSupported", true),
        ("w:AlreadyExists", true),
        ("w:InternalError", false),
        ("w:EncodingLimit", false),
        ("w:TimedOut", false),
    ] {
        assert_eq!(fault(&subcode(named), "", "").is_not_written(), not_written, "{named}");
    }
}
