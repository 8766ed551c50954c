BEGIN TRANSACTION;
CREATE TABLE absences (
        address TEXT NOT NULL,
        port TEXT NOT NULL,
        runs INTEGER NOT NULL,
        last_seen_at TEXT NOT NULL,
        PRIMARY KEY (address, port)
    ) WITHOUT ROWID;
INSERT INTO "absences" VALUES('192.0.2.10','',1,'2026-03-04T02:00:00+00:00');
INSERT INTO "absences" VALUES('192.0.2.11','',1,'2026-03-04T02:00:00+00:00');
INSERT INTO "absences" VALUES('192.0.2.5','',1,'2026-03-04T02:00:00+00:00');
INSERT INTO "absences" VALUES('192.0.2.6','',1,'2026-03-04T02:00:00+00:00');
INSERT INTO "absences" VALUES('192.0.2.7','',1,'2026-03-04T02:00:00+00:00');
INSERT INTO "absences" VALUES('192.0.2.8','',1,'2026-03-04T02:00:00+00:00');
INSERT INTO "absences" VALUES('192.0.2.9','',1,'2026-03-04T02:00:00+00:00');
CREATE TABLE changes (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        address TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (run_id, id)
    ) WITHOUT ROWID;
INSERT INTO "changes" VALUES(2,'0ea3028eb440','port-opened','warning','192.0.2.1','{"id": "0ea3028eb440", "kind": "port-opened", "severity": "warning", "address": "192.0.2.1", "mac": "02:00:5E:00:00:01", "vendor": "Acme", "hostname": null, "port": 80, "protocol": "tcp", "state": "open", "was": null, "service": null, "ports": [], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-02T02:00:00Z", "group": null, "note": null}');
INSERT INTO "changes" VALUES(2,'510b943041d6','host-new','warning','192.0.2.20','{"id": "510b943041d6", "kind": "host-new", "severity": "warning", "address": "192.0.2.20", "mac": "02:00:5E:00:00:14", "vendor": "Acme", "hostname": null, "port": null, "protocol": null, "state": null, "was": null, "service": null, "ports": [{"port": 22, "protocol": "tcp", "state": "open", "service": null}, {"port": 8443, "protocol": "tcp", "state": "open", "service": null}], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-02T02:00:00Z", "group": null, "note": null}');
INSERT INTO "changes" VALUES(2,'74ccc43f8842','port-opened','warning','192.0.2.2','{"id": "74ccc43f8842", "kind": "port-opened", "severity": "warning", "address": "192.0.2.2", "mac": "02:00:5E:00:00:02", "vendor": "Acme", "hostname": null, "port": 443, "protocol": "tcp", "state": "open", "was": null, "service": null, "ports": [], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-02T02:00:00Z", "group": null, "note": null}');
INSERT INTO "changes" VALUES(3,'aabd444caac8','port-opened','warning','192.0.2.3','{"id": "aabd444caac8", "kind": "port-opened", "severity": "warning", "address": "192.0.2.3", "mac": "02:00:5E:00:00:03", "vendor": "Acme", "hostname": null, "port": 80, "protocol": "tcp", "state": "open", "was": null, "service": null, "ports": [], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-03T02:00:00Z", "group": null, "note": null}');
INSERT INTO "changes" VALUES(4,'2d3f7a82cd22','host-gone','info','192.0.2.12','{"id": "2d3f7a82cd22", "kind": "host-gone", "severity": "info", "address": "192.0.2.12", "mac": "02:00:5E:00:00:0C", "vendor": "Acme", "hostname": null, "port": null, "protocol": null, "state": null, "was": null, "service": null, "ports": [], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-01T02:00:00Z", "group": null, "note": null}');
CREATE TABLE coverages (body TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO "coverages" VALUES('{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}');
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "facts" VALUES('inventory_taken','yes');
INSERT INTO "facts" VALUES('network','lan');
CREATE TABLE held (
        range TEXT PRIMARY KEY,
        runs INTEGER NOT NULL,
        since TEXT NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "held" VALUES('192.0.2.0/24',1,'2026-03-05T02:00:00+00:00');
CREATE TABLE hosts (
        address TEXT PRIMARY KEY,
        present INTEGER NOT NULL,
        first_seen_at TEXT NOT NULL,
        gone_at TEXT,
        mac TEXT NOT NULL,
        vendor TEXT NOT NULL,
        name TEXT NOT NULL
    , digest BLOB) WITHOUT ROWID;
INSERT INTO "hosts" VALUES('192.0.2.1',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:01','Acme','',X'7A3943DEFD0050C53C2A6B147302079A');
INSERT INTO "hosts" VALUES('192.0.2.10',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:0A','Acme','',NULL);
INSERT INTO "hosts" VALUES('192.0.2.11',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:0B','Acme','',NULL);
INSERT INTO "hosts" VALUES('192.0.2.12',0,'2026-03-01T02:00:00+00:00','2026-03-04T02:00:00+00:00','02:00:5E:00:00:0C','Acme','',NULL);
INSERT INTO "hosts" VALUES('192.0.2.2',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:02','Acme','',X'974545C2FE29DAEAA667E6FDE3B3FB9F');
INSERT INTO "hosts" VALUES('192.0.2.20',1,'2026-03-02T02:00:00+00:00',NULL,'02:00:5E:00:00:14','Acme','',X'4FACF99323FDDF7F57A0C3CD810E2D15');
INSERT INTO "hosts" VALUES('192.0.2.3',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:03','Acme','',X'91A20346BDD19FA100335AE8DB37FB52');
INSERT INTO "hosts" VALUES('192.0.2.4',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:04','Acme','',X'EEE0041217CD0025534736CF5E08F659');
INSERT INTO "hosts" VALUES('192.0.2.5',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:05','Acme','',NULL);
INSERT INTO "hosts" VALUES('192.0.2.6',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:06','Acme','',NULL);
INSERT INTO "hosts" VALUES('192.0.2.7',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:07','Acme','',NULL);
INSERT INTO "hosts" VALUES('192.0.2.8',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:08','Acme','',NULL);
INSERT INTO "hosts" VALUES('192.0.2.9',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:09','Acme','',NULL);
CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        destination TEXT NOT NULL,
        view TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting',
        attempts INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        lease_until REAL NOT NULL DEFAULT 0,
        lease_holder TEXT NOT NULL DEFAULT '',
        last_error TEXT NOT NULL DEFAULT '',
        sent_at TEXT
    );
INSERT INTO "outbox" VALUES(1,1,'xml','{"network": "lan", "subject": "lan: first scan, 12 hosts known \u00b7 Sun 1 Mar", "sections": [{"title": "FIRST SCAN", "items": [{"headline": "12 hosts known now, 12 open ports on 12 hosts", "mark": "", "details": [], "id": ""}, {"headline": "From now on you hear what is new, gone or changed.", "mark": "", "details": [], "id": ""}], "left_out": 0}, {"title": "MOST SEEN", "items": [{"headline": "22/tcp on 12 hosts", "mark": "", "details": [], "id": ""}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": ""}','sent',1,'2026-11-24T19:04:14.943258+00:00',0.0,'','','2026-11-24T19:04:14.993173+00:00');
INSERT INTO "outbox" VALUES(2,1,'form','{"network": "lan", "subject": "lan: first scan, 12 hosts known \u00b7 Sun 1 Mar", "sections": [{"title": "FIRST SCAN", "items": [{"headline": "12 hosts known now, 12 open ports on 12 hosts", "mark": "", "details": [], "id": ""}, {"headline": "From now on you hear what is new, gone or changed.", "mark": "", "details": [], "id": ""}], "left_out": 0}, {"title": "MOST SEEN", "items": [{"headline": "22/tcp on 12 hosts", "mark": "", "details": [], "id": ""}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": ""}','waiting',5,'2026-11-24T19:04:14.943258+00:00',0.0,'','HTTP 404',NULL);
INSERT INTO "outbox" VALUES(3,1,'json','{"network": "lan", "subject": "lan: first scan, 12 hosts known \u00b7 Sun 1 Mar", "sections": [{"title": "FIRST SCAN", "items": [{"headline": "12 hosts known now, 12 open ports on 12 hosts", "mark": "", "details": [], "id": ""}, {"headline": "From now on you hear what is new, gone or changed.", "mark": "", "details": [], "id": ""}], "left_out": 0}, {"title": "MOST SEEN", "items": [{"headline": "22/tcp on 12 hosts", "mark": "", "details": [], "id": ""}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": ""}','waiting',5,'2026-11-24T19:04:14.943258+00:00',0.0,'','connection refused',NULL);
INSERT INTO "outbox" VALUES(4,2,'xml','{"network": "lan", "subject": "lan: new device 192.0.2.20, +2 \u00b7 Mon 2 Mar", "sections": [{"title": "TO CHECK", "items": [{"headline": "new device 192.0.2.20, private address", "mark": "+", "details": ["22/tcp", "8443/tcp", "seen once"], "id": "510b"}, {"headline": "192.0.2.1 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "0ea3"}, {"headline": "192.0.2.2 (private address): 443/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "74cc"}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "13 up, 1 min."], "rest": ""}','sent',1,'2026-11-24T19:04:15.614955+00:00',0.0,'','','2026-11-24T19:04:15.699304+00:00');
INSERT INTO "outbox" VALUES(5,2,'form','{"network": "lan", "subject": "lan: new device 192.0.2.20, +2 \u00b7 Mon 2 Mar", "sections": [{"title": "TO CHECK", "items": [{"headline": "new device 192.0.2.20, private address", "mark": "+", "details": ["22/tcp", "8443/tcp", "seen once"], "id": "510b"}, {"headline": "192.0.2.1 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "0ea3"}, {"headline": "192.0.2.2 (private address): 443/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "74cc"}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "13 up, 1 min."], "rest": ""}','waiting',4,'2026-11-24T19:04:15.614955+00:00',0.0,'','HTTP 404',NULL);
INSERT INTO "outbox" VALUES(6,2,'json','{"network": "lan", "subject": "lan: new device 192.0.2.20, +2 \u00b7 Mon 2 Mar", "sections": [{"title": "TO CHECK", "items": [{"headline": "new device 192.0.2.20, private address", "mark": "+", "details": ["22/tcp", "8443/tcp", "seen once"], "id": "510b"}, {"headline": "192.0.2.1 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "0ea3"}, {"headline": "192.0.2.2 (private address): 443/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "74cc"}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "13 up, 1 min."], "rest": ""}','waiting',4,'2026-11-24T19:04:15.614955+00:00',0.0,'','connection refused',NULL);
INSERT INTO "outbox" VALUES(7,3,'xml','{"network": "lan", "subject": "lan: 80/tcp open on 192.0.2.3 \u00b7 Tue 3 Mar", "sections": [{"title": "TO CHECK", "items": [{"headline": "192.0.2.3 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "aabd"}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": ""}','sent',1,'2026-11-24T19:04:16.431278+00:00',0.0,'','','2026-11-24T19:04:16.536711+00:00');
INSERT INTO "outbox" VALUES(8,3,'form','{"network": "lan", "subject": "lan: 80/tcp open on 192.0.2.3 \u00b7 Tue 3 Mar", "sections": [{"title": "TO CHECK", "items": [{"headline": "192.0.2.3 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "aabd"}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": ""}','waiting',3,'2026-11-24T19:04:16.431278+00:00',0.0,'','HTTP 404',NULL);
INSERT INTO "outbox" VALUES(9,3,'json','{"network": "lan", "subject": "lan: 80/tcp open on 192.0.2.3 \u00b7 Tue 3 Mar", "sections": [{"title": "TO CHECK", "items": [{"headline": "192.0.2.3 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "aabd"}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": ""}','waiting',3,'2026-11-24T19:04:16.431278+00:00',0.0,'','connection refused',NULL);
INSERT INTO "outbox" VALUES(10,4,'xml','{"network": "lan", "subject": "lan: 192.0.2.12 gone \u00b7 Wed 4 Mar", "sections": [{"title": "FOR INFORMATION", "items": [{"headline": "192.0.2.12 (private address): gone", "mark": "-", "details": ["no answer, last seen Mon 2 Mar"], "id": "2d3f"}], "left_out": 0}, {"title": "NOTES", "items": [{"headline": "Newly covered, taken as known: 0 hosts, 1 ports", "mark": "", "details": [], "id": ""}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up (usually 12), 1 min."], "rest": ""}','sent',1,'2026-11-24T19:04:17.304562+00:00',0.0,'','','2026-11-24T19:04:17.457858+00:00');
INSERT INTO "outbox" VALUES(11,4,'form','{"network": "lan", "subject": "lan: 192.0.2.12 gone \u00b7 Wed 4 Mar", "sections": [{"title": "FOR INFORMATION", "items": [{"headline": "192.0.2.12 (private address): gone", "mark": "-", "details": ["no answer, last seen Mon 2 Mar"], "id": "2d3f"}], "left_out": 0}, {"title": "NOTES", "items": [{"headline": "Newly covered, taken as known: 0 hosts, 1 ports", "mark": "", "details": [], "id": ""}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up (usually 12), 1 min."], "rest": ""}','waiting',2,'2026-11-24T19:04:17.304562+00:00',0.0,'','HTTP 404',NULL);
INSERT INTO "outbox" VALUES(12,4,'json','{"network": "lan", "subject": "lan: 192.0.2.12 gone \u00b7 Wed 4 Mar", "sections": [{"title": "FOR INFORMATION", "items": [{"headline": "192.0.2.12 (private address): gone", "mark": "-", "details": ["no answer, last seen Mon 2 Mar"], "id": "2d3f"}], "left_out": 0}, {"title": "NOTES", "items": [{"headline": "Newly covered, taken as known: 0 hosts, 1 ports", "mark": "", "details": [], "id": ""}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up (usually 12), 1 min."], "rest": ""}','waiting',2,'2026-11-24T19:04:17.304562+00:00',0.0,'','connection refused',NULL);
INSERT INTO "outbox" VALUES(13,5,'xml','{"network": "lan", "subject": "lan: 192.0.2.0/24: 7 OF 12 HOSTS SILENT \u00b7 Thu 5 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: 192.0.2.0/24: 7 of 12 hosts silent", "mark": "", "details": ["night 1, held, not counted as gone"], "id": ""}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "5 up (usually 12), 1 min."], "rest": ""}','sent',1,'2026-11-24T19:04:18.461170+00:00',0.0,'','','2026-11-24T19:04:18.606486+00:00');
INSERT INTO "outbox" VALUES(14,5,'form','{"network": "lan", "subject": "lan: 192.0.2.0/24: 7 OF 12 HOSTS SILENT \u00b7 Thu 5 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: 192.0.2.0/24: 7 of 12 hosts silent", "mark": "", "details": ["night 1, held, not counted as gone"], "id": ""}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "5 up (usually 12), 1 min."], "rest": ""}','waiting',1,'2026-11-24T19:04:18.461170+00:00',0.0,'','HTTP 404',NULL);
INSERT INTO "outbox" VALUES(15,5,'json','{"network": "lan", "subject": "lan: 192.0.2.0/24: 7 OF 12 HOSTS SILENT \u00b7 Thu 5 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: 192.0.2.0/24: 7 of 12 hosts silent", "mark": "", "details": ["night 1, held, not counted as gone"], "id": ""}], "left_out": 0}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "5 up (usually 12), 1 min."], "rest": ""}','waiting',1,'2026-11-24T19:04:18.461170+00:00',0.0,'','connection refused',NULL);
CREATE TABLE parts (
        label TEXT PRIMARY KEY,
        last_good_at TEXT NOT NULL
    , scan TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
INSERT INTO "parts" VALUES('192.0.2.0/24','2026-03-05T02:00:00+00:00','scans/5/fast.xml');
CREATE TABLE ports (
        address TEXT NOT NULL REFERENCES hosts (address) ON DELETE CASCADE,
        protocol TEXT NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL,
        opened_at TEXT NOT NULL,
        closed_at TEXT,
        service TEXT,
        PRIMARY KEY (address, protocol, number)
    ) WITHOUT ROWID;
INSERT INTO "ports" VALUES('192.0.2.1','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.1','tcp',80,'open','2026-03-02T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.10','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.11','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.12','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.2','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.2','tcp',443,'open','2026-03-02T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.20','tcp',22,'open','2026-03-02T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.20','tcp',8443,'open','2026-03-02T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.3','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.3','tcp',80,'open','2026-03-03T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.4','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.4','tcp',8080,'open','2026-03-04T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.5','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.6','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.7','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.8','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
INSERT INTO "ports" VALUES('192.0.2.9','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL);
CREATE TABLE problems (
        key TEXT PRIMARY KEY,
        nights INTEGER NOT NULL,
        since TEXT NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        status TEXT NOT NULL,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        fast_seconds REAL NOT NULL DEFAULT 0,
        detail_seconds REAL NOT NULL DEFAULT 0,
        hosts_up INTEGER,
        coverage TEXT NOT NULL DEFAULT '[]',
        content TEXT NOT NULL DEFAULT ''
    );
INSERT INTO "runs" VALUES(1,'ingest','done','2026-03-01T02:00:00+00:00','2026-11-24T19:04:14.943258+00:00',60.0,0.0,12,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','39115f2a345b44909e88d858502659f8');
INSERT INTO "runs" VALUES(2,'ingest','done','2026-03-02T02:00:00+00:00','2026-11-24T19:04:15.614955+00:00',60.0,0.0,13,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','fa9e21adc488ea0566d7d9f8bef2d0b9');
INSERT INTO "runs" VALUES(3,'ingest','done','2026-03-03T02:00:00+00:00','2026-11-24T19:04:16.431278+00:00',60.0,0.0,12,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','5d4b7fc2ed2da72e87ad1cf70c335c75');
INSERT INTO "runs" VALUES(4,'ingest','done','2026-03-04T02:00:00+00:00','2026-11-24T19:04:17.304562+00:00',60.0,0.0,12,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','4ccdda4e112c2bf0b1c51b8e03ac61f0');
INSERT INTO "runs" VALUES(5,'ingest','done','2026-03-05T02:00:00+00:00','2026-11-24T19:04:18.461170+00:00',60.0,0.0,5,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','a58769f382ef593b6ed5135fa0acb710');
CREATE INDEX runs_content ON runs (content) WHERE content <> '';
CREATE INDEX outbox_waiting ON outbox (id) WHERE state = 'waiting';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',5);
INSERT INTO "sqlite_sequence" VALUES('outbox',15);
COMMIT;
PRAGMA user_version = 2;
