//! What a user may load.

use super::{Class, Direction, Schema, Source};
use crate::cim::CimType;

fn load(mof: &str) -> Result<Schema, String> {
    Schema::default().extended("a.mof", mof).map_err(|error| error.to_string())
}

fn loaded(mof: &str) -> Schema {
    load(mof).unwrap()
}

fn refused(mof: &str) -> String {
    load(mof).map(drop).unwrap_err()
}

/// Everything that a class says.
fn told(class: Class<'_>) -> String {
    let mut lines = vec![format!(
        "{} : {:?} {} {} {} {:?}\n",
        class.name(),
        class.superclass_name(),
        class.is_abstract(),
        class.is_association(),
        class.is_indication(),
        class.keys().collect::<Vec<_>>(),
    )];
    for property in class.properties() {
        let values: Vec<_> = property.values().collect();
        let declared = (property.declared_type(), property.class_name(), property.declared_in().name());
        lines.push(format!("{} {declared:?} {values:?}\n", property.name()));
    }
    for method in class.methods() {
        let returns: Vec<_> = method.return_values().collect();
        lines.push(format!("{} {} {returns:?}\n", method.name(), method.declared_in().name()));
        for parameter in method.parameters() {
            let values: Vec<_> = parameter.values().collect();
            let declared = (parameter.declared_type(), parameter.class_name(), parameter.direction());
            lines.push(format!("  {} {declared:?} {values:?}\n", parameter.name()));
        }
    }
    lines.concat()
}

/// MOF as the tools of Windows write it.
const EVENT_LOG: &str = r#"
//**************************************************************************
#pragma autorecover
#pragma classflags ("forceupdate")
#pragma namespace ( "\\\\.\\Root\\CIMV2" )

Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);

[Dynamic, Provider("CIMWin32") : ToInstance, Locale(1033), UUID("{8502C4C2-5FBB-11D2-AAC1-006008C78BC7}")]
class Win32_EventLog as $Log : CIM_LogicalElement
{
    [Key, Read, MaxLen(256) : DisableOverride ToInstance] string LogName;
    [Read, Write, Description("a \"quoted\" text, \x0041\t"
        "in two pieces") : Amended] string Text = "a; b }";
    [Read, ValueMap {"0", "1", "2..9", "-1"}, Values {"None", "One", "Several", "Unknown"}] sint32 State = 1;
    [Read, Values {"Zero", "One"}] uint8 Kind;
    [Read, Units("Bytes")] uint64 Sizes[8] = {0x10, 17, 101b};
    [EmbeddedInstance("Win32_EventLog")] string Inner;
    object:Win32_EventLog Direct;
    Datetime When = NULL;
    REAL32 Ratio = -1.5E+3;
    char16 Letter = '\'';
    CIM_LogicalElement Ref Part = $Log;
    [Implemented, ValueMap{"0", "8"}, Values{"Success", "Privilege missing"}]
    uint32 BackupEventlog([In, Required] string ArchiveFileName, [IN(false), OUT] uint32 Left, [in, out] boolean Both, string Plain);
    boolean IsOpen();
};

[Dynamic] instance of Win32_EventLog as $One
{
    LogName = "x};";
    Sizes = {1, 2};
    State = 1;
};
"#;

#[test]
fn the_mof_of_windows_is_read() {
    let schema = loaded(EVENT_LOG);
    let log = schema.class("win32_eventlog").unwrap();
    assert_eq!(log.source(), Source::Loaded);
    assert_eq!(log.keys().collect::<Vec<_>>(), ["LogName"]);
    assert!(log.property("Caption").is_some() && log.is_a("CIM_ManagedSystemElement"), "inherited");
    let of = |name: &str| log.property(name).unwrap();
    assert_eq!(of("State").values().collect::<Vec<_>>(), [(-1, "Unknown"), (0, "None"), (1, "One")]);
    assert_eq!(of("Kind").value_name(1), Some("One"));
    assert_eq!(of("Sizes").declared_type(), Some((CimType::Uint64, true)));
    assert_eq!(of("Direct").declared_type(), Some((CimType::Object, false)));
    assert_eq!(of("When").cim_type(), CimType::DateTime);
    assert_eq!(
        (of("Part").cim_type(), of("Part").class_name()),
        (CimType::Reference, Some("CIM_LogicalElement"))
    );

    let backup = log.method("BackupEventLog").unwrap();
    assert_eq!(backup.return_name(8), Some("Privilege missing"));
    let parameters: Vec<_> =
        backup.parameters().map(|it| (it.name(), it.direction(), it.is_required())).collect();
    assert_eq!(
        parameters,
        [
            ("ArchiveFileName", Direction::In, true),
            ("Left", Direction::Out, false),
            ("Both", Direction::InOut, false),
            ("Plain", Direction::In, false),
        ]
    );
    assert_eq!(schema.classes().count(), Schema::default().classes().count() + 1);
    assert!(Schema::default().class("Win32_EventLog").is_none());
}

