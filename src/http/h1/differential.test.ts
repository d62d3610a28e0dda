// Random and damaged streams through the codec and two other parsers. What the codec accepts must mean the same to both of them and
// however it is cut; where a parser sees it otherwise, a row of `explained` says why that is right. The seeds are printed; put one
// into `seeds` to see its run again. With a seed that is not fixed a parser that is merely stricter is only reported: that endangers nobody.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Message,
  type Reading,
  readWithCodec,
  readWithNode,
  readWithScript,
} from "../../../test/support/http-readers.ts";
import { Random, randomStream } from "../../../test/support/http-streams.ts";

/** The same streams in every run, and as many others. */
const seeds = [1, Date.now() >>> 0];
const streamsPerSeed = 10_000;
/** Made, not read: only those in which the fault shows are read. */
const streamsForFault = 200_000;

type Reader = (pieces: readonly Buffer[], request: boolean) => Reading;

/** A peer that does not read what the codec has read. */
interface Difference {
  readonly peer: "node" | "http-parser-js";
  readonly text: string;
  /** What the peer did at the message in question: refused it, waited for more, closed before it, read it as another, read one more. */
  readonly kind: "refused" | "more" | "stopped" | "another" | "additional";
  /** The messages of the codec up to the one in question. */
  readonly upTo: readonly Message[];
  /** What the peer read in its place. */
  readonly other: Message | null;
}

/** The message in question. */
const subject = (d: Difference) => (d.kind === "additional" ? d.other! : d.upTo.at(-1)!);
const values = (message: Message, name: string) =>
  message.fields.filter((f) => f.toLowerCase().startsWith(`${name}:`)).map((f) => f.slice(name.length + 1).trim());
const asksUpgrade = (message: Message) =>
  values(message, "upgrade").length > 0 && values(message, "connection").some((v) => /\bupgrade\b/i.test(v));
const isResponse = (message: Message) => /^\d+$/.test(message.start);

/** Where a peer differs from what the codec accepts, and why that is no danger. */
const explained: readonly { readonly reason: string; fits(d: Difference): boolean }[] = [
  {
    reason: "RFC 9110 9.1: any token is a method and goes on unchanged; the peers know a list",
    fits: (d) =>
      d.kind === "refused" &&
      !isResponse(subject(d)) &&
      !/^(GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH|TRACE|PROPFIND|CONNECT) /.test(subject(d).start),
  },
  {
    reason:
      "matching 2.4: CONNECT is routed as an ordinary request; to the peers all that follows its head is a tunnel",
    fits: (d) => [...d.upTo, subject(d)].some((message) => message.start.startsWith("CONNECT ")),
  },
  {
    reason:
      "RFC 9110 7.8: the body of an upgrade request comes before the switch; to the peers it is part of the tunnel",
    fits: (d) => d.other?.body === "" && asksUpgrade(subject(d)),
  },
  {
    reason: "decisions: a fold becomes one space before anything goes on; Node refuses it",
    fits: (d) => d.peer === "node" && d.kind === "refused" && /\r\n[ \t]/.test(d.text),
  },
  {
    reason: "matching 2.1: targets with any scheme are routed, and no scheme goes on; Node refuses odd ones",
    fits: (d) => d.peer === "node" && d.kind === "refused" && / [a-z][\w.+-]*:/i.test(subject(d).start),
  },
  {
    reason: "RFC 9112 6.3: 1xx, 204 and 304 have no body whatever their fields say; http-parser-js reads one",
    fits: (d) =>
      d.peer === "http-parser-js" &&
      d.upTo.some(
        (message) =>
          /^(1..|204|304)$/.test(message.start) &&
          (values(message, "content-length").length > 0 || values(message, "transfer-encoding").length > 0),
      ),
  },
  {
    reason: "matching 2.2: equal repeated Content-Length counts as one and is written once; Node refuses it",
    fits: (d) => d.peer === "node" && d.kind === "refused" && values(subject(d), "content-length").length > 1,
  },
  {
    reason:
      "decisions: a response with Content-Length and chunked is read as chunked and its connection closed; Node refuses it",
    fits: (d) =>
      d.peer === "node" &&
      d.kind === "refused" &&
      isResponse(subject(d)) &&
      values(subject(d), "transfer-encoding").length > 0 &&
      values(subject(d), "content-length").length > 0,
  },
  {
    reason: "RFC 9112 7.1.1: blanks around a chunk extension must be read, and no extension goes on; Node refuses them",
    fits: (d) =>
      d.peer === "node" &&
      d.kind === "refused" &&
      values(subject(d), "transfer-encoding").length > 0 &&
      /\n[0-9a-f]+(?:;[^\r]*)?[ \t]/i.test(d.text),
  },
];

