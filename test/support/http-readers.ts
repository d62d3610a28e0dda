// Three readers of HTTP/1.1 byte streams with one result, for differential tests: the product's codec, Node's parser and
// http-parser-js.

import { createRequire } from "node:module";
import { ChunkEvent, ChunkedDecoder } from "../../src/http/h1/chunked.ts";
import { defaultResponseLimits, requestHeadLimits } from "../../src/http/h1/limits.ts";
import { RequestHead } from "../../src/http/h1/request-head.ts";
import { parseRequestHead } from "../../src/http/h1/request-parser.ts";
import { BodyKind, bodyKind, parseResponseHead, ResponseHead } from "../../src/http/h1/response-parser.ts";
import { LINE_FIELDS } from "../../src/http/headers.ts";

export interface Message {
  /** Method and target, or the status. */
  start: string;
  minor: number;
  /** `name: value`, as received. */
  fields: string[];
  body: string;
}

export interface Reading {
  /** Complete messages. */
  messages: Message[];
  /** How it ended: refused, nothing more to read on purpose (upgrade, close), or the bytes ran out. */
  end: "refused" | "stopped" | "more";
}

const requestLimits = requestHeadLimits(1 << 20);

function fieldsOf(head: RequestHead | ResponseHead): string[] {
  return Array.from({ length: head.lineCount }, (_, i) => {
    const [a, b, c, d] = head.lines.subarray(i * LINE_FIELDS, (i + 1) * LINE_FIELDS);
    return `${head.text.slice(a, b)}: ${head.text.slice(c, d)}`;
  });
}

/** Reads with the product's codec, the bytes arriving in the given pieces. */
export function readWithCodec(pieces: readonly Buffer[], request: boolean): Reading {
  const messages: Message[] = [];
  const requestHead = new RequestHead();
  const responseHead = new ResponseHead();
  const decoder = new ChunkedDecoder();
  let waiting: Buffer = Buffer.alloc(0);
  let kind: BodyKind | -1 = -1;
  let left = 0;
  let stop = false;
  let current: Message | null = null;
  const finish = (): boolean => {
    messages.push(current!);
    kind = -1;
    return stop;
  };
  const begin = (): number => {
    if (request) {
      const head = requestHead;
      const used = parseRequestHead(head, waiting, 0, waiting.length, requestLimits);
      if (used <= 0) return used;
      const target = head.text.slice(head.targetStart, head.targetEnd);
      current = { start: `${head.method} ${target}`, minor: head.minorVersion, fields: fieldsOf(head), body: "" };
      kind = head.chunked ? BodyKind.chunked : head.contentLength > 0 ? BodyKind.length : BodyKind.none;
      left = head.contentLength;
      stop = !head.keepAlive || head.upgrade || head.method === "CONNECT";
      return used;
    }
    const head = responseHead;
    const used = parseResponseHead(head, waiting, 0, waiting.length, defaultResponseLimits);
    if (used <= 0) return used;
    current = { start: String(head.status), minor: head.minorVersion, fields: fieldsOf(head), body: "" };
    kind = bodyKind("GET", head);
    left = head.contentLength;
    if (kind === BodyKind.length && left === 0) kind = BodyKind.none;
    stop = !head.keepAlive || head.status === 101;
    return used;
  };
  for (const piece of pieces) {
    waiting = Buffer.concat([waiting, piece]);
    for (;;) {
      if (kind === -1) {
        if (waiting.length === 0) break;
        const used = begin();
        if (used < 0) return { messages, end: "refused" };
        if (used === 0) break;
        waiting = waiting.subarray(used);
        decoder.reset();
        if ((kind as BodyKind | -1) === BodyKind.none && finish()) return { messages, end: "stopped" };
        continue;
      }
      if (waiting.length === 0) break;
      let used = waiting.length;
      let ended = false;
      if (kind === BodyKind.chunked) {
        const event = decoder.next(waiting, 0, waiting.length);
        if (event < 0) return { messages, end: "refused" };
        used = decoder.position;
        ended = event === ChunkEvent.end;
        if (event === ChunkEvent.data) current!.body += waiting.toString("latin1", decoder.dataStart, decoder.dataEnd);
      } else {
        if (kind === BodyKind.length) {
          used = Math.min(left, used);
          left -= used;
          ended = left === 0;
        }
        current!.body += waiting.toString("latin1", 0, used);
      }
      waiting = waiting.subarray(used);
      if (ended && finish()) return { messages, end: "stopped" };
    }
  }
  if ((kind as BodyKind | -1) === BodyKind.close) {
    messages.push(current!);
    return { messages, end: "stopped" };
  }
  return { messages, end: "more" };
}

