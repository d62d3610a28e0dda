import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  AccessLog,
  AccessLogRecord,
  type AccessLogSettings,
  accessLogTime,
  forwardedAddresses,
  openAccessLog,
} from "./access-log.ts";
import { LineSink } from "./line-sink.ts";
import { loadHash64, maskQuery } from "./mask-query.ts";

const hash = await loadHash64();
const ARRIVAL = Date.UTC(2026, 4, 6, 7, 8, 9, 123);
const TIME = accessLogTime(ARRIVAL);
const defaults: AccessLogSettings = { path: "", disabled: false, json: false, stripQuery: false };

async function linesOf(
  records: readonly Partial<AccessLogRecord>[],
  settings: Partial<AccessLogSettings> = {},
): Promise<string> {
  let text = "";
  const sink = new LineSink({
    maxWriteBytes: 65536,
    flushMs: 100,
    onError: (error) => assert.fail(error),
    write: (buffer, start, length, done) => {
      text += buffer.toString("latin1", start, start + length);
      done(null, length);
    },
  });
  const log = new AccessLog(sink, { ...defaults, ...settings }, hash);
  for (const record of records) log.write(Object.assign(new AccessLogRecord(), record));
  await log.close(10_000);
  return text;
}

const plain: Partial<AccessLogRecord> = {
  remoteAddress: "127.0.0.1",
  arrivalMs: ARRIVAL,
  method: "GET",
  target: "/a?x=1&y=2",
  protocol: "HTTP/1.1",
  status: 200,
  sizeBytes: 2,
  durationMs: 12.9,
  host: "example.org",
};

test("the text layout", async () => {
  const cases: [Partial<AccessLogRecord>, Partial<AccessLogSettings>, string][] = [
    [
      { referer: "http://r.example/", userAgent: "ua/1.0" },
      {},
      `127.0.0.1 - - [${TIME}] "GET /a?x=1&y=2 HTTP/1.1" 200 2 "http://r.example/" "ua/1.0" 12 example.org - -`,
    ],
    [
      { forwardedFor: "1.2.3.4" },
      {},
      `1.2.3.4 - - [${TIME}] "GET /a?x=1&y=2 HTTP/1.1" 200 2 "-" "-" 12 example.org - -`,
    ],
    [
      { forwardedFor: "1.2.3.4,5.6.7.8" },
      {},
      `- - - [${TIME}] "GET /a?x=1&y=2 HTTP/1.1" 200 2 "-" "-" 12 example.org - -`,
    ],
    [
      { authUser: "u", flowId: "abc", audit: "user7" },
      { stripQuery: true },
      `127.0.0.1 - u [${TIME}] "GET /a HTTP/1.1" 200 2 "-" "-" 12 example.org abc user7`,
    ],
    [
      { maskedQuery: new Set(["x"]) },
      { stripQuery: true },
      `127.0.0.1 - - [${TIME}] "GET /a HTTP/1.1" 200 2 "-" "-" 12 example.org - -`,
    ],
    [
      { userAgent: 'a"b\nc\xe4', status: 0, sizeBytes: 5e9 },
      {},
      `127.0.0.1 - - [${TIME}] "GET /a?x=1&y=2 HTTP/1.1" 0 5000000000 "-" "a"b c\xe4" 12 example.org - -`,
    ],
  ];
  for (const [record, settings, expected] of cases) {
    assert.equal(await linesOf([{ ...plain, ...record }], settings), `${expected}\n`);
  }
});

test("the JSON layout", async () => {
  const head =
    '{"audit":"","auth-user":"","duration":12,"flow-id":"f","host":"127.0.0.1","level":"info","method":"GET","msg":""';
  const rest =
    '"proto":"HTTP/1.1","referer":"","requested-host":"example.org","response-size":2,"status":200' +
    `,"timestamp":"${TIME}","uri":"/a?x=1\\u0026y=2"`;
  const record = { ...plain, flowId: "f" };
  assert.equal(await linesOf([{ ...record, userAgent: "ua" }], { json: true }), `${head},${rest},"user-agent":"ua"}\n`);
  // The bytes of ä in UTF-8, a byte that is no UTF-8, a quote.
  assert.equal(
    await linesOf([{ ...record, userAgent: '\xc3\xa4\xff"' }], { json: true }),
    `${head},${rest},"user-agent":"\xc3\xa4\xef\xbf\xbd\\""}\n`,
  );
  assert.equal(
    await linesOf([{ ...record, userAgent: "ua", additional: { note: "ä<", n: 1 } }], { json: true }),
    `${head},"n":1,"note":"\xc3\xa4\\u003c",${rest},"user-agent":"ua"}\n`,
  );
});