/** RFC 9112 2.3: a higher minor version is served as 1.1. The peers know 1.0 and 1.1, so that is what they and we are compared with. */
const asKnown = (text: string) => text.replace(/HTTP\/1\.[2-9]/g, "HTTP/1.1");

function sameMessage(a: Message, b: Message): boolean {
  const same = (x: string, y: string) => asKnown(x) === asKnown(y);
  return (
    same(a.start, b.start) &&
    a.minor === b.minor &&
    same(a.body, b.body) &&
    same(a.fields.join("\n"), b.fields.join("\n"))
  );
}

const peers = [
  ["node", readWithNode],
  ["http-parser-js", readWithScript],
] as const;

/** The first thing that a peer reads otherwise; null when there is none. */
function difference(peer: Difference["peer"], text: string, ours: Reading, theirs: Reading): Difference | null {
  for (let i = 0; i < ours.messages.length; i++) {
    const upTo = ours.messages.slice(0, i + 1);
    const other = theirs.messages[i] ?? null;
    if (other === null) return { peer, text, kind: theirs.end, upTo, other };
    if (!sameMessage(ours.messages[i]!, other)) return { peer, text, kind: "another", upTo, other };
  }
  const other = theirs.messages[ours.messages.length] ?? null;
  if (other === null || ours.end !== "more") return null;
  return { peer, text, kind: "additional", upTo: ours.messages, other };
}

/** Reads pieces; a fault in a last line without end may show only when the line feed has come. */
function settled(read: Reader, pieces: readonly Buffer[], request: boolean, whole: Reading): Reading {
  const reading = read(pieces, request);
  if (whole.end !== "refused" || reading.end !== "more") return reading;
  return read([...pieces, Buffer.from("\n")], request);
}

/** The stream must read the same byte by byte, and with `everywhere` in two pieces, whatever they are. */
function checkCuts(read: Reader, text: string, request: boolean, whole: Reading, everywhere: boolean): void {
  const bytes = Buffer.from(text, "latin1");
  const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  assert.deepEqual(settled(read, single, request, whole), whole, `byte by byte: ${JSON.stringify(text)}`);
  for (let i = 1; everywhere && i < bytes.length; i++) {
    const reading = settled(read, [bytes.subarray(0, i), bytes.subarray(i)], request, whole);
    assert.deepEqual(reading, whole, `cut at ${i}: ${JSON.stringify(text)}`);
  }
}

/** Differences that nothing explains: dangerous ones, and those where the peer is stricter. */
interface Found {
  readonly misread: string[];
  readonly stricter: string[];
  readonly used: ReadonlySet<string>;
  readonly streams: number;
  readonly accepted: number;
}

/** Compares the first `count` streams of a seed that are `wanted`, or as many as it takes until `enough` says so. */
function compare(
  seed: number,
  request: boolean,
  read: Reader,
  count: number,
  wanted: (text: string) => boolean = () => true,
  enough: (found: Found) => boolean = () => false,
): Found {
  const random = new Random(seed);
  const used = new Set<string>();
  const found = { misread: [] as string[], stricter: [] as string[], used, streams: 0, accepted: 0 };
  for (let i = 0; i < count && !enough(found); i++) {
    const text = randomStream(random, request);
    if (!wanted(text)) continue;
    const ours = read([Buffer.from(text, "latin1")], request);
    found.streams++;
    if (ours.messages.length > 0) found.accepted++;
    checkCuts(read, text, request, ours, found.streams % 8 === 0);
    for (const [peer, readPeer] of peers) {
      const d = difference(peer, text, ours, readPeer(asKnown(text), request));
      if (d === null) continue;
      const row = explained.find((one) => one.fits(d));
      if (row !== undefined) {
        used.add(row.reason);
        continue;
      }
      const line = `${peer}: ${d.kind}: ${JSON.stringify(subject(d))} against ${JSON.stringify(d.other)} in ${JSON.stringify(text)}`;
      (d.kind === "refused" ? found.stricter : found.misread).push(line);
    }
  }
  return found;
}

const explanationsUsed = new Set<string>();

