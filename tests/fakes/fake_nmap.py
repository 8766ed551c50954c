"""
A program that answers like nmap 7.93, and fails in the ways nmap fails.

It reads a scenario, a JSON file named by its first argument: `hosts` maps addresses to open
ports, `refused` lists ports that answer RST in a second look, and the rest says how to go wrong.
"""

import json
import os
import signal
import sys
import time
from html import escape
from pathlib import Path

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<nmaprun scanner="nmap" args="{args}" start="{now}" version="{version}" xmloutputversion="1.05">
<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>
"""
TAIL = """<runstats><finished time="{now}" elapsed="0.1"{exit}/>
<hosts up="{up}" down="{down}" total="{total}"/></runstats>
</nmaprun>
"""


def host_xml(address: str, ports: list[int], asked: list[int] | None) -> str:
    family = "ipv6" if ":" in address else "ipv4"
    listed = "".join(
        f'<port protocol="tcp" portid="{port}"><state state="open" reason="syn-ack"/>'
        f'<service name="http" method="table" conf="3"/></port>'
        for port in ports
        if asked is None or port in asked
    )
    closed = "".join(
        f'<port protocol="tcp" portid="{port}"><state state="closed" reason="reset"/></port>'
        for port in asked or []
        if port not in ports
    )
    extra = "" if asked else '<extraports state="closed" count="990"/>'
    return (
        f'<host><status state="up" reason="echo-reply"/><address addr="{address}" '
        f'addrtype="{family}"/><ports>{extra}{listed}{closed}</ports></host>\n'
    )


def main() -> None:
    scenario = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    arguments = sys.argv[2:]
    if "--version" in arguments:
        print("Nmap version 7.93 ( https://nmap.org )")
        return
    fast = "--stats-every" in arguments
    acts = scenario.get("fast" if fast else "second", {})
    version = 6 if "-6" in arguments else 4
    for target, other in acts.get("for", {}).items():
        if target in arguments:
            acts = other
    hosts = {
        address: ports
        for address, ports in scenario.get("hosts", {}).items()
        if (":" in address) == (version == 6) and (fast or address in arguments)
    }
    asked = None
    if not fast and "-p" in arguments:
        asked = [int(port) for port in arguments[arguments.index("-p") + 1].split(",")]
    body = "".join(host_xml(address, ports, asked) for address, ports in hosts.items())
    now = int(time.time())
    exit_text = "" if acts.get("old") else f' exit="{acts.get("exit_text", "success")}"'
    if acts.get("errormsg"):
        exit_text += f' errormsg="{escape(acts["errormsg"])}"'
    total = acts.get("total", scenario.get("total", len(hosts)))
    up = len(hosts)
    head = HEAD.format(
        args=escape(" ".join(["nmap", *arguments])), now=now, version=acts.get("version", "7.93")
    )
    tail = TAIL.format(now=now, exit=exit_text, up=up, down=max(0, total - up), total=total)
    if acts.get("extra"):
        body += acts["extra"]
    text = head + body + tail
    if acts.get("half"):
        text = text[: len(head) + len(body) * 2 // 3]
    sys.stderr.write(acts.get("stderr", ""))
    sys.stderr.write("x" * acts.get("stderr_bytes", 0))
    sys.stderr.flush()
    output(text, arguments)
    if acts.get("started"):
        Path(acts["started"]).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(acts.get("sleep", 0))
    if acts.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    sys.exit(acts.get("exit", 0))


def output(text: str, arguments: list[str]) -> None:
    if "-oA" in arguments:
        base = arguments[arguments.index("-oA") + 1]
        Path(f"{base}.xml").write_text(text, encoding="utf-8")
        Path(f"{base}.nmap").write_text("fake\n", encoding="utf-8")
        Path(f"{base}.gnmap").write_text("fake\n", encoding="utf-8")
    elif (place := arguments[arguments.index("-oX") + 1]) == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        Path(place).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
