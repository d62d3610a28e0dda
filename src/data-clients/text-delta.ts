// A delta of the Route Server (eskip/route-delta.ts) applied to the text that is in force, as content that shares everything else with
// it. The text must be as the Route Server prints it: one route on a line, in the order of ids. Where it is not the result is wrong, and
// so is its hash.

import { compareBytes } from "../eskip/byte-order.ts";
import type { RouteDelta } from "../eskip/route-delta.ts";
import { crypto } from "../util/lazy-builtin.ts";
import type { DefinitionIndex } from "./definition-index.ts";
import { PieceText } from "./piece-text.ts";
import { chunkBytes, type RouteContent } from "./route-content.ts";

/** Behind each expression stand a semicolon and, but at the end, a line feed. */
const SEPARATOR_BYTES = 2;

/** The text that a delta makes of another one. */
export function applyDelta(text: PieceText, index: DefinitionIndex, { deletes, upserts }: RouteDelta): PieceText {
  const ids = [...deletes, ...upserts.keys()].sort(compareBytes);
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const id of ids) {
    const at = lineOf(text, index, id);
    const isThere = at < index.count && idAt(text, index, at) === id;
    addRange(pieces, text, from, startOf(index, at));
    const line = upserts.get(id);
    if (line !== undefined) pieces.push(Buffer.from(`${line}\n`));
    from = startOf(index, isThere ? at + 1 : at);
  }
  addRange(pieces, text, from, startOf(index, index.count));
  // The last line has no line feed.
  const last = pieces.pop();
  if (last !== undefined && last.length > 1) pieces.push(last.subarray(0, -1));
  return new PieceText(pieces);
}

const LINE_FEED = Buffer.from("\n");

/** The first line whose id is not before this one. */
function lineOf(text: PieceText, index: DefinitionIndex, id: string): number {
  let low = 0;
  let high = index.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(idAt(text, index, middle), id) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function startOf(index: DefinitionIndex, line: number): number {
  return line === 0 ? 0 : index.ends[line - 1]! + SEPARATOR_BYTES;
}

function idAt(text: PieceText, index: DefinitionIndex, line: number): string {
  const bytes = text.read(startOf(index, line), index.ends[line]!);
  const colon = bytes.indexOf(COLON);
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.max(colon, 0)).toString("utf8");
}

const COLON = 0x3a;

/** A range of the text as if its last line had a line feed like the others. */
function addRange(pieces: Uint8Array[], text: PieceText, from: number, to: number): void {
  const end = Math.min(to, text.length);
  for (let at = from; at < end; ) {
    const view = text.viewFrom(at, end);
    pieces.push(view);
    at += view.length;
  }
  if (to > text.length && from <= text.length) pieces.push(LINE_FEED);
}

/** Content in pieces. */
export class PieceContent implements RouteContent {
  readonly #text: PieceText;

  constructor(text: PieceText) {
    this.#text = text;
  }

  get length(): number {
    return this.#text.length;
  }

  read(start: number, end: number): Uint8Array {
    return this.#text.read(start, end);
  }

  readAll(): Uint8Array<SharedArrayBuffer> {
    const all = new Uint8Array(new SharedArrayBuffer(this.#text.length));
    let at = 0;
    for (const view of views(this.#text)) {
      all.set(view, at);
      at += view.length;
    }
    return all;
  }

  confirm(): void {}

  /** SHA-256 in lower case hex. */
  hash(): string {
    const hash = crypto().createHash("sha256");
    for (const view of views(this.#text)) hash.update(view);
    return hash.digest("hex");
  }
}

/** All bytes of a text in order. */
export function* views(text: PieceText): Generator<Uint8Array> {
  for (let at = 0; at < text.length; ) {
    const view = text.viewFrom(at, Math.min(at + chunkBytes, text.length));
    yield view;
    at += view.length;
  }
}