#[test]
fn the_text_of_the_compiled_schema_is_read_to_the_same() {
    let documented: String = super::tests::sources()
        .into_iter()
        .filter(|(file, _)| !file.starts_with("host-"))
        .map(|(_, text)| text)
        .collect();
    let again = loaded(&documented);
    for class in super::classes().filter(|class| class.source() == Source::Documented) {
        let read = again.class(class.name()).unwrap();
        assert_eq!(read.source(), Source::Loaded);
        // What was seen on a host besides is not in the documented text.
        let is_whole = class.properties().all(|property| property.source() == Source::Documented)
            && class.methods().all(|method| method.source() == Source::Documented);
        if is_whole {
            assert_eq!(told(read), told(class));
        }
    }
}

#[test]
fn a_class_loaded_anew_takes_the_place_of_the_old_for_its_heirs_too() {
    let schema = loaded("class CIM_Job : CIM_LogicalElement { string NewHere; uint32 JobStatus; };");
    let job = schema.class("Msvm_ConcreteJob").unwrap();
    assert_eq!(job.property("NewHere").unwrap().source(), Source::Loaded);
    assert_eq!(job.property("JobStatus").unwrap().cim_type(), CimType::Uint32);
    assert!(job.property("Priority").is_none(), "`CIM_Job` has it no more");
    assert!(job.property("JobState").is_some(), "`CIM_ConcreteJob` has it");
    let twice = schema.extended("b.mof", "class CIM_Job : CIM_LogicalElement { string Newer; };").unwrap();
    let job = twice.class("Msvm_ConcreteJob").unwrap();
    assert!(job.property("Newer").is_some() && job.property("NewHere").is_none());
}

#[test]
fn keys_are_those_of_the_superclass_chain() {
    let schema =
        loaded("class X_Job : CIM_ConcreteJob { [Key] string Other; [Key, Override] string InstanceID; };");
    assert_eq!(schema.class("X_Job").unwrap().keys().collect::<Vec<_>>(), ["InstanceID"]);
}

#[test]
fn a_superclass_that_nobody_knows_is_known_by_name() {
    let schema = loaded("class X : Y { Z REF A; };");
    let class = schema.class("X").unwrap();
    assert_eq!((class.superclass(), class.superclass_name()), (None, Some("Y")));
    assert_eq!(class.property("A").unwrap().class_name(), Some("Z"));
}

#[test]
fn what_is_no_mof_is_told_with_its_place() {
    for (mof, expected) in [
        ("class", "a.mof:1:6: expected a name, got the end of the file"),
        ("class A {\n  uint32 B\n}", "a.mof:3:1: expected `;`, got `}`"),
        ("class A { uint33 B; };", "a.mof:1:11: `A.B`: `uint33` is neither a type nor a declared class"),
        ("class A { string B = ; };", "a.mof:1:22: expected a value, got `;`"),
        ("class A {};\nclass A {};", "a.mof:2:1: class `A` is declared twice, first at a.mof:1"),
        (
            "class A : B {}; class B : A {};",
            "a.mof:1:1: class `A` derives from itself, or is more than 64 deep",
        ),
        ("instance of A { B = 1;", "a.mof:1:23: expected `}`, got the end of the file"),
        (
            "#pragma include (\"b.mof\")",
            "a.mof:1:1: expected a file that is whole, got an `#pragma include`: give that file itself",
        ),
        ("[Values {1, 2] class A {};", "a.mof:1:14: expected `,`, got `]`"),
        (
            "class A { [Values(\"a\\q\")] uint8 B; };",
            "a.mof:1:19: expected one of `\\b \\t \\n \\f \\r \\\" \\' \\\\ \\xHHHH` after a backslash",
        ),
        ("\u{1F980}", "a.mof:1:1: expected a name, number, string or punctuation, got `\u{1F980}`"),
    ] {
        assert_eq!(refused(mof), expected, "{mof}");
    }
}

