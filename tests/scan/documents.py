"""nmap XML documents, whole and hostile."""

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n'
    '<nmaprun scanner="nmap" args="nmap -p22 192.0.2.0/30" start="1767225600" version="7.93" '
    'xmloutputversion="1.05">\n'
    '<scaninfo type="syn" protocol="tcp" numservices="1" services="22"/>\n'
)
TAIL = (
    '<runstats><finished time="1767225660" elapsed="60.5" exit="success"/>'
    '<hosts up="2" down="2" total="4"/></runstats>\n</nmaprun>\n'
)


def host_xml(last: int, inside: str = "", attributes: str = "") -> str:
    return (
        f'<host{attributes}><status state="up" reason="syn-ack"/>'
        f'<address addr="192.0.2.{last}" addrtype="ipv4"/>'
        '<ports><port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/>'
        f'<service name="ssh" method="table"/></port></ports>{inside}</host>\n'
    )


WHOLE = HEAD + host_xml(1) + host_xml(2) + TAIL