/** What both foreign parsers have in common; callbacks are set by number. */
interface Parser {
  initialize?(type: unknown, resource: object): void;
  execute(bytes: Buffer): number | Error;
  finish(): unknown;
  [callback: number]: (...args: never[]) => unknown;
}

interface ParserClass {
  new (type?: unknown): Parser;
  readonly REQUEST: unknown;
  readonly RESPONSE: unknown;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
  readonly kOnExecute: number;
}

const require = createRequire(import.meta.url);
const nodeParser = (require("node:_http_common") as { HTTPParser: ParserClass }).HTTPParser;
const scriptParser = (require("http-parser-js") as { HTTPParser: ParserClass }).HTTPParser;
// http-parser-js hands its callbacks their arguments in the present form once somebody has asked for this number.
(scriptParser as unknown as { encoding: string }).encoding = "latin1";
if (!(scriptParser.kOnExecute > 0)) throw new Error("http-parser-js without kOnExecute");

function readWith(Parser: ParserClass, methodNames: readonly string[], text: string, request: boolean): Reading {
  const type = request ? Parser.REQUEST : Parser.RESPONSE;
  const parser = new Parser(type);
  parser.initialize?.(type, {});
  const messages: Message[] = [];
  let current: Message | null = null;
  let early: string[] = [];
  let earlyUrl = "";
  let stopped = false;
  const pairs = (list: readonly string[]) =>
    Array.from({ length: list.length / 2 }, (_, i) => `${list[2 * i]}: ${list[2 * i + 1]}`);
  parser[Parser.kOnHeaders] = (list: string[], url: string) => {
    if (current !== null) return;
    early.push(...pairs(list));
    earlyUrl += url ?? "";
  };
  parser[Parser.kOnHeadersComplete] = (
    _major: number,
    minor: number,
    list: string[] | undefined,
    method: number,
    url: string,
    status: number,
    _reason: string,
    upgrade: boolean,
    keepAlive: boolean,
  ) => {
    const start = request ? `${methodNames[method] ?? method} ${earlyUrl || url}` : String(status);
    current = { start, minor, fields: [...early, ...pairs(list ?? [])], body: "" };
    early = [];
    earlyUrl = "";
    stopped ||= upgrade || !keepAlive;
    return upgrade ? 2 : 0;
  };
  parser[Parser.kOnBody] = (bytes: Buffer, offset?: number, length?: number) => {
    const piece = offset === undefined ? bytes : bytes.subarray(offset, offset + (length ?? 0));
    current!.body += piece.toString("latin1");
  };
  parser[Parser.kOnMessageComplete] = () => {
    if (current !== null) messages.push(current);
    current = null;
  };
  const result = parser.execute(Buffer.from(text, "latin1"));
  if (result instanceof Error) return { messages, end: "refused" };
  if (!request && current !== null && !(parser.finish() instanceof Error)) stopped = true;
  return { messages, end: stopped ? "stopped" : "more" };
}

/** The names of Node's method numbers, found by asking it. */
function nodeMethodNames(): string[] {
  const { methods } = require("node:_http_common") as { methods: string[] };
  const names: string[] = [];
  for (const method of methods) {
    const { messages } = readWith(nodeParser, [], `${method} /x HTTP/1.1\r\nHost: a\r\n\r\n`, true);
    const number = messages[0]?.start.split(" ")[0];
    if (number !== undefined) names[Number(number)] = method;
  }
  return names;
}

const nodeMethods = nodeMethodNames();
const scriptMethods = (scriptParser as unknown as { methods: string[] }).methods;

export function readWithNode(text: string, request: boolean): Reading {
  return readWith(nodeParser, nodeMethods, text, request);
}

export function readWithScript(text: string, request: boolean): Reading {
  return readWith(scriptParser, scriptMethods, text, request);
}
