"""Script output that differs every time, and what a real change looks like beside it."""

import pytest

from netwatch_notify.diff.volatile import same_output

NTP = """
  receive time stamp: {}
  version: ntpd 4.2.8p15
  processor: x86_64
  stratum: 2
  rootdelay: {}
  rootdisp: {}
  reftime: {}
  clock: {}
  peer: {}
  offset: {}
  frequency: {}
  sys_jitter: {}
  clk_jitter: {}
  clk_wander: {}"""
MYSQL = """
  Protocol: 10
  Version: {version}
  Thread ID: {thread}
  Capabilities flags: 65535
  Some Capabilities: {some}
  Status: Autocommit
  Salt: {salt}
  Auth Plugin Name: mysql_native_password"""
RDP = """
  Target_Name: WORKGROUP
  DNS_Computer_Name: {name}
  Product_Version: 10.0.17763
  System_Time: {time}"""
FTP = """
  STAT:
FTP server status:
     Connected to 192.0.2.13
     At session startup, client count was {count}
     {version} - secure, fast, stable
End of status"""
DIGEST = """
HTTP/1.1 401 Unauthorized
  Digest {}"""
UNKNOWN_SERVICE = """
  GetRequest:
    HTTP/1.0 200 OK
    Date: {date}
    Server: {server}"""

VOLATILE = [
    ("ssl-date", "TLS randomness does not represent time", "2026-01-01T00:00:00; -1s"),
    ("clock-skew", "mean: 1h20m00s, deviation: 2h18m34s", "-1s"),
    ("rfc868-time", "2026-01-01T00:00:00", "2026-01-02T00:00:00"),
    (
        "smb2-time",
        "\n  date: 2026-01-01\n  start_date: N/A",
        "\n  date: 2026-01-02\n  start_date: N/A",
    ),
    ("ntp-info", NTP.format(*range(11)), NTP.format(*range(20, 31))),
    (
        "mysql-info",
        MYSQL.format(version="8.0.36", thread=8, some="A, B, C", salt="x\\x0Fy z"),
        MYSQL.format(version="8.0.36", thread=9, some="C, A, B", salt="q"),
    ),
    ("rdp-ntlm-info", RDP.format(name="pc", time="2026-01-01"), RDP.format(name="pc", time="1")),
    ("ssh-hostkey", "\n  256 aa (ECDSA)\n  2048 bb (RSA)", "\n  2048 bb (RSA)\n  256 aa (ECDSA)"),
    ("imap-capabilities", "IMAP4rev1 IDLE OK STARTTLS", "STARTTLS OK IMAP4rev1 IDLE"),
    ("pop3-capabilities", "TOP UIDL STLS", "STLS TOP UIDL"),
    ("snmp-sysdescr", "Linux\n  System uptime: 28m17s", "Linux\n  System uptime: 29m00s"),
    (
        "ftp-syst",
        FTP.format(count=1, version="vsFTPd 3.0.5"),
        FTP.format(count=4, version="vsFTPd 3.0.5"),
    ),
    (
        "http-auth",
        DIGEST.format("realm=nas nonce=abc+/= qop=auth"),
        DIGEST.format("qop=auth nonce=q1== realm=nas"),
    ),
    ("smb-os-discovery", "\n  OS: Samba\n  System time: 1", "\n  OS: Samba\n  System time: 2"),
    (
        "ubiquiti-discovery",
        "\n  uptime_seconds: 1\n  uptime: x\n  product: ER-X",
        "\n  uptime_seconds: 2\n  uptime: y\n  product: ER-X",
    ),
    ("tls-alpn", "\n  h2\n  http/1.1", "\n  http/1.1\n  h2"),
    (
        "fingerprint-strings",
        UNKNOWN_SERVICE.format(date="Thu, 01 Jan 2026 00:00:00 GMT", server="x"),
        UNKNOWN_SERVICE.format(date="Fri, 02 Jan 2026 00:00:00 GMT", server="x"),
    ),
    (
        "mongodb-info",
        "\n  version = 7\n  uptime = 1\n  insert = 3",
        "\n  version = 7\n  uptime = 2\n  insert = 9",
    ),
]
REAL = [
    (
        "smb2-time",
        "\n  date: 2026-01-01\n  start_date: N/A",
        "\n  date: 2026-01-02\n  start_date: 2026-01-02",
    ),
    ("ntp-info", NTP.format(*range(11)), NTP.format(*range(11)).replace("p15", "p18")),
    (
        "mysql-info",
        MYSQL.format(version="8.0.36", thread=8, some="A, B", salt="x"),
        MYSQL.format(version="8.0.37", thread=9, some="B, A", salt="y"),
    ),
    (
        "mysql-info",
        MYSQL.format(version="8.0.36", thread=8, some="A, B", salt="x"),
        MYSQL.format(version="8.0.36", thread=9, some="B, A, SwitchToSSL", salt="y"),
    ),
    ("rdp-ntlm-info", RDP.format(name="pc", time="2026-01-01"), RDP.format(name="dc", time="1")),
    ("ssh-hostkey", "\n  256 aa (ECDSA)\n  2048 bb (RSA)", "\n  2048 cc (RSA)\n  256 aa (ECDSA)"),
    ("imap-capabilities", "IMAP4rev1 IDLE STARTTLS", "IDLE IMAP4rev1"),
    ("snmp-sysdescr", "Linux 5\n  System uptime: 28m17s", "Linux 6\n  System uptime: 29m00s"),
    (
        "ftp-syst",
        FTP.format(count=1, version="vsFTPd 3.0.3"),
        FTP.format(count=1, version="vsFTPd 3.0.5"),
    ),
    ("http-auth", DIGEST.format("realm=nas nonce=abc"), DIGEST.format("realm=camera nonce=abc")),
    ("http-title", "NAS", "Hacked by x"),
    ("ssl-cert", "Subject: commonName=nas", "Subject: commonName=nsa"),
    (
        "fingerprint-strings",
        UNKNOWN_SERVICE.format(date=1, server="x"),
        UNKNOWN_SERVICE.format(date=2, server="y"),
    ),
]


@pytest.mark.parametrize(("script", "before", "after"), VOLATILE, ids=[c[0] for c in VOLATILE])
def test_what_differs_every_time_is_no_change(script: str, before: str, after: str) -> None:
    assert before != after
    assert same_output(script, before, after)
    assert same_output(script, after, before)


@pytest.mark.parametrize(("script", "before", "after"), REAL, ids=[c[0] for c in REAL])
def test_real_change_beside_it_is_one(script: str, before: str, after: str) -> None:
    assert not same_output(script, before, after)


def test_line_counts_as_volatile_only_in_its_own_script() -> None:
    """A page may say `date:` whenever it likes."""
    assert not same_output("http-title", "Date: 1", "Date: 2")


def test_line_is_volatile_by_its_whole_key() -> None:
    assert not same_output("smb2-time", "dates: 1", "dates: 2")


def test_declared_scripts_are_not_compared_at_all() -> None:
    """They may come and go, too."""
    assert same_output("http-date", "a", "b", {"http-date"})
    assert same_output("http-date", "a", "", {"http-date"})
    assert not same_output("http-date", "a", "b", {"http-title"})
