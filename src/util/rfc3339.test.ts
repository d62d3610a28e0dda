import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDateTime, parseInstant, parseLocalTime } from "./rfc3339.ts";
import { resolveTimeZone } from "./time-zone.ts";

test("reads what toISOString writes", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date("0000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true }),
      (date) => {
        assert.equal(parseInstant(date.toISOString()), date.getTime());
      },
    ),
  );
});

test("forms", () => {
  const at = Date.UTC(2030, 0, 31, 5, 6, 7);
  const cases: [text: string, ms: number | null][] = [
    ["2030-01-31T05:06:07Z", at],
    ["2030-01-31T5:06:07Z", at],
    ["2030-01-31T05:06:07.5Z", at + 500],
    ["2030-01-31T05:06:07,25Z", at + 250],
    [`2030-01-31T05:06:07.5${"0".repeat(80)}Z`, at + 500],
    ["2030-01-31T05:06:07+02:00", at - 7_200_000],
    ["2030-01-31T05:06:07-03:30", at + 12_600_000],
    ["2030-01-31T05:06:07+24:60", at - 25 * 3_600_000],
    ["2028-02-29T00:00:00Z", Date.UTC(2028, 1, 29)],
    ["2030-01-31T05:06:07", null],
    ["2030-01-31T05:06:07+25:00", null],
    ["2030-01-31T05:06:07+00:61", null],
    ["2030-01-31T05:06:07+0100", null],
    ["2030-01-31T05:06:07z", null],
    ["2030-01-31t05:06:07Z", null],
    ["2030-01-31 05:06:07Z", null],
    ["2030-01-31T05:06Z", null],
    ["2030-01-31T24:00:00Z", null],
    ["2030-01-31T05:60:07Z", null],
    ["2030-01-31T05:06:60Z", null],
    ["2030-01-31T05:06:07.Z", null],
    ["2030-02-29T00:00:00Z", null],
    ["2030-13-01T00:00:00Z", null],
    ["2030-00-01T00:00:00Z", null],
    ["2030-01-00T00:00:00Z", null],
    ["30-01-01T00:00:00Z", null],
    ["12030-01-01T00:00:00Z", null],
    ["", null],
    ["1893456000", null],
  ];
  for (const [text, ms] of cases) assert.equal(parseInstant(text), ms, text);
  assert.equal(parseDateTime("2030-01-31T05:06:07")?.offsetMs, null);
});

test("local times", () => {
  assert.equal(parseLocalTime("2030-01-31T12:00:00", "Europe/Berlin"), Date.UTC(2030, 0, 31, 11));
  assert.equal(parseLocalTime("2030-07-31T12:00:00", "Europe/Berlin"), Date.UTC(2030, 6, 31, 10));
  assert.equal(parseLocalTime("2030-03-31T03:00:00", "Europe/Berlin"), Date.UTC(2030, 2, 31, 1));
  assert.equal(parseLocalTime("2030-01-31T12:00:00", "America/New_York"), Date.UTC(2030, 0, 31, 17));
  assert.equal(parseLocalTime("2030-01-31T12:00:00", "Asia/Kolkata"), Date.UTC(2030, 0, 31, 6, 30));
  assert.equal(parseLocalTime("2030-01-31T12:00:00", ""), Date.UTC(2030, 0, 31, 12));
  assert.equal(parseLocalTime("2030-01-31T12:00:00", "Local"), new Date(2030, 0, 31, 12).getTime());
  assert.equal(parseLocalTime("2030-01-31T12:00:00Z", "UTC"), null);
  assert.equal(parseLocalTime("2030-01-31T12:00:00", "Mars/Base"), null);
});

test("names of zones", () => {
  for (const name of ["Europe/Berlin", "US/Pacific", "Etc/GMT+1", "CET", "America/Port_of_Spain", "Zulu"])
    assert.equal(resolveTimeZone(name), name);
  for (const name of ["europe/berlin", "EUROPE/BERLIN", "utc", "+01:00", "Mars/Base", " UTC", "local"])
    assert.equal(resolveTimeZone(name), null, name);
});
