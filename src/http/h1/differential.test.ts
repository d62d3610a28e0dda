// Random and damaged streams through the codec and two other parsers. What the codec accepts must mean the same to all of them;
// where it does not, `explained` says why. The seeds are printed; put one into `seeds` to see its run again. With a seed that is not
// fixed a peer that is merely stricter is only reported: that endangers nobody.

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
const budgetMs = 4000;
/** Per seed, so that a fast machine does not see more of the fixed one than was looked at. */
const maxStreams = 30_000;

/** Where a peer differs from what the codec accepts, and why that is no danger. */
const explained: readonly {
  readonly reason: string;
  fits(message: Message | null, text: string, peer: string, kind: string): boolean;
}[] = [
  {
    reason:
      "RFC 9112 2.3: a higher minor version is served as 1.1; the peers know 1.0 and 1.1 only. What goes on is 1.1",
    fits: (_message, text) => /HTTP\/1\.[2-9]/.test(text),
  },
  {
    reason: "RFC 9110 9.1: any token is a method and goes on unchanged; the peers know a list",
    fits: (message, _text, _peer, kind) =>
      message !== null &&
      !/^(GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH|TRACE|PROPFIND|CONNECT) /.test(message.start) &&
      !/^\d+$/.test(message.start) &&
      kind === "refused",
  },
  {
    reason:
      "matching 2.4: CONNECT is routed as an ordinary request with a body; the peers take what follows for a tunnel",
    fits: (_message, text) => text.includes("CONNECT"),
  },
  {
    reason: "RFC 9110 7.8: the body of an upgrade request comes before the switch; the peers take it for the tunnel",
    fits: (message, text) =>
      /\nupgrade/i.test(text) && /\nconnection:.*upgrade/i.test(text) && (message === null || message.body !== ""),
  },
  {
    reason: "decisions: a fold becomes one space before anything goes on; Node refuses it",
    fits: (_message, text, peer, kind) => peer === "node" && kind === "refused" && /\r\n[ \t]/.test(text),
  },
  {
    reason: "matching 2.1: targets with any scheme are routed, and no scheme goes on; Node refuses odd ones",
    fits: (message, _text, peer, kind) =>
      peer === "node" && kind === "refused" && message !== null && / [a-z][\w.+-]*:/i.test(message.start),
  },
  {
    reason: "RFC 9112 6.3: 1xx, 204 and 304 have no body whatever their fields say; http-parser-js reads one",
    fits: (message, _text, peer) =>
      peer === "http-parser-js" && message !== null && /^(1..|204|304)$/.test(message.start),
  },
  {
    reason: "matching 2.2: equal repeated Content-Length counts as one and is written once; Node refuses it",
    fits: (message, _text, peer, kind) =>
      peer === "node" &&
      kind === "refused" &&
      (message?.fields.filter((f) => /^content-length:/i.test(f)).length ?? 0) > 1,
  },
  {
    reason:
      "decisions: a response with Content-Length and chunked is read as chunked and its connection closed; Node refuses it",
    fits: (message, _text, peer, kind) =>
      peer === "node" &&
      kind === "refused" &&
      message !== null &&
      /^\d+$/.test(message.start) &&
      /transfer-encoding:/i.test(message.fields.join()) &&
      /content-length:/i.test(message.fields.join()),
  },
  {
    reason: "RFC 9112 7.1.1: blanks around a chunk extension must be read, and no extension goes on; Node refuses them",
    fits: (_message, text, peer, kind) =>
      peer === "node" && kind === "refused" && /\n[0-9a-f]+[ \t;][^\r]*[ \t]/i.test(text),
  },
];

function sameMessage(a: Message, b: Message): boolean {
  return a.start === b.start && a.minor === b.minor && a.body === b.body && a.fields.join("\n") === b.fields.join("\n");
}

/** What a peer makes of the messages that the codec accepts; null when it is the same. */
function disagreement(ours: Reading, peer: Reading): { kind: string; message: Message | null } | null {
  for (let i = 0; i < ours.messages.length; i++) {
    const message = ours.messages[i]!;
    const other = peer.messages[i];
    if (other === undefined) {
      return peer.end === "stopped" ? null : { kind: peer.end, message };
    }
    if (!sameMessage(message, other)) return { kind: `peer reads another message: ${JSON.stringify(other)}`, message };
  }
  if (peer.messages.length > ours.messages.length && ours.end === "more") {
    return { kind: `peer: one message more: ${JSON.stringify(peer.messages[ours.messages.length])}`, message: null };
  }
  return null;
}

/** Reads pieces; a fault in a last line without end may show only when the line feed has come. */
function settled(pieces: readonly Buffer[], request: boolean, whole: Reading): Reading {
  const reading = readWithCodec(pieces, request);
  if (whole.end !== "refused" || reading.end !== "more") return reading;
  return readWithCodec([...pieces, Buffer.from("\n")], request);
}

/** The stream must read the same however it is cut. */
function checkCuts(text: string, request: boolean, whole: Reading): void {
  const bytes = Buffer.from(text, "latin1");
  const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  assert.deepEqual(settled(single, request, whole), whole, `byte by byte: ${JSON.stringify(text)}`);
  for (let i = 1; i < bytes.length; i++) {
    const reading = settled([bytes.subarray(0, i), bytes.subarray(i)], request, whole);
    assert.deepEqual(reading, whole, `cut at ${i}: ${JSON.stringify(text)}`);
  }
}

const peers = [
  ["node", readWithNode],
  ["http-parser-js", readWithScript],
] as const;

/** Disagreements that nothing explains, as text: dangerous ones, and those where the peer is stricter. */
function compare(
  seed: number,
  request: boolean,
  report: (text: string) => void,
): { misread: string[]; stricter: string[] } {
  const random = new Random(seed);
  const end = performance.now() + budgetMs;
  const misread: string[] = [];
  const stricter: string[] = [];
  let streams = 0;
  let accepted = 0;
  while (performance.now() < end && streams < maxStreams) {
    const text = randomStream(random, request);
    const ours = readWithCodec([Buffer.from(text, "latin1")], request);
    streams++;
    if (ours.messages.length > 0) accepted++;
    if (streams % 8 === 0) checkCuts(text, request, ours);
    for (const [peer, read] of peers) {
      const found = disagreement(ours, read(text, request));
      if (found === null || explained.some((e) => e.fits(found.message, text, peer, found.kind))) continue;
      const line = `${peer}: ${found.kind}: ${JSON.stringify(found.message)} in ${JSON.stringify(text)}`;
      (found.kind === "refused" ? stricter : misread).push(line);
    }
  }
  report(`seed ${seed}: ${streams} streams, ${accepted} with accepted messages`);
  assert.ok(accepted > streams / 20, "the generator makes enough that is accepted");
  return { misread, stricter };
}

for (const request of [true, false]) {
  test(`what the codec accepts means the same to other parsers: ${request ? "requests" : "responses"}`, (t) => {
    for (const [i, seed] of seeds.entries()) {
      const { misread, stricter } = compare(seed, request, (text) => t.diagnostic(text));
      assert.deepEqual(misread.slice(0, 3), [], `seed ${seed}`);
      if (i === 0) assert.deepEqual(stricter.slice(0, 3), [], `seed ${seed}`);
      else for (const line of stricter.slice(0, 3)) t.diagnostic(`stricter: ${line}`);
    }
  });
}
