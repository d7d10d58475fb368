"""Reads a calendar with three libraries: calendars.py FILE 'JSON of [[uid, summary, day, alarms]]'."""

import json
import sys

import icalendar
import ics
import vobject

text = open(sys.argv[1], newline="").read()
wanted = sorted(map(tuple, json.loads(sys.argv[2])))


def read_by_icalendar():
    events = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return [
        (str(it["UID"]), str(it["SUMMARY"]), it.decoded("DTSTART").isoformat(), len(it.walk("VALARM")))
        for it in events
    ]


def read_by_ics():
    events = ics.Calendar(text).events
    return [(it.uid, it.name, it.begin.date().isoformat(), len(it.alarms)) for it in events]


def read_by_vobject():
    calendar = vobject.readOne(text)
    return [
        (it.uid.value, it.summary.value, it.dtstart.value.isoformat(), len(getattr(it, "valarm_list", [])))
        for it in getattr(calendar, "vevent_list", [])
    ]


passed, failed = 0, 0
for read in (read_by_icalendar, read_by_ics, read_by_vobject):
    try:
        found = sorted(read())
        assert found == wanted, f"{found}\ninstead of {wanted}"
        passed += 1
    except Exception as error:
        failed += 1
        print(f"FAILED {read.__name__}: {type(error).__name__}: {error}")
print(f"{passed} passed, {failed} failed")
sys.exit(0 if failed == 0 else 1)
