"""Scans made elsewhere: what their command line says they covered."""

from pathlib import Path

import pytest

from netwatch_notify.errors import UnreadableInputError
from netwatch_notify.scan.files import label_of, read_header, read_scan_file
from tests.builders import CORPUS, addresses, at, key
from tests.scan.documents import WHOLE


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "scan.xml"
    path.write_text(text, encoding="utf-8")
    return path


def with_arguments(tmp_path: Path, arguments: str) -> Path:
    old = 'args="nmap -p22 192.0.2.0/30"'
    assert old in WHOLE
    return written(tmp_path, WHOLE.replace(old, f'args="{arguments}"'))


def test_a_whole_file_ended_properly_and_covered_its_targets(tmp_path: Path) -> None:
    result = read_scan_file(written(tmp_path, WHOLE)).result
    assert result.ended_properly
    assert [str(host.address) for host in result.hosts] == ["192.0.2.1", "192.0.2.2"]
    assert result.coverage
    assert result.coverage.addresses == addresses("192.0.2.0/30")
    assert result.coverage.covers(at("192.0.2.3"), key("22"))
    assert not result.coverage.open_only
    assert result.part.label == "192.0.2.0/30"


@pytest.mark.parametrize(
    "arguments",
    [
        "nmap 192.0.2.0/30",
        "/usr/bin/nmap -oX out.xml -p 22 192.0.2.0-3",
        "nmap 192.0.2.0/30 -e eth0 -oX 10.0.0.1",
        "nmap --min-rate 100 --host-timeout=5m 192.0.2.0,1,2,3",
        "nmap --exclude 192.0.2.4,192.0.2.5-7 192.0.2.0/29",
        "nmap --exclude=192.0.2.4/30 192.0.2.0/29",
    ],
)
def test_the_targets_are_those_of_the_command_line(tmp_path: Path, arguments: str) -> None:
    result = read_scan_file(with_arguments(tmp_path, arguments)).result
    assert result.coverage
    assert result.coverage.addresses == addresses("192.0.2.0/30")


@pytest.mark.parametrize(
    "arguments",
    [
        "nmap -iL list.txt",
        "nmap -iR 4",
        "nmap --excludefile x 192.0.2.0/30",
        "nmap --resume x",
        "nmap nas.example",
        "nmap 192.0.2.0/30 nas.example",
        "nmap --exclude nas.example 192.0.2.0/30",
        "nmap 'unclosed",
        "",
    ],
)
def test_targets_that_cannot_be_known_leave_no_coverage(tmp_path: Path, arguments: str) -> None:
    result = read_scan_file(with_arguments(tmp_path, arguments)).result
    assert result.coverage is None
    assert result.ended_properly
    assert len(result.hosts) == 2


def test_open_is_noticed(tmp_path: Path) -> None:
    result = read_scan_file(with_arguments(tmp_path, "nmap --open 192.0.2.0/30")).result
    assert result.coverage
    assert result.coverage.open_only


def test_fewer_hosts_than_asked_for_is_a_problem(tmp_path: Path) -> None:
    result = read_scan_file(with_arguments(tmp_path, "nmap 192.0.2.0/29")).result
    assert "4 of 8" in result.problem
    assert result.coverage is None


def test_targets_that_overlap_are_no_problem(tmp_path: Path) -> None:
    # Without --unique, nmap scans 192.0.2.1 twice: total="5" for four addresses.
    path = with_arguments(tmp_path, "nmap 192.0.2.0/30 192.0.2.1")
    path.write_text(path.read_text().replace('total="4"', 'total="5"'))
    assert read_scan_file(path).result.problem == ""


def test_a_cut_file_is_a_result_with_its_problem(tmp_path: Path) -> None:
    result = read_scan_file(written(tmp_path, WHOLE[: WHOLE.index("<runstats>")])).result
    assert len(result.hosts) == 2
    assert "stops in the middle" in result.problem
    assert result.coverage is None


@pytest.mark.parametrize("name", ["1_hosts.xml", "current_image.xml", "masscan.xml"])
def test_real_files_of_old_nmaps_and_masscan_ended_properly(name: str) -> None:
    result = read_scan_file(CORPUS / name).result
    assert result.hosts
    assert result.problem == ""


def test_the_same_bytes_have_the_same_content_and_others_do_not(tmp_path: Path) -> None:
    first = read_scan_file(written(tmp_path, WHOLE)).content
    assert read_scan_file(written(tmp_path, WHOLE)).content == first
    assert read_scan_file(written(tmp_path, WHOLE + "\n")).content != first


def test_a_file_that_is_missing_or_a_folder_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "none.xml", tmp_path):
        with pytest.raises(UnreadableInputError) as caught:
            read_scan_file(path)
        assert str(caught.value).startswith(f"{path}: ")


def test_when_it_was_started_stands_before_the_first_host(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    assert read_header(path).started_at == read_scan_file(path).result.header.started_at
    assert label_of(read_header(path)) == "192.0.2.0/30"
    assert (
        read_header(written(tmp_path, WHOLE.replace(' start="1767225600"', ""))).started_at is None
    )
    with pytest.raises(UnreadableInputError, match="no nmap XML"):
        read_header(written(tmp_path, ""))
    with pytest.raises(UnreadableInputError, match="No such file"):
        read_header(tmp_path / "none.xml")


def test_hosts_whose_slices_are_known_are_not_parsed(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    first, second = read_scan_file(path).result.hosts
    assert first.digest != second.digest
    result = read_scan_file(path, {first.digest: first.address.packed}).result
    assert result.hosts == (second,)
    assert list(result.unchanged) == [first.address]
    other_ports = written(tmp_path, WHOLE.replace('services="22"', 'services="1-22"'))
    result = read_scan_file(other_ports, {first.digest: first.address.packed}).result
    assert not result.unchanged
    assert len(result.hosts) == 2


def test_without_targets_a_file_stands_for_the_hosts_in_it(tmp_path: Path) -> None:
    path = with_arguments(tmp_path, "nmap -iL list.txt")
    first, _ = read_scan_file(path).result.hosts
    result = read_scan_file(path, {first.digest: first.address.packed}).result
    assert result.part.addresses == addresses("192.0.2.1", "192.0.2.2")
