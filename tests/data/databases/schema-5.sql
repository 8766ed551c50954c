BEGIN TRANSACTION;
CREATE TABLE absences (
        address TEXT NOT NULL,
        port TEXT NOT NULL,
        runs INTEGER NOT NULL,
        last_seen_at TEXT NOT NULL, is_held INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (address, port)
    ) WITHOUT ROWID;
INSERT INTO "absences" VALUES('192.0.2.10','',1,'2026-03-04T02:00:00+00:00',1);
INSERT INTO "absences" VALUES('192.0.2.11','',1,'2026-03-04T02:00:00+00:00',1);
INSERT INTO "absences" VALUES('192.0.2.5','',1,'2026-03-04T02:00:00+00:00',1);
INSERT INTO "absences" VALUES('192.0.2.6','',1,'2026-03-04T02:00:00+00:00',1);
INSERT INTO "absences" VALUES('192.0.2.7','',1,'2026-03-04T02:00:00+00:00',1);
INSERT INTO "absences" VALUES('192.0.2.8','',1,'2026-03-04T02:00:00+00:00',1);
INSERT INTO "absences" VALUES('192.0.2.9','',1,'2026-03-04T02:00:00+00:00',1);
CREATE TABLE acceptances (
        change_id TEXT NOT NULL,
        accepted_at TEXT NOT NULL,
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        until TEXT,
        is_over INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (change_id, accepted_at)
    ) WITHOUT ROWID;
INSERT INTO "acceptances" VALUES('510b943041d6','2026-11-24T21:02:59.136135+00:00','alice','',NULL,0);
INSERT INTO "acceptances" VALUES('74ccc43f8842','2026-11-24T21:02:58.849024+00:00','alice','','2090-01-02T00:00:00+00:00',0);
CREATE TABLE changes (
        run_id INTEGER NOT NULL REFERENCES runs (id),
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        address TEXT NOT NULL,
        body TEXT NOT NULL, grp TEXT NOT NULL DEFAULT '', hidden_by INTEGER,
        PRIMARY KEY (run_id, id)
    ) WITHOUT ROWID;