for (const request of [true, false]) {
  test(`what the codec accepts means the same to other parsers: ${request ? "requests" : "responses"}`, (t) => {
    for (const [i, seed] of seeds.entries()) {
      const { misread, stricter, used, streams, accepted } = compare(seed, request, readWithCodec, streamsPerSeed);
      t.diagnostic(`seed ${seed}: ${streams} streams, ${accepted} with accepted messages`);
      assert.ok(accepted > streams / 20, "the generator makes enough that is accepted");
      assert.deepEqual(misread.slice(0, 3), [], `seed ${seed}`);
      if (i === 0) {
        for (const reason of used) explanationsUsed.add(reason);
        assert.deepEqual(stricter.slice(0, 3), [], `seed ${seed}`);
      } else for (const line of stricter.slice(0, 3)) t.diagnostic(`stricter: ${line}`);
    }
  });
}

test("every explanation explains something", () => {
  assert.deepEqual(
    explained.map(({ reason }) => reason).filter((reason) => !explanationsUsed.has(reason)),
    [],
  );
});

/** A codec with a fault: it reads the stream as if it were another one. */
const faulty =
  (change: (text: string) => string): Reader =>
  (pieces, request) =>
    readWithCodec([Buffer.from(change(Buffer.concat(pieces).toString("latin1")), "latin1")], request);

const faults: readonly (readonly [name: string, request: boolean, change: (text: string) => string])[] = [
  ["a bare LF ends a line", true, (text) => text.replace(/(?<!\r)\n/g, "\r\n")],
  ["a CR ends a line", true, (text) => text.replace(/\r(?!\n)/g, "\r\n")],
  ["blanks before a colon are skipped", true, (text) => text.replace(/ :/g, ":")],
  [
    "the last of two lengths counts",
    true,
    (text) => text.replace(/Content-Length: \d\r\n(?=Content-Length: \d\r\n)/g, ""),
  ],
  ["a sign before a length is skipped", true, (text) => text.replace(/Content-Length: \+/g, "Content-Length: ")],
  ["the first length of a list counts", true, (text) => text.replace(/(Content-Length: \d), \d/g, "$1")],
  ["a length wins over chunked", true, (text) => text.replace(/Transfer-Encoding: chunked\r\n(?=Content-Length)/g, "")],
  ["a coding besides chunked is skipped", true, (text) => text.replace(/gzip, chunked/g, "chunked")],
  ["0x before a chunk size is skipped", true, (text) => text.replace(/\r\n0x5\r\n/g, "\r\n5\r\n")],
  ["a blank before a chunk size is skipped", true, (text) => text.replace(/\r\n 5\r\n/g, "\r\n5\r\n")],
  ["what is behind a chunk is skipped", true, (text) => text.replace(/\r\nhello[^\r]+\r\n/g, "\r\nhello\r\n")],
  ["NUL in a value is dropped", true, (text) => text.replaceAll("\0", "")],
  ["a trailer becomes a field", true, (text) => text.replace(/\r\n\r\n([\s\S]*\r\n0\r\n)(A: b\r\n)/, "\r\n$2\r\n$1")],
  ["a list of lengths of a response is read", false, (text) => text.replace(/(Content-Length: \d), \d/g, "$1")],
  [
    "a length of a response wins over chunked",
    false,
    (text) => text.replace(/Transfer-Encoding: chunked\r\n(?=Content-Length)/g, ""),
  ],
  [
    "the last of two lengths of a response counts",
    false,
    (text) => text.replace(/Content-Length: \d\r\n(?=Content-Length: \d\r\n)/g, ""),
  ],
  ["a bare LF ends a line of a response", false, (text) => text.replace(/(?<!\r)\n/g, "\r\n")],
  ["a chunk of a response ends with any bytes", false, (text) => text.replace(/\r\nhello[^\r]+\r\n/g, "\r\nhello\r\n")],
];

for (const [name, request, change] of faults) {
  test(`the comparison finds a fault: ${name}`, () => {
    const { misread, stricter, streams } = compare(
      1,
      request,
      faulty(change),
      streamsForFault,
      (text) => change(text) !== text,
      (found) => found.misread.length + found.stricter.length > 0,
    );
    assert.notEqual(misread.length + stricter.length, 0, `${streams} streams in which the fault shows`);
  });
}

test("the comparison finds a codec that forgets what came before a cut", () => {
  const forgetful: Reader = (pieces, request) => readWithCodec(pieces.slice(-1), request);
  assert.throws(() => compare(1, true, forgetful, streamsPerSeed), /byte by byte/);
  const swallowing: Reader = (pieces, request) =>
    readWithCodec(pieces.length === 2 ? [pieces[0]!.subarray(0, -1), pieces[1]!] : pieces, request);
  assert.throws(() => compare(1, true, swallowing, streamsPerSeed), /cut at/);
});