test("any bytes in any field make one line of JSON", async () => {
  const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)) });
  await fc.assert(
    fc.asyncProperty(bytes, bytes, async (target, userAgent) => {
      const line = await linesOf([{ ...plain, target, userAgent }], { json: true });
      assert.equal(line.indexOf("\n"), line.length - 1);
      const parsed = JSON.parse(Buffer.from(line, "latin1").toString("utf8"));
      assert.equal(parsed["user-agent"], Buffer.from(userAgent, "latin1").toString("utf8"));
      assert.equal(parsed.uri, Buffer.from(target, "latin1").toString("utf8"));
    }),
  );
});

test("addresses of X-Forwarded-For", () => {
  for (const [value, expected] of [
    ["1.2.3.4", "1.2.3.4"],
    ["1.2.3.4, 10.0.0.1:123, bogus, 2001:db8::1", "1.2.3.4, 10.0.0.1, 2001:db8::1"],
    ["1.2.3.4,5.6.7.8", ""],
    ["[2001:db8::1]:80, [::1]", "2001:db8::1, ::1"],
    ["[::1]x, [::1, fe80::1%eth0", ""],
    ["", ""],
    [", 1.1.1.1, ", "1.1.1.1"],
  ] as const) {
    assert.equal(forwardedAddresses(value), expected, value);
  }
});

test("masked query parameters", () => {
  const masked = new Set(["k1", "k2", "k3"]);
  for (const [target, expected] of [
    ["/h?z=1&k1=secret&k2=&a=%20&k3=1", "/h?a=+&k1=2785137068760415354&k2=&k3=13237225503670494420&z=1"],
    ["/h", "/h?"],
    ["/h?k1=a&k1=b", "/h?k1=15154266338359012955"],
    ["/h?a=2&a=1&b", "/h?a=2&a=1&b="],
    ["/h?a=%zz&b=1;c&d=%2f", "/h?d=%2F"],
  ] as const) {
    assert.equal(maskQuery(target, masked, hash), expected);
  }
});

test("a query that is masked is still the query", () => {
  const reference = (query: string): string => {
    const sorted = [...new URLSearchParams(query)].map(([name, value], i) => ({ name, value, i }));
    sorted.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.i - b.i));
    return JSON.stringify(sorted.map(({ name, value }) => [name, value]));
  };
  const word = fc.stringMatching(/^[a-c +~!'()*.-]{0,3}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { maxLength: 6 }), (pairs) => {
      const query = pairs.map(([name, value]) => `${name}=${value}`).join("&");
      const masked = maskQuery(`/?${query}`, new Set(["other"]), hash);
      assert.equal(reference(masked.slice(2)), reference(query));
    }),
  );
});

test("when a line is wanted", () => {
  const sink = new LineSink({ write: () => {}, maxWriteBytes: 1, flushMs: 1, onError: () => {} });
  const on = new AccessLog(sink, defaults, hash);
  const off = new AccessLog(sink, { ...defaults, disabled: true }, hash);
  assert.equal(on.wants(null, 200), true);
  assert.equal(off.wants(null, 200), false);
  for (const [enable, prefixes, status, expected] of [
    [true, [], 200, true],
    [false, [], 200, false],
    [true, [4, 50], 404, true],
    [true, [4, 50], 503, true],
    [true, [4, 50], 510, false],
    [false, [1, 20, 301], 200, false],
    [false, [1, 20, 301], 210, true],
    [false, [1, 20, 301], 301, false],
    [false, [1, 20, 301], 302, true],
  ] as const) {
    assert.equal(on.wants({ enable, prefixes }, status), expected);
    assert.equal(off.wants({ enable, prefixes }, status), expected);
  }
});

test("a file is appended to", async () => {
  const folder = mkdtempSync(join(tmpdir(), "access-log-"));
  const path = join(folder, "access.log");
  const log = { debug: assert.fail, info: assert.fail, warn: assert.fail, error: assert.fail };
  for (let i = 0; i < 2; i++) {
    const { accessLog, close } = await openAccessLog({ ...defaults, path }, log);
    accessLog.write(Object.assign(new AccessLogRecord(), plain));
    await close(10_000);
  }
  const line = `127.0.0.1 - - [${TIME}] "GET /a?x=1&y=2 HTTP/1.1" 200 2 "-" "-" 12 example.org - -\n`;
  assert.equal(readFileSync(path, "latin1"), line + line);
  rmSync(folder, { recursive: true });
});

test("times of the log", () => {
  assert.match(TIME, /^0[567]\/May\/2026:\d\d:\d\d:09 [+-]\d{4}$/);
  const [, day, month, year, clock, zone] = /^(\d\d)\/(\w+)\/(\d+):(\S+) (\S+)$/.exec(TIME)!;
  assert.equal(Date.parse(`${day} ${month} ${year} ${clock} ${zone}`), Math.floor(ARRIVAL / 1000) * 1000);
});