INSERT INTO "changes" VALUES(2,'0ea3028eb440','port-opened','warning','192.0.2.1','{"id": "0ea3028eb440", "kind": "port-opened", "severity": "warning", "address": "192.0.2.1", "mac": "02:00:5E:00:00:01", "vendor": "Acme", "hostname": null, "port": 80, "protocol": "tcp", "state": "open", "was": null, "service": null, "was_service": null, "ports": [], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-02T02:00:00Z", "last_seen_at": null, "name": null, "owner": null, "site": null, "times": 1, "toggles": null, "planned": null, "group": null, "note": null}','',NULL);
INSERT INTO "changes" VALUES(2,'510b943041d6','host-new','warning','192.0.2.20','{"id": "510b943041d6", "kind": "host-new", "severity": "warning", "address": "192.0.2.20", "mac": "02:00:5E:00:00:14", "vendor": "Acme", "hostname": null, "port": null, "protocol": null, "state": null, "was": null, "service": null, "was_service": null, "ports": [{"port": 22, "protocol": "tcp", "state": "open", "service": null}, {"port": 8443, "protocol": "tcp", "state": "open", "service": null}], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-02T02:00:00Z", "last_seen_at": null, "name": null, "owner": null, "site": null, "times": 1, "toggles": null, "planned": null, "group": null, "note": null}','',NULL);
INSERT INTO "changes" VALUES(2,'74ccc43f8842','port-opened','warning','192.0.2.2','{"id": "74ccc43f8842", "kind": "port-opened", "severity": "warning", "address": "192.0.2.2", "mac": "02:00:5E:00:00:02", "vendor": "Acme", "hostname": null, "port": 443, "protocol": "tcp", "state": "open", "was": null, "service": null, "was_service": null, "ports": [], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-02T02:00:00Z", "last_seen_at": null, "name": null, "owner": null, "site": null, "times": 1, "toggles": null, "planned": null, "group": null, "note": null}','',NULL);
INSERT INTO "changes" VALUES(3,'aabd444caac8','port-opened','warning','192.0.2.3','{"id": "aabd444caac8", "kind": "port-opened", "severity": "warning", "address": "192.0.2.3", "mac": "02:00:5E:00:00:03", "vendor": "Acme", "hostname": null, "port": 80, "protocol": "tcp", "state": "open", "was": null, "service": null, "was_service": null, "ports": [], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-03T02:00:00Z", "last_seen_at": null, "name": null, "owner": null, "site": null, "times": 1, "toggles": null, "planned": null, "group": null, "note": null}','',1);
INSERT INTO "changes" VALUES(4,'2d3f7a82cd22','host-gone','info','192.0.2.12','{"id": "2d3f7a82cd22", "kind": "host-gone", "severity": "info", "address": "192.0.2.12", "mac": "02:00:5E:00:00:0C", "vendor": "Acme", "hostname": null, "port": null, "protocol": null, "state": null, "was": null, "service": null, "was_service": null, "ports": [], "os": [], "scripts": [], "confirmed": false, "first_seen_at": "2026-03-01T02:00:00Z", "last_seen_at": "2026-03-02T02:00:00Z", "name": null, "owner": null, "site": null, "times": 1, "toggles": null, "planned": null, "group": null, "note": null}','',NULL);
CREATE TABLE coverages (body TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO "coverages" VALUES('{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}');
CREATE TABLE displaced (
        mac TEXT PRIMARY KEY,
        is_told INTEGER NOT NULL,
        host_key TEXT NOT NULL,
        body TEXT NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "facts" VALUES('changes_told','{"port-opened": 2, "host-new": 1, "host-gone": 1}');
INSERT INTO "facts" VALUES('inventory_taken','yes');
INSERT INTO "facts" VALUES('last_message_at','2026-03-05T02:00:00+00:00');
INSERT INTO "facts" VALUES('last_scan','[1, 1, "7.93"]');
INSERT INTO "facts" VALUES('network','lan');
CREATE TABLE habits (
        address TEXT NOT NULL,
        port TEXT NOT NULL,
        toggles TEXT NOT NULL,
        longest_absence INTEGER NOT NULL,
        silent_since TEXT,
        told_present INTEGER,
        PRIMARY KEY (address, port)
    ) WITHOUT ROWID;
INSERT INTO "habits" VALUES('192.0.2.12','','2026-03-03T02:00:00+00:00',0,'2026-03-02T02:00:00+00:00',NULL);
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
    , digest BLOB, host_key TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
INSERT INTO "hosts" VALUES('192.0.2.1',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:01','Acme','',X'FC2FD36914C1E15AF13011497CDC35AD','');
INSERT INTO "hosts" VALUES('192.0.2.10',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:0A','Acme','',NULL,'');
INSERT INTO "hosts" VALUES('192.0.2.11',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:0B','Acme','',NULL,'');
INSERT INTO "hosts" VALUES('192.0.2.12',0,'2026-03-01T02:00:00+00:00','2026-03-04T02:00:00+00:00','02:00:5E:00:00:0C','Acme','',NULL,'');
INSERT INTO "hosts" VALUES('192.0.2.2',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:02','Acme','',X'2E8332630D3180E71E8C66C3D6EF9288','');
INSERT INTO "hosts" VALUES('192.0.2.20',1,'2026-03-02T02:00:00+00:00',NULL,'02:00:5E:00:00:14','Acme','',X'2D42C326462BE3807EC74947817593E5','');
INSERT INTO "hosts" VALUES('192.0.2.3',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:03','Acme','',X'AF4BD6A648021B2A5DE4E874A6BF4456','');
INSERT INTO "hosts" VALUES('192.0.2.4',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:04','Acme','',X'2C71764E3869D6DB3ED803B3DA56CADC','');
INSERT INTO "hosts" VALUES('192.0.2.5',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:05','Acme','',NULL,'');
INSERT INTO "hosts" VALUES('192.0.2.6',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:06','Acme','',NULL,'');
INSERT INTO "hosts" VALUES('192.0.2.7',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:07','Acme','',NULL,'');
INSERT INTO "hosts" VALUES('192.0.2.8',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:08','Acme','',NULL,'');
INSERT INTO "hosts" VALUES('192.0.2.9',1,'2026-03-01T02:00:00+00:00',NULL,'02:00:5E:00:00:09','Acme','',NULL,'');
CREATE TABLE ledger (
        change_id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        address TEXT NOT NULL,
        port TEXT NOT NULL,
        name TEXT NOT NULL,
        told_at TEXT NOT NULL,
        shown INTEGER NOT NULL DEFAULT 0,
        shown_at TEXT
    ) WITHOUT ROWID;
INSERT INTO "ledger" VALUES('0ea3028eb440','port-opened','warning','192.0.2.1','80/tcp','','2026-03-02T02:00:00+00:00',3,'2026-03-05T02:00:00+00:00');
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
    , report TEXT NOT NULL DEFAULT '', held_until REAL NOT NULL DEFAULT 0, due_at REAL NOT NULL DEFAULT 0, asked_until REAL NOT NULL DEFAULT 0, is_uncertain INTEGER NOT NULL DEFAULT 0, is_revived INTEGER NOT NULL DEFAULT 0, digest INTEGER, fingerprint TEXT NOT NULL DEFAULT '', failing_since TEXT, is_told INTEGER NOT NULL DEFAULT 0, together TEXT NOT NULL DEFAULT '');
INSERT INTO "outbox" VALUES(1,1,'xml','{"network": "lan", "subject": "lan: first scan, 12 hosts known \u00b7 Sun 1 Mar", "sections": [{"title": "FIRST SCAN", "items": [{"headline": "12 hosts known now, 12 open ports on 12 hosts", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}, {"headline": "From now on you hear what is new, gone or changed.", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 3, "left_out_kinds": []}, {"title": "MOST SEEN", "items": [{"headline": "22/tcp on 12 hosts", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": "", "hint": "", "attached": false}','sent',1,'2026-11-24T21:02:57.039065+00:00',0.0,'','','2026-11-24T21:02:57.096160+00:00','',0.0,0.0,0.0,0,0,NULL,'e287f64d',NULL,0,'');
INSERT INTO "outbox" VALUES(2,1,'form','{"network": "lan", "subject": "lan: first scan, 12 hosts known \u00b7 Sun 1 Mar", "sections": [{"title": "FIRST SCAN", "items": [{"headline": "12 hosts known now, 12 open ports on 12 hosts", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}, {"headline": "From now on you hear what is new, gone or changed.", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 3, "left_out_kinds": []}, {"title": "MOST SEEN", "items": [{"headline": "22/tcp on 12 hosts", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": "", "hint": "", "attached": false}','failed',1,'2026-11-24T21:02:57.039065+00:00',0.0,'','HTTP 404',NULL,'',0.0,0.0,0.0,0,0,NULL,'c5eaf4f5','2026-11-24T21:02:57.108461+00:00',0,'');
INSERT INTO "outbox" VALUES(3,1,'json','{"network": "lan", "subject": "lan: first scan, 12 hosts known \u00b7 Sun 1 Mar", "sections": [{"title": "FIRST SCAN", "items": [{"headline": "12 hosts known now, 12 open ports on 12 hosts", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}, {"headline": "From now on you hear what is new, gone or changed.", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 3, "left_out_kinds": []}, {"title": "MOST SEEN", "items": [{"headline": "22/tcp on 12 hosts", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": "", "hint": "", "attached": false}','joined',1,'2026-11-24T21:02:57.039065+00:00',0.0,'','connection refused',NULL,'',0.0,1.79555421755083489425e+09,0.0,0,0,18,'c5c3827a','2026-11-24T21:02:57.075248+00:00',0,'');
INSERT INTO "outbox" VALUES(4,2,'xml','{"network": "lan", "subject": "lan: FORM: MESSAGES DO NOT ARRIVE, 3 changes \u00b7 Mon 2 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "1 message not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "TO CHECK", "items": [{"headline": "new device 192.0.2.20, private address", "mark": "+", "details": ["22/tcp", "8443/tcp", "seen once"], "id": "510b", "kind": "host-new", "stands_for": 1}, {"headline": "192.0.2.1 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "0ea3", "kind": "port-opened", "stands_for": 1}, {"headline": "192.0.2.2 (private address): 443/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "74cc", "kind": "port-opened", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 1, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "13 up, 1 min."], "rest": "", "hint": "Expected? netwatch-notify accept 510b 0ea3 74cc", "attached": false}','sent',1,'2026-11-24T21:02:58.355722+00:00',0.0,'','','2026-11-24T21:02:58.410676+00:00','',0.0,0.0,0.0,0,0,NULL,'e287f64d',NULL,0,'');
INSERT INTO "outbox" VALUES(5,2,'form','{"network": "lan", "subject": "lan: new device 192.0.2.20, +2 \u00b7 Mon 2 Mar", "sections": [{"title": "TO CHECK", "items": [{"headline": "new device 192.0.2.20, private address", "mark": "+", "details": ["22/tcp", "8443/tcp", "seen once"], "id": "510b", "kind": "host-new", "stands_for": 1}, {"headline": "192.0.2.1 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "0ea3", "kind": "port-opened", "stands_for": 1}, {"headline": "192.0.2.2 (private address): 443/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "74cc", "kind": "port-opened", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 1, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "13 up, 1 min."], "rest": "", "hint": "Expected? netwatch-notify accept 510b 0ea3 74cc", "attached": false}','failed',1,'2026-11-24T21:02:58.355722+00:00',0.0,'','HTTP 404',NULL,'',0.0,0.0,0.0,0,0,NULL,'c5eaf4f5','2026-11-24T21:02:58.420642+00:00',0,'');
INSERT INTO "outbox" VALUES(6,2,'json','{"network": "lan", "subject": "lan: FORM: MESSAGES DO NOT ARRIVE, 3 changes \u00b7 Mon 2 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "1 message not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "TO CHECK", "items": [{"headline": "new device 192.0.2.20, private address", "mark": "+", "details": ["22/tcp", "8443/tcp", "seen once"], "id": "510b", "kind": "host-new", "stands_for": 1}, {"headline": "192.0.2.1 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "0ea3", "kind": "port-opened", "stands_for": 1}, {"headline": "192.0.2.2 (private address): 443/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "74cc", "kind": "port-opened", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 1, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "13 up, 1 min."], "rest": "", "hint": "Expected? netwatch-notify accept 510b 0ea3 74cc", "attached": false}','joined',0,'2026-11-24T21:02:58.355722+00:00',0.0,'','',NULL,'',0.0,0.0,0.0,0,0,18,'',NULL,0,'');
INSERT INTO "outbox" VALUES(8,3,'xml','{"network": "lan", "subject": "lan: FORM: MESSAGES DO NOT ARRIVE \u00b7 Tue 3 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "2nd night, since Mon 2 Mar", "2 messages not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "STILL OPEN", "items": [{"headline": "192.0.2.1: 80/tcp since Mon 2 Mar", "mark": "", "details": [], "id": "0ea3", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": "", "hint": "", "attached": false}','sent',1,'2026-11-24T21:02:59.709901+00:00',0.0,'','','2026-11-24T21:02:59.738577+00:00','',0.0,0.0,0.0,0,0,NULL,'e287f64d',NULL,0,'');
INSERT INTO "outbox" VALUES(9,3,'json','{"network": "lan", "subject": "lan: FORM: MESSAGES DO NOT ARRIVE \u00b7 Tue 3 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "2nd night, since Mon 2 Mar", "2 messages not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "STILL OPEN", "items": [{"headline": "192.0.2.1: 80/tcp since Mon 2 Mar", "mark": "", "details": [], "id": "0ea3", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up, 1 min."], "rest": "", "hint": "", "attached": false}','joined',0,'2026-11-24T21:02:59.709901+00:00',0.0,'','',NULL,'',0.0,0.0,0.0,0,0,18,'',NULL,0,'');
INSERT INTO "outbox" VALUES(11,4,'xml','{"network": "lan", "subject": "lan: FORM: MESSAGES DO NOT ARRIVE, 1 change \u00b7 Wed 4 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "3rd night, since Mon 2 Mar", "2 messages not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "FOR INFORMATION", "items": [{"headline": "192.0.2.12 (private address): gone", "mark": "-", "details": ["no answer, last seen Mon 2 Mar", "first seen Sun 1 Mar"], "id": "2d3f", "kind": "host-gone", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 2, "left_out_kinds": []}, {"title": "NOTES", "items": [{"headline": "Newly covered, taken as known: 0 hosts, 1 port", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}, {"title": "STILL OPEN", "items": [{"headline": "192.0.2.1: 80/tcp since Mon 2 Mar", "mark": "", "details": [], "id": "0ea3", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up (usually 12), 1 min."], "rest": "", "hint": "", "attached": false}','sent',1,'2026-11-24T21:03:00.429956+00:00',0.0,'','','2026-11-24T21:03:00.472281+00:00','',0.0,0.0,0.0,0,0,NULL,'e287f64d',NULL,0,'');
INSERT INTO "outbox" VALUES(12,4,'form','{"network": "lan", "subject": "lan: 192.0.2.12 gone \u00b7 Wed 4 Mar", "sections": [{"title": "FOR INFORMATION", "items": [{"headline": "192.0.2.12 (private address): gone", "mark": "-", "details": ["no answer, last seen Mon 2 Mar", "first seen Sun 1 Mar"], "id": "2d3f", "kind": "host-gone", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 2, "left_out_kinds": []}, {"title": "NOTES", "items": [{"headline": "Newly covered, taken as known: 0 hosts, 1 port", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}, {"title": "STILL OPEN", "items": [{"headline": "192.0.2.1: 80/tcp since Mon 2 Mar", "mark": "", "details": [], "id": "0ea3", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up (usually 12), 1 min."], "rest": "", "hint": "", "attached": false}','failed',1,'2026-11-24T21:03:00.429956+00:00',0.0,'','HTTP 404',NULL,'',0.0,0.0,0.0,0,0,NULL,'c5eaf4f5','2026-11-24T21:03:00.484306+00:00',0,'');
INSERT INTO "outbox" VALUES(13,4,'json','{"network": "lan", "subject": "lan: FORM: MESSAGES DO NOT ARRIVE, 1 change \u00b7 Wed 4 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "3rd night, since Mon 2 Mar", "2 messages not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "FOR INFORMATION", "items": [{"headline": "192.0.2.12 (private address): gone", "mark": "-", "details": ["no answer, last seen Mon 2 Mar", "first seen Sun 1 Mar"], "id": "2d3f", "kind": "host-gone", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 2, "left_out_kinds": []}, {"title": "NOTES", "items": [{"headline": "Newly covered, taken as known: 0 hosts, 1 port", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}, {"title": "STILL OPEN", "items": [{"headline": "192.0.2.1: 80/tcp since Mon 2 Mar", "mark": "", "details": [], "id": "0ea3", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "12 up (usually 12), 1 min."], "rest": "", "hint": "", "attached": false}','joined',0,'2026-11-24T21:03:00.429956+00:00',0.0,'','',NULL,'',0.0,0.0,0.0,0,0,18,'',NULL,0,'');
INSERT INTO "outbox" VALUES(15,5,'xml','{"network": "lan", "subject": "lan: FORM: MESSAGES DO NOT ARRIVE, 2 PROBLEMS \u00b7 Thu 5 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "4th night, since Mon 2 Mar", "3 messages not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}, {"headline": "PROBLEM: 192.0.2.0/24: 7 of 12 hosts silent", "mark": "", "details": ["night 1, held, not counted as gone"], "id": "7e0a", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "STILL OPEN", "items": [{"headline": "192.0.2.1: 80/tcp since Mon 2 Mar", "mark": "", "details": [], "id": "0ea3", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "5 up (usually 12), 1 min."], "rest": "", "hint": "", "attached": false}','sent',1,'2026-11-24T21:03:01.177777+00:00',0.0,'','','2026-11-24T21:03:01.290272+00:00','',0.0,0.0,0.0,0,0,NULL,'e287f64d',NULL,0,'');
INSERT INTO "outbox" VALUES(16,5,'form','{"network": "lan", "subject": "lan: 192.0.2.0/24: 7 OF 12 HOSTS SILENT \u00b7 Thu 5 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: 192.0.2.0/24: 7 of 12 hosts silent", "mark": "", "details": ["night 1, held, not counted as gone"], "id": "7e0a", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "STILL OPEN", "items": [{"headline": "192.0.2.1: 80/tcp since Mon 2 Mar", "mark": "", "details": [], "id": "0ea3", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "5 up (usually 12), 1 min."], "rest": "", "hint": "", "attached": false}','failed',1,'2026-11-24T21:03:01.177777+00:00',0.0,'','HTTP 404',NULL,'',0.0,0.0,0.0,0,0,NULL,'c5eaf4f5','2026-11-24T21:03:01.212164+00:00',0,'');
INSERT INTO "outbox" VALUES(17,5,'json','{"network": "lan", "subject": "lan: FORM: MESSAGES DO NOT ARRIVE, 2 PROBLEMS \u00b7 Thu 5 Mar", "sections": [{"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "4th night, since Mon 2 Mar", "3 messages not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}, {"headline": "PROBLEM: 192.0.2.0/24: 7 of 12 hosts silent", "mark": "", "details": ["night 1, held, not counted as gone"], "id": "7e0a", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "STILL OPEN", "items": [{"headline": "192.0.2.1: 80/tcp since Mon 2 Mar", "mark": "", "details": [], "id": "0ea3", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "5 up (usually 12), 1 min."], "rest": "", "hint": "", "attached": false}','joined',0,'2026-11-24T21:03:01.177777+00:00',0.0,'','',NULL,'',0.0,0.0,0.0,0,0,18,'',NULL,0,'');
INSERT INTO "outbox" VALUES(18,5,'json','{"network": "lan", "subject": "lan: 5 messages, FORM: MESSAGES DO NOT ARRIVE, 3 changes \u00b7 Thu 5 Mar", "sections": [{"title": "", "items": [{"headline": "5 messages in one, oldest first: they could not be delivered before.", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "TUE 24 NOV: first scan, 12 hosts known", "items": [], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "FIRST SCAN", "items": [{"headline": "12 hosts known now, 12 open ports on 12 hosts", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}, {"headline": "From now on you hear what is new, gone or changed.", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 3, "left_out_kinds": []}, {"title": "MOST SEEN", "items": [{"headline": "22/tcp on 12 hosts", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 3, "left_out_kinds": []}, {"title": "TUE 24 NOV: FORM: MESSAGES DO NOT ARRIVE, 3 changes", "items": [], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "1 message not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "TO CHECK", "items": [{"headline": "new device 192.0.2.20, private address", "mark": "+", "details": ["22/tcp", "8443/tcp", "seen once"], "id": "510b", "kind": "host-new", "stands_for": 1}, {"headline": "192.0.2.1 (private address): 80/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "0ea3", "kind": "port-opened", "stands_for": 1}, {"headline": "192.0.2.2 (private address): 443/tcp opened", "mark": "+", "details": ["never seen before", "seen once"], "id": "74cc", "kind": "port-opened", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 1, "left_out_kinds": []}, {"title": "TUE 24 NOV: FORM: MESSAGES DO NOT ARRIVE", "items": [], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "2nd night, since Mon 2 Mar", "2 messages not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "TUE 24 NOV: FORM: MESSAGES DO NOT ARRIVE, 1 change", "items": [], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "3rd night, since Mon 2 Mar", "2 messages not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "FOR INFORMATION", "items": [{"headline": "192.0.2.12 (private address): gone", "mark": "-", "details": ["no answer, last seen Mon 2 Mar", "first seen Sun 1 Mar"], "id": "2d3f", "kind": "host-gone", "stands_for": 1}], "left_out": 0, "stays": false, "rank": 2, "left_out_kinds": []}, {"title": "NOTES", "items": [{"headline": "Newly covered, taken as known: 0 hosts, 1 port", "mark": "", "details": [], "id": "", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}, {"title": "TUE 24 NOV: FORM: MESSAGES DO NOT ARRIVE, 2 PROBLEMS", "items": [], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "", "items": [{"headline": "PROBLEM: form: messages do not arrive", "mark": "", "details": ["HTTP 404", "4th night, since Mon 2 Mar", "3 messages not delivered, oldest Tue 24 Nov", "Try: mend it, then netwatch-notify outbox retry --all"], "id": "", "kind": "problem", "stands_for": 1}, {"headline": "PROBLEM: 192.0.2.0/24: 7 of 12 hosts silent", "mark": "", "details": ["night 1, held, not counted as gone"], "id": "7e0a", "kind": "problem", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 0, "left_out_kinds": []}, {"title": "STILL OPEN", "items": [{"headline": "192.0.2.1: 80/tcp since Mon 2 Mar", "mark": "", "details": [], "id": "0ea3", "kind": "", "stands_for": 1}], "left_out": 0, "stays": true, "rank": 3, "left_out_kinds": []}], "footer": ["Scan complete: 256 addresses, 1000 TCP ports,", "5 up (usually 12), 1 min."], "rest": "", "hint": "", "attached": false}','waiting',5,'2026-11-24T21:02:57.039065+00:00',0.0,'','connection refused',NULL,'',0.0,1.7955548887030661106e+09,0.0,0,0,NULL,'c5c3827a','2026-11-24T21:02:57.075248+00:00',0,'');
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
        service TEXT, looked_at TEXT, looked_with TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (address, protocol, number)
    ) WITHOUT ROWID;
INSERT INTO "ports" VALUES('192.0.2.1','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.1','tcp',80,'open','2026-03-02T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.10','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.11','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.12','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.2','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.2','tcp',443,'open','2026-03-02T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.20','tcp',22,'open','2026-03-02T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.20','tcp',8443,'open','2026-03-02T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.3','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.3','tcp',80,'open','2026-03-03T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.4','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.4','tcp',8080,'open','2026-03-04T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.5','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.6','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.7','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.8','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
INSERT INTO "ports" VALUES('192.0.2.9','tcp',22,'open','2026-03-01T02:00:00+00:00',NULL,NULL,NULL,'7.93');
CREATE TABLE problems (
        key TEXT PRIMARY KEY,
        nights INTEGER NOT NULL,
        since TEXT NOT NULL
    ) WITHOUT ROWID;
INSERT INTO "problems" VALUES('delivery:form',4,'2026-03-02T02:00:00+00:00');
CREATE TABLE rules (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        match TEXT NOT NULL,
        port TEXT NOT NULL,
        gone_only INTEGER NOT NULL,
        reason TEXT NOT NULL,
        author TEXT NOT NULL,
        created_at TEXT NOT NULL,
        until TEXT,
        used_at TEXT,
        hidden INTEGER NOT NULL DEFAULT 0,
        ended TEXT NOT NULL DEFAULT ''
    );
INSERT INTO "rules" VALUES(1,'ignore','192.0.2.3','80/tcp',0,'a test server','alice','2026-11-24T21:02:57.492368+00:00',NULL,'2026-03-03T02:00:00+00:00',1,'');
INSERT INTO "rules" VALUES(2,'expect','192.0.2.99','',0,'a printer is coming','alice','2026-11-24T21:02:57.761887+00:00','2090-01-02T00:00:00+00:00',NULL,0,'');
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
    , problems TEXT NOT NULL DEFAULT '[]');
INSERT INTO "runs" VALUES(1,'ingest','done','2026-03-01T02:00:00+00:00','2026-11-24T21:02:57.039065+00:00',60.0,0.0,12,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','39115f2a345b44909e88d858502659f8','[]');
INSERT INTO "runs" VALUES(2,'ingest','done','2026-03-02T02:00:00+00:00','2026-11-24T21:02:58.355722+00:00',60.0,0.0,13,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','fa9e21adc488ea0566d7d9f8bef2d0b9','["form: messages do not arrive: HTTP 404; 1 message not delivered, oldest Tue 24 Nov; Try: mend it, then netwatch-notify outbox retry --all"]');
INSERT INTO "runs" VALUES(3,'ingest','done','2026-03-03T02:00:00+00:00','2026-11-24T21:02:59.709901+00:00',60.0,0.0,12,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','5d4b7fc2ed2da72e87ad1cf70c335c75','["form: messages do not arrive: HTTP 404; 2nd night, since 2026-03-02; 2 messages not delivered, oldest Tue 24 Nov; Try: mend it, then netwatch-notify outbox retry --all"]');
INSERT INTO "runs" VALUES(4,'ingest','done','2026-03-04T02:00:00+00:00','2026-11-24T21:03:00.429956+00:00',60.0,0.0,12,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','4ccdda4e112c2bf0b1c51b8e03ac61f0','["form: messages do not arrive: HTTP 404; 3rd night, since 2026-03-02; 2 messages not delivered, oldest Tue 24 Nov; Try: mend it, then netwatch-notify outbox retry --all"]');
INSERT INTO "runs" VALUES(5,'ingest','done','2026-03-05T02:00:00+00:00','2026-11-24T21:03:01.177777+00:00',60.0,0.0,5,'[{"ipv4":[[3221225984,3221226239]],"ipv6":[],"ports":{"tcp":[[1,1000]]},"types":[["tcp","syn"]],"open_only":false}]','a58769f382ef593b6ed5135fa0acb710','["form: messages do not arrive: HTTP 404; 4th night, since 2026-03-02; 3 messages not delivered, oldest Tue 24 Nov; Try: mend it, then netwatch-notify outbox retry --all", "192.0.2.0/24: 7 of 12 hosts silent: night 1, held, not counted as gone"]');
CREATE INDEX runs_content ON runs (content) WHERE content <> '';
CREATE INDEX outbox_waiting ON outbox (id) WHERE state = 'waiting';
CREATE INDEX hosts_mac ON hosts (mac) WHERE mac <> '';
CREATE INDEX hosts_host_key ON hosts (host_key) WHERE host_key <> '';
CREATE INDEX ports_open ON ports (looked_at) WHERE state = 'open';
CREATE INDEX habits_flapping ON habits (address) WHERE told_present IS NOT NULL;
CREATE INDEX displaced_untold ON displaced (mac) WHERE NOT is_told;
CREATE INDEX rules_standing ON rules (id) WHERE ended = '';
CREATE INDEX acceptances_until ON acceptances (until) WHERE until IS NOT NULL AND NOT is_over;
CREATE INDEX changes_id ON changes (id);
CREATE INDEX changes_group ON changes (grp) WHERE grp <> '';
CREATE INDEX changes_address ON changes (address);
CREATE INDEX outbox_digest ON outbox (digest) WHERE digest IS NOT NULL;
CREATE INDEX outbox_destination ON outbox (destination, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',5);
INSERT INTO "sqlite_sequence" VALUES('outbox',18);
INSERT INTO "sqlite_sequence" VALUES('rules',2);
COMMIT;
PRAGMA user_version = 5;
