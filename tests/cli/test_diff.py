"""`diff OLD NEW` as a user runs it: in a process of its own."""

import json
import os
import shutil
import stat
import subprocess
import threading
from html.parser import HTMLParser
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from tests.conftest import Program
from tests.scan_files import FAILED_ENDING, GOOD_ENDING, host_xml, port_xml, scan_xml

FORMS = ["--text", "--xml", "--json", "--markdown", "--html"]
HOSTILE = (
    "$(touch reboot)`touch reboot`;touch reboot|\"'<script>alert(1)</script> --script=x\n-oN x"
)

ONE = host_xml("192.0.2.1", "22", "80", names=["nas.example"])
OPENED = host_xml("192.0.2.1", "22", "80", "6379", names=["nas.example"])
NEW = host_xml("192.0.2.77", "8080", "9100")


@pytest.fixture
def folder(program: Program) -> Path:
    """Scan files: `a.xml`, the same again, and what differs from it in one way each."""
    files = {
        "a.xml": scan_xml(ONE),
        "same.xml": scan_xml(ONE, start=1_767_312_000),
        "b.xml": scan_xml(OPENED, NEW),
        "cut.xml": scan_xml(OPENED, ending="").rstrip() + "<host><status",
        "failed.xml": scan_xml(ending=FAILED_ENDING),
        "fewer.xml": scan_xml(ONE, args="nmap -p1-100 192.0.2.0/25").replace("1-1000", "1-100"),
        "none.xml": "",
        "other.xml": "<html><body>no scan</body></html>",
    }
    for name, text in files.items():
        (program.folder / name).write_text(text, encoding="utf-8")
    (program.folder / "loop.xml").symlink_to("loop.xml")
    return program.folder


