//! `--mof`: classes that a user loads.

use crate::{
    sim_host::SimHost,
    support::{Ran, hvctl, run, run_alone},
};

fn mof(name: &str) -> String {
    format!("{}/tests/cli/mof/{name}.mof", env!("CARGO_MANIFEST_DIR"))
}

fn without_folder(ran: &Ran) -> String {
    ran.transcript(&[(&format!("{}/", env!("CARGO_MANIFEST_DIR")), "")])
}

const PATH: &str = "Win32_Environment.Name=\"ComSpec\",UserName=\"<SYSTEM>\"";

#[test]
fn an_instance_of_a_loaded_class_is_typed_and_has_its_path() {
    let host = SimHost::start();
    let file = mof("win32_environment");
    let get = ["get", PATH, "--namespace", "root/cimv2", "--output", "json"];
    let loaded = run(&mut host.hvctl(get.into_iter().chain(["--mof", &file])));
    assert_eq!(loaded.code, 0, "{loaded:?}");
    let variable = loaded.json();
    assert_eq!(variable["SystemVariable"], true, "{variable}");
    let list = ["enumerate", "Win32_Environment", "--namespace", "root/cimv2", "--output", "json"];
    let listed = run(&mut host.hvctl(list.into_iter().chain(["--mof", &file]))).json();
    let path = "root\\cimv2:Win32_Environment.Name=\"ComSpec\",UserName=\"<SYSTEM>\"";
    assert!(listed.as_array().unwrap().iter().any(|one| one["__PATH"] == path), "{listed}");
}

#[test]
fn what_is_written_to_a_loaded_class_is_checked_against_it() {
    let host = SimHost::start();
    let file = mof("win32_environment");
    let put = |property: &str| {
        let line = ["put", PATH, property, "--namespace", "root/cimv2", "--mof", &file, "--yes"];
        run(&mut host.hvctl(line))
    };
    let refused = put("VariableValu=x");
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("did you mean `VariableValue`?"), "{refused:?}");
    assert_eq!(put("VariableValue=x").code, 0);
    let line = ["create", "Win32_Environmnt", "Name=A", "--namespace", "root/cimv2", "--mof", &file, "--yes"];
    let refused = run(&mut host.hvctl(line));
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("did you mean `Win32_Environment`?"), "{refused:?}");
}

#[test]
fn the_schema_commands_know_loaded_classes_and_say_so() {
    let file = mof("win32_environment");
    let shown = run_alone(&["schema", "show", "win32_environment", "--mof", &file]);
    insta::assert_snapshot!(shown.transcript(&[]), @r"
    exit code 0
    --- standard output
    class Win32_Environment : Win32_SystemSetting
    keys  Name, UserName
    from  loaded

    string Caption  (Win32_Environment, loaded)
    string Description  (Win32_Environment, loaded)
    datetime InstallDate  (Win32_Environment, loaded)
    string Status  (Win32_Environment, loaded)
    key string Name  (Win32_Environment, loaded)
    boolean SystemVariable  (Win32_Environment, loaded)
    key string UserName  (Win32_Environment, loaded)
    string VariableValue  (Win32_Environment, loaded)
    ");
    let found = run_alone(&["schema", "search", "SystemVariable", "--mof", &file, "--output", "json"]).json();
    assert_eq!(found[0]["source"], "loaded", "{found}");
    assert_eq!(run_alone(&["schema", "show", "Win32_Environment"]).code, 4);
}

#[test]
fn of_two_files_the_last_one_holds_however_they_are_named() {
    let (first, last) = (mof("win32_environment"), mof("override"));
    let show = ["schema", "show", "Win32_Environment", "SystemVariable"];
    let typed = run(&mut hvctl(show.into_iter().chain(["--mof", &first, "--mof", &last])));
    assert!(typed.stdout.starts_with("uint8 SystemVariable"), "{typed:?}");
    let both = format!("{last},{first}");
    let from_environment = run(hvctl(show).env("HVCTL_MOF", &both));
    assert!(from_environment.stdout.starts_with("boolean SystemVariable"), "{from_environment:?}");
    let tool = run(hvctl(["schema", "show", "X_Tool", "Use"]).env("HVCTL_MOF", &both));
    assert!(tool.stdout.contains("string What  (required)"), "{tool:?}");
}

#[test]
fn a_profile_names_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let text = format!(
        "default-profile = \"lab\"\n[profile.lab]\nhost = \"hv01.example.test\"\nmof = '{},{}'\n",
        mof("win32_environment"),
        mof("override")
    );
    std::fs::write(&config, text).unwrap();
    let shown = run(hvctl(["schema", "show", "X_Tool"]).env("HVCTL_CONFIG", &config));
    assert_eq!(shown.code, 0, "{shown:?}");
}

#[test]
fn a_file_that_is_no_mof_is_told_with_its_place() {
    let shown = run_alone(&["schema", "list", "--mof", &mof("broken")]);
    insta::assert_snapshot!(without_folder(&shown), @r"
    exit code 3
    --- standard error
    error: failed to load classes from `tests/cli/mof/broken.mof`
    caused by: tests/cli/mof/broken.mof:4:5: `X_Broken.Kind`: `sting` is neither a type nor a declared class
    ");
    let missing = run_alone(&["schema", "list", "--mof", &mof("missing")]);
    assert_eq!(missing.code, 17, "{missing:?}");
}

#[test]
fn a_message_about_a_loaded_class_is_explained_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.mof");
    std::fs::write(
        &file,
        r#"class X_Job { [key] string Id; [ValueMap{"2", "3"}, Values{"Running", "Done"}] uint16 State; };"#,
    )
    .unwrap();
    let answer = r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
        xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"
        xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/x/X_Job"><s:Header>
        <a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</a:Action></s:Header>
        <s:Body><p:X_Job><p:Id>A</p:Id><p:State>3</p:State></p:X_Job></s:Body></s:Envelope>"#;
    let explained =
        |more: &[&str]| run(hvctl(["explain", "-"].iter().chain(more).copied()).write_stdin(answer)).stdout;
    assert!(!explained(&[]).contains("Done"));
    let loaded = explained(&["--mof", file.to_str().unwrap()]);
    assert!(loaded.contains("3 (Done)"), "{loaded}");
}