#[test]
fn codes_of_64_bits_in_decimal_or_hexadecimal_keep_their_names() {
    let schema = loaded(
        r#"class X {
            [ValueMap {"0x8001", "2147749890", "0x80041001", "4..9", "..", "18"},
             Values {"Hex", "Large", "Error", "Some", "Rest", "Last"}] uint32 Code;
            [ValueMap {"-9223372036854775808", "4294967296"}, Values {"Least", "More"}] sint64 Wide;
            [ValueMap {"0", "2147749890"}, Values {"Done", "Refused"}] uint32 Do();
        };"#,
    );
    let class = schema.class("X").unwrap();
    let values = |name: &str| class.property(name).unwrap().values().collect::<Vec<_>>();
    let code = [(18, "Last"), (0x8001, "Hex"), (0x8004_1001, "Error"), (2_147_749_890, "Large")];
    assert_eq!(values("Code"), code);
    assert_eq!(values("Wide"), [(i64::MIN, "Least"), (0x1_0000_0000, "More")]);
    assert_eq!(class.method("Do").unwrap().return_name(2_147_749_890), Some("Refused"));
    let again = schema.extended("b.mof", "class Y : X {};").unwrap();
    let kept = again.class("Y").unwrap().property("Code").unwrap();
    assert_eq!(kept.values().collect::<Vec<_>>(), code, "loaded a second time");
}

#[test]
fn an_escape_has_one_hexadecimal_digit_to_four() {
    let schema = loaded(r#"class X { [Values {"\x9;\x41 \x00e4\X416Ag"}] uint8 A; };"#);
    assert_eq!(schema.class("X").unwrap().property("A").unwrap().value_name(0), Some("\t;A ä\u{416A}g"));
    assert!(refused(r#"class X { [Values {"\xg"}] uint8 A; };"#).contains("after a backslash"));
}

#[test]
fn a_string_says_of_which_class_the_instance_in_it_is() {
    let schema = loaded(
        r#"class X { [EmbeddedInstance("CIM_Job")] string A; [EmbeddedObject, Octetstring] string B; };"#,
    );
    let of = |name: &str| schema.class("X").unwrap().property(name).unwrap();
    assert_eq!((of("A").cim_type(), of("A").class_name()), (CimType::String, Some("CIM_Job")));
    assert_eq!((of("B").cim_type(), of("B").class_name()), (CimType::String, None));
}

#[test]
fn texts_in_one_language_do_not_take_the_place_of_classes() {
    insta::assert_snapshot!(
        refused("#pragma namespace(\"\\\\\\\\.\\\\root\\\\cimv2\\\\ms_409\")\nclass X {};"),
        @"a.mof:1:1: expected classes, got their texts in one language (`ms_409`): give the file with the classes, which is beside it"
    );
    loaded("#pragma namespace(\"\\\\\\\\.\\\\root\\\\ms_tools\")\nclass X {};");
}

#[test]
fn utf_16_is_read_by_its_mark_and_other_bytes_are_refused() {
    let text = "class X { string Ä; };".replace('Ä', "A");
    let little: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> =
        [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    let marked = format!("\u{FEFF}{text}");
    for bytes in [little.as_slice(), &big, marked.as_bytes()] {
        assert!(Schema::default().extended("a.mof", bytes).unwrap().class("X").is_some());
    }
    let error = Schema::default().extended("a.mof", [0xFF, 0xFE, 0x20]).unwrap_err();
    assert_eq!(error.to_string(), "a.mof: expected UTF-8, or UTF-16 with a byte order mark");
    assert_eq!((error.file(), error.line(), error.column()), ("a.mof", 0, 0));
}

#[test]
fn sizes_are_bounded() {
    let many = (0..5000).map(|index| format!("class X{index} {{}};")).collect::<Vec<_>>().concat();
    assert!(refused(&many).starts_with("a.mof: expected at most 4096 classes, got"));
    let members = (0..3000).map(|index| format!("string P{index};")).collect::<Vec<_>>().concat();
    assert!(refused(&format!("class X {{ {members} }};")).contains("at most 2048 members of a class"));
    let deep =
        (1..100).map(|index| format!("class X{index} : X{} {{}};", index - 1)).collect::<Vec<_>>().concat();
    assert!(refused(&format!("class X0 {{}};{deep}")).contains("more than 64 deep"));
    assert!(refused(&" ".repeat(9 * 1024 * 1024)).starts_with("a.mof: expected at most 8388608 bytes"));
}