def diff(program: Program, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `diff` in the files' folder, without any setting."""
    names = ("PATH", "HOME")
    kept = {k: v for k, v in program.environment.items() if k in names or "COVERAGE" in k}
    result = subprocess.run(
        program.command("diff", *arguments),
        cwd=program.folder,
        env={**kept, "PYTHONPATH": str(Path(__file__).parents[2]), "TZ": "UTC", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        text=True,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"),
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """Return the only line on stderr."""
    (line,) = result.stderr.splitlines()
    assert line.startswith("netwatch-notify: ")
    return line.removeprefix("netwatch-notify: ")


# Exit codes


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("old", "new", "code"), [("a.xml", "same.xml", 0), ("a.xml", "a.xml", 0), ("a.xml", "b.xml", 1)]
)
def test_exit_code_says_whether_scans_differ(
    program: Program, folder: Path, form: str, old: str, new: str, code: int
) -> None:
    """0 the same, 1 different, in every form; nothing on stderr."""
    result = diff(program, form, old, new)

    assert (result.returncode, result.stderr) == (code, "")
    assert result.stdout or (form, new) == ("--text", "a.xml")


@pytest.mark.parametrize("form", FORMS)
def test_cut_file_is_compared_as_far_as_it_goes(program: Program, folder: Path, form: str) -> None:
    """What is there is told, one line says that it is cut, and the exit code is 2."""
    result = diff(program, form, "a.xml", "cut.xml")

    assert result.returncode == 2
    assert "is cut short in line 5; 1 whole host read" in one_line(result)
    assert "6379" in result.stdout


def test_failed_scan_is_said_in_one_line(program: Program, folder: Path) -> None:
    """An empty network it is not."""
    result = diff(program, "--json", "a.xml", "failed.xml")
    report = json.loads(result.stdout)

    assert (result.returncode, report["changes"]) == (0, [])
    assert "nmap ended with 'error': \"No such device\"" in one_line(result)
    assert any("192.0.2.1" in problem for problem in report["problems"])


@pytest.mark.parametrize(
    ("old", "because"),
    [
        ("missing.xml", "missing.xml: No such file or directory"),
        (".", ".: Is a directory"),
        ("loop.xml", "loop.xml: Too many levels of symbolic links"),
        ("none.xml", "none.xml: line 1: is empty or holds no nmap XML"),
        ("other.xml", "other.xml: line 1: is no nmap XML: its first element is <html>"),
    ],
)
def test_what_is_no_scan_is_one_line_and_exit_code_2(
    program: Program, folder: Path, old: str, because: str
) -> None:
    for arguments in ((old, "a.xml"), ("a.xml", old)):
        result = diff(program, *arguments)
        assert (result.returncode, result.stdout) == (2, "")
        assert one_line(result) == because


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_one_line(program: Program, folder: Path) -> None:
    (folder / "a.xml").chmod(0)
    result = diff(program, "a.xml", "b.xml")

    assert (result.returncode, one_line(result)) == (2, "a.xml: Permission denied")


@pytest.mark.parametrize("forms", [("--xml", "--text"), ("--json", "--html"), ("--xml", "--json")])
def test_forms_that_contradict_are_a_usage_error(
    program: Program, folder: Path, forms: tuple[str, str]
) -> None:
    result = diff(program, *forms, "a.xml", "b.xml")

    assert (result.returncode, result.stdout) == (2, "")
    assert "contradict each other" in result.stderr


def test_one_file_is_a_usage_error(program: Program, folder: Path) -> None:
    assert diff(program, "a.xml").returncode == 2


def test_global_json_is_the_commands(program: Program, folder: Path) -> None:
    """`netwatch-notify --json diff`; no other form may be asked for beside it."""
    command = ("--json", "diff", str(folder / "a.xml"), str(folder / "b.xml"))
    result = program.run(*command)

    assert result.returncode == 1
    assert json.loads(result.stdout)["network"] is None
    assert program.run(*command, "--xml").returncode == 2


# What is read


def test_named_pipe_is_a_file_like_another(program: Program, folder: Path) -> None:
    """As in `diff <(zcat old.xml.gz) new.xml`."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    text = (folder / "a.xml").read_text(encoding="utf-8")
    writer = threading.Thread(target=lambda: pipe.write_text(text, encoding="utf-8"))
    writer.start()
    result = diff(program, "--json", "pipe", "b.xml")
    writer.join()

    assert result.returncode == 1
    assert json.loads(result.stdout)["counts"] == {"host-new": 1, "port-opened": 1}


def test_process_substitution_works(program: Program, folder: Path) -> None:
    command = " ".join(program.command("diff", "<(cat a.xml)", "<(cat same.xml)"))
    result = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=program.environment,
        capture_output=True,
        timeout=60,
    )

    assert (result.returncode, result.stderr) == (0, b"")


# What is shown


@pytest.mark.parametrize("form", ["--text", "--xml"])
def test_scopes_that_differ_are_one_line_on_stderr(
    program: Program, folder: Path, form: str
) -> None:
    """The rows stay, as ndiff shows them."""
    result = diff(program, form, "a.xml", "fewer.xml")

    assert one_line(result) == ("scopes differ: only OLD covered 128 addresses, TCP ports 101-1000")


def test_quiet_leaves_scopes_out(program: Program, folder: Path) -> None:
    result = program.run("-q", "diff", str(folder / "a.xml"), str(folder / "fewer.xml"))

    assert result.stderr == ""


def test_text_is_the_default(program: Program, folder: Path) -> None:
    assert (
        diff(program, "a.xml", "b.xml").stdout == diff(program, "--text", "a.xml", "b.xml").stdout
    )


@pytest.mark.parametrize("options", [[], ["-v"], ["--xml"]])
def test_text_and_xml_are_what_ndiff_prints(
    program: Program, folder: Path, options: list[str]
) -> None:
    ours = diff(program, *options, "a.xml", "b.xml")
    theirs = subprocess.run(
        ["ndiff", *options, "a.xml", "b.xml"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "TZ": "UTC"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout)


def test_json_lists_every_change(program: Program, folder: Path) -> None:
    report = json.loads(diff(program, "--json", "a.xml", "b.xml").stdout)

    assert list(report) == ["schema", "network", "run", "counts", "problems", "changes"]
    assert (report["network"], report["run"], report["problems"]) == (None, None, [])
    opened, new = report["changes"]
    assert (opened["kind"], opened["severity"]) == ("port-opened", "critical")
    assert (opened["address"], opened["hostname"]) == ("192.0.2.1", "nas.example")
    assert (opened["port"], opened["protocol"], opened["was"]) == (6379, "tcp", "closed")
    assert (new["kind"], new["address"]) == ("host-new", "192.0.2.77")
    assert [port["port"] for port in new["ports"]] == [8080, 9100]


class Page(HTMLParser):
    """Counts tags and refuses what a page of ours never has."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "a", "img", "iframe", "form", "link", "object"), tag
        assert not any(name.startswith("on") or name in ("href", "src") for name, _ in attrs)
        if tag not in ("br", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def hostile_scan(*, later: bool) -> str:
    """Every attribute that a network or an editor can choose says `HOSTILE`."""
    service = (
        'name="{0}" product="{0}" version="{1}" extrainfo="{0}" tunnel="{0}" method="probed"'
    ).format(quoted(HOSTILE), "2" if later else "1")
    scripts = {"http-title": f"{HOSTILE} {later}", HOSTILE: f"{HOSTILE} {later}"}
    ports = [port_xml("80", service=service, scripts=scripts)]
    if later:
        ports.append(port_xml("443", service=service, scripts=scripts))
    known = host_xml(
        "192.0.2.1",
        *ports,
        mac="00:11:32:00:00:0" + ("2" if later else "1"),
        names=[quoted(f"{HOSTILE}{later}")],
        systems=[quoted(f"{HOSTILE}{later}")],
        scripts={"smb-os-discovery": f"{HOSTILE} {later}"},
    ).replace('vendor="Acme"', f'vendor="{quoted(HOSTILE)}"')
    new = host_xml("192.0.2.77", *ports, names=[quoted(HOSTILE)])
    odd = [
        host_xml(quoted(HOSTILE), "80"),
        host_xml("192.0.2.78", f'<port protocol="tcp" portid="{quoted(HOSTILE)}">'
                 '<state state="open"/></port>'),
        host_xml("fe80::1%$(touch reboot)", "80"),
        host_xml("192.0.2.79", f'<port protocol="{quoted(HOSTILE)}" portid="80">'
                 '<state state="open"/></port>'),
    ]  # fmt: skip
    targets = "192.0.2.0/24 fe80::/112"
    if later:
        return scan_xml(known, new, *odd, args=f"nmap {targets} # {HOSTILE}")
    ending = GOOD_ENDING.replace('total="256"', 'total="65792"')
    return scan_xml(known, args=f"nmap {targets}", ending=ending)


def quoted(text: str) -> str:
    for raw, entity in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "apos")):
        text = text.replace(raw, f"&{entity};")
    return text.replace("\n", "&#xa;")


@pytest.fixture
def hostile(program: Program) -> Path:
    for name, later in (("old.xml", False), ("new.xml", True)):
        (program.folder / name).write_text(hostile_scan(later=later), encoding="utf-8")
    return program.folder


def test_page_is_well_formed_and_harmless(program: Program, hostile: Path) -> None:
    result = diff(program, "--html", "old.xml", "new.xml")
    page = Page()
    page.feed(result.stdout)
    page.close()

    assert result.returncode == 1
    assert page.open == []
    assert result.stdout.startswith("<!DOCTYPE html>\n")
    assert "alert(1)" in result.stdout


def test_markdown_is_escaped(program: Program, hostile: Path) -> None:
    """Nothing becomes markup, code or a link."""
    text = diff(program, "--markdown", "old.xml", "new.xml").stdout

    assert text.startswith("# old.xml → new.xml: ")
    assert "<" not in text
    assert r"\`touch reboot\`" in text


def test_hostile_text_stays_xml_and_json(program: Program, hostile: Path) -> None:
    fromstring(diff(program, "--xml", "old.xml", "new.xml").stdout)
    json.loads(diff(program, "--json", "old.xml", "new.xml").stdout)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=["c", "ascii", "latin-1"],
)
def test_no_encoding_stops_the_output(
    program: Program, folder: Path, form: str, environment: dict[str, str]
) -> None:
    """JSON, XML and HTML are UTF-8 everywhere."""
    before = host_xml("192.0.2.1", "22", systems=["é"], scripts={"x": "é 漢 😀"})
    after = host_xml("192.0.2.1", "22", systems=["漢"], scripts={"x": "ü 漢 😀"})
    (folder / "é.xml").write_text(scan_xml(before), encoding="utf-8")
    (folder / "f.xml").write_text(scan_xml(after), encoding="utf-8")
    utf8 = form not in ("--text", "--markdown")
    if utf8:
        reading = {**environment, "PYTHONIOENCODING": environment.get("PYTHONIOENCODING", "")}
        command = program.command("diff", form, "é.xml", "f.xml")
        result = subprocess.run(
            command,
            cwd=folder,
            env={**program.environment, **reading},
            capture_output=True,
            timeout=60,
        )
        text = result.stdout.decode("utf-8")
        assert "漢" in text
        if form == "--json":
            assert json.loads(text)["changes"]
        code, errors = result.returncode, result.stderr.decode("utf-8", "replace")
    else:
        shown = diff(program, form, "é.xml", "f.xml", **environment)
        code, errors = shown.returncode, shown.stderr

    assert (code, errors) == (1, "")


