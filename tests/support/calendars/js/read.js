// Reads an iCalendar file from standard input with ical.js and writes its events as JSON:
// times as UTC instants (dates for whole days), texts as they were meant.
import ICAL from "ical.js";
import { readFileSync } from "node:fs";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) {
  ICAL.TimezoneService.register(zone);
}

const said = (component, name) => component.getFirstPropertyValue(name)?.toString() ?? null;
const when = (time) =>
  time.isDate ? time.toString() : time.toJSDate().toISOString().replace(".000Z", "Z");

const events = calendar.getAllSubcomponents("vevent").map((component) => {
  const event = new ICAL.Event(component);
  return {
    uid: event.uid,
    sequence: event.sequence,
    summary: event.summary,
    status: said(component, "status"),
    start: when(event.startDate),
    end: when(event.endDate),
    organizer: said(component, "organizer"),
    attendees: event.attendees.map((attendee) => attendee.getFirstValue()),
    alarms: component.getAllSubcomponents("valarm").length,
  };
});
const busy = calendar
  .getAllSubcomponents("vfreebusy")
  .flatMap((component) => component.getAllProperties("freebusy"))
  .flatMap((property) => property.getValues())
  .map((period) => [when(period.start), when(period.getEnd())]);
console.log(JSON.stringify({ method: said(calendar, "method"), events, busy }));