# Files that are written


def test_diffout_writes_the_result_to_a_file(program: Program, folder: Path) -> None:
    result = diff(program, "--json", "--diffout", "out.json", "a.xml", "b.xml")

    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    printed = diff(program, "--json", "a.xml", "b.xml").stdout
    assert (folder / "out.json").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize("option", ["--diffout", "--cmdout"])
@pytest.mark.parametrize(
    ("path", "because"),
    [
        ("missing/x", "missing/x: cannot be written: No such file or directory"),
        (".", ".: cannot be written: Is a directory"),
        ("/dev/full", "/dev/full: cannot be written: No space left on device"),
        ("a.xml", "a.xml: is one of the files that are compared"),
        ("./b.xml", "b.xml: is one of the files that are compared"),
    ],
)
def test_file_that_cannot_be_written_is_one_line(
    program: Program, folder: Path, option: str, path: str, because: str
) -> None:
    before = (folder / "a.xml").read_bytes()
    result = diff(program, option, path, "a.xml", "b.xml")

    assert (result.returncode, one_line(result)) == (2, because)
    assert (folder / "a.xml").read_bytes() == before


def test_stdout_that_cannot_be_written_is_one_line(program: Program, folder: Path) -> None:
    with Path("/dev/full").open("w", encoding="ascii") as full:
        result = subprocess.run(
            program.command("diff", "a.xml", "b.xml"),
            cwd=folder,
            env=program.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert (result.returncode, result.stderr) == (
        2,
        "netwatch-notify: stdout: cannot be written: No space left on device\n",
    )


@pytest.mark.parametrize("hosts", [1, 3000])
def test_reader_that_has_seen_enough_is_no_failure(
    program: Program, folder: Path, hosts: int
) -> None:
    """`| head -1`: no traceback, however much is left to write."""
    many = [host_xml(f"10.0.{n >> 8}.{n & 255}", "22") for n in range(hosts)]
    (folder / "many.xml").write_text(scan_xml(*many, args="nmap 10.0.0.0/16"), encoding="utf-8")
    for reader in ("head -1 >first", "true"):
        command = " ".join(program.command("diff", "a.xml", "many.xml"))
        result = subprocess.run(
            ["bash", "-c", f"{command} | {reader}; exit ${{PIPESTATUS[0]}}"],
            cwd=folder,
            env=program.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        # The line about the scopes, and nothing else.
        assert "Traceback" not in result.stderr
        assert "Broken" not in result.stderr
        assert result.returncode in (0, 1)


# --cmdout


def script_of(program: Program, *arguments: str, **environment: str) -> Path:
    diff(program, "--cmdout", "details.sh", *arguments, **environment)
    return program.folder / "details.sh"


def recorder(folder: Path) -> Path:
    """Put an `nmap` into a folder of its own that writes its arguments to a file."""
    place = folder / "bin"
    place.mkdir()
    (place / "nmap").write_text('#!/bin/sh\nprintf "%s\\n" "$@" >>"$CALLS"\n', encoding="ascii")
    (place / "nmap").chmod(0o755)
    return place


def calls_of(script: Path, *arguments: str) -> list[str]:
    """Run a script with the recorder instead of nmap; return all words it was given."""
    place, calls = recorder(script.parent), script.parent / "calls"
    calls.touch()
    result = subprocess.run(
        ["sh", str(script), *arguments],
        cwd=script.parent,
        env={"PATH": f"{place}:{os.environ['PATH']}", "CALLS": str(calls)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return calls.read_text(encoding="utf-8").splitlines()


def test_script_looks_at_what_is_new(program: Program, folder: Path) -> None:
    """Each host at its own ports; what is sent to 9100 a printer prints."""
    script = script_of(program, "a.xml", "b.xml")
    words = calls_of(script)

    assert script.stat().st_mode & stat.S_IXUSR
    text = " ".join(words)
    assert "-p 6379 --exclude-ports 9100-9107 -oA details-1 192.0.2.1" in text
    assert "-p 8080 --exclude-ports 9100-9107 -oA details-2 192.0.2.77" in text
    assert "-sV -sC" in text
    assert "9100" not in words


def test_first_argument_names_the_scripts_output(program: Program, folder: Path) -> None:
    words = calls_of(script_of(program, "a.xml", "b.xml"), "a name")

    assert "a name-1" in words


def test_detail_arguments_are_the_settings(program: Program, folder: Path) -> None:
    script = script_of(program, "a.xml", "b.xml", NETWATCH_DETAIL_ARGS="-sV --script vuln")

    assert "--script=vuln" in calls_of(script)


def test_script_of_nothing_new_does_nothing(program: Program, folder: Path) -> None:
    assert calls_of(script_of(program, "a.xml", "same.xml")) == []


def test_script_holds_nothing_that_a_network_chose(program: Program, hostile: Path) -> None:
    """Only addresses and ports, whatever names, banners and addresses say."""
    script = script_of(program, "old.xml", "new.xml")
    words = calls_of(script)

    assert not (hostile / "reboot").exists()
    options = "-n -Pn -T4 -sV -sC -p --exclude-ports 9100-9107 -oA -6".split()
    allowed = [*options, *"80 443 80,443 192.0.2.1 192.0.2.77 fe80::1".split()]
    assert {w for w in words if not w.startswith("details-")} <= set(allowed)
    assert {"192.0.2.1", "192.0.2.77", "fe80::1"} <= set(words)
    assert "touch" not in script.read_text(encoding="utf-8")


@pytest.mark.parametrize("names", [("a.xml", "b.xml"), ("a.xml", "same.xml")])
def test_script_is_good_shell(program: Program, folder: Path, names: tuple[str, str]) -> None:
    script = script_of(program, *names)

    subprocess.run(["sh", "-n", str(script)], check=True, timeout=60)
    if shutil.which("shellcheck"):
        result = subprocess.run(
            ["shellcheck", str(script)], capture_output=True, text=True, timeout=60
        )
        assert result.stdout == ""


# Settings


def with_script(folder: Path, name: str, output: str) -> None:
    port = port_xml("80", scripts={"http-date": output})
    (folder / name).write_text(scan_xml(host_xml("192.0.2.1", port)), encoding="utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_declared_script_is_not_compared(program: Program, folder: Path, form: str) -> None:
    with_script(folder, "monday.xml", "Mon")
    with_script(folder, "tuesday.xml", "Tue")

    assert diff(program, form, "monday.xml", "tuesday.xml").returncode == 1
    declared = {"NETWATCH_VOLATILE_SCRIPTS": "http-date, http-title"}
    assert diff(program, form, "monday.xml", "tuesday.xml", **declared).returncode == 0


def test_setting_that_is_no_script_is_one_line(program: Program, folder: Path) -> None:
    result = diff(program, "a.xml", "b.xml", NETWATCH_VOLATILE_SCRIPTS="http date;$(reboot)")

    assert (result.returncode, result.stdout) == (2, "")
    assert one_line(result).startswith("NETWATCH_VOLATILE_SCRIPTS: ")


def test_settings_that_concern_no_diff_may_be_wrong(program: Program, folder: Path) -> None:
    assert diff(program, "a.xml", "a.xml", NETWATCH_TARGETS="--x").returncode == 0


def test_risky_ports_are_the_settings(program: Program, folder: Path) -> None:
    result = diff(program, "--json", "a.xml", "b.xml", NETWATCH_RISKY_PORTS="8080")

    severities = {c["kind"]: c["severity"] for c in json.loads(result.stdout)["changes"]}
    assert severities == {"host-new": "critical", "port-opened": "warning"}


def test_env_file_is_read(program: Program, folder: Path) -> None:
    with_script(folder, "monday.xml", "Mon")
    with_script(folder, "tuesday.xml", "Tue")
    (folder / "lan.env").write_text("NETWATCH_VOLATILE_SCRIPTS=http-date\n", encoding="utf-8")
    names = [str(folder / name) for name in ("monday.xml", "tuesday.xml")]

    assert program.run("diff", *names).returncode == 1
    assert program.run("--env-file", str(folder / "lan.env"), "diff", *names).returncode == 0
