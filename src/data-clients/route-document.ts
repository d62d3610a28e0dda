// One eskip document that changes now and then (a file, a URL): hands the first content over as a whole and later only what differs.
// An edit of a long document costs a comparison of bytes and the parsing of the changed definitions with their neighbours; where
// that could be wrong (ids that stand twice, comments cut open) all of it is parsed, and still only differences are handed over.
// Invariant: what it holds is what the host accepted last; content that is refused changes nothing.

import { routesEqual } from "../eskip/canonical.ts";
import type { ParseError } from "../eskip/parse-error.ts";
import { parseRoutes } from "../eskip/parser.ts";
import type { Route } from "../eskip/route.ts";
import type { RouteDelta } from "../eskip/route-delta.ts";
import type { DataClientHost, RouteTransaction } from "../spec/data-client.ts";
import { DefinitionIndex, hashId } from "./definition-index.ts";
import { findHunks, type Hunk } from "./document-hunks.ts";
import { PieceText } from "./piece-text.ts";
import { ContentFailure, equalBytes, type RouteContent } from "./route-content.ts";
import { applyDelta, PieceContent } from "./text-delta.ts";

/** A text of more pieces is copied into one: finding a place in it would take longer than that. */
const maxPieces = 500;

/** Usual length of a definition; only where the index begins. */
const guessedDefinitionBytes = 128;

interface Accepted {
  readonly text: PieceText;
  readonly index: DefinitionIndex;
}

export class RouteDocument {
  readonly #name: string;
  #accepted: Accepted | null = null;

  /** `name`: of the file or server, for what is said about its content. */
  constructor(name: string) {
    this.#name = name;
  }

  /** False until the first content was accepted. */
  get loaded(): boolean {
    return this.#accepted !== null;
  }

  /** The text in force; null before the first. */
  get text(): PieceText | null {
    return this.#accepted?.text ?? null;
  }

  /** What a delta makes of the text in force, null when there is none. Only its hash can tell whether it is right. */
  changedBy(delta: RouteDelta): PieceContent | null {
    const before = this.#accepted;
    return before === null ? null : new PieceContent(applyDelta(before.text, before.index, delta));
  }

  /** Hands all of the text in force over once more, in place of what the host has. */
  deliver(host: DataClientHost): void {
    const { text } = this.#accepted!;
    host.apply(true, (transaction) => {
      transaction.reset();
      // Without the bytes: a table that has these routes already keeps its own.
      refuse(
        this.#name,
        parseRoutes(text.read(0, text.length), (route) => transaction.upsert(route)),
      );
    });
  }

  /** Brings `content` in force. Throws ContentFailure when it cannot be read or parsed; nothing has changed then. */
  accept(content: RouteContent, host: DataClientHost): void {
    const before = this.#accepted;
    if (before === null) {
      this.#accepted = loadAll(content, host, this.#name);
      return;
    }
    const hunks = findHunks(before.text, before.index, content);
    if (hunks !== null && hunks.length === 0) return;
    this.#accepted =
      (hunks && updateHunks(before, content, hunks, host)) ?? updateAll(before, content, host, this.#name);
  }
}

function loadAll(content: RouteContent, host: DataClientHost, name: string): Accepted {
  const bytes = content.readAll();
  content.confirm();
  const index = new DefinitionIndex(Math.ceil(bytes.length / guessedDefinitionBytes));
  host.apply(true, (transaction) => {
    transaction.reset();
    refuse(
      name,
      parseRoutes(bytes, (route, start, end) => {
        index.add(end, route.id);
        transaction.upsert(route, { bytes, start, end });
      }),
    );
  });
  index.trim();
  return { text: new PieceText([bytes]), index };
}

function refuse(name: string, error: ParseError | null): void {
  if (error !== null) throw new ContentFailure(`${error.message} (${name}, ${error.explanation})`);
}

/** A hunk with what was parsed of it. */
interface ParsedHunk extends Hunk {
  readonly bytes: Uint8Array;
  readonly index: DefinitionIndex;
}

/** Parses only the hunks. Null when they cannot be told from their surroundings. */
function updateHunks(
  before: Accepted,
  content: RouteContent,
  hunks: readonly Hunk[],
  host: DataClientHost,
): Accepted | null {
  const oldRoutes = new Map<string, Route>();
  const newRoutes = new Map<string, Route>();
  const parsed: ParsedHunk[] = [];
  for (const hunk of hunks) {
    const bytes = content.read(hunk.newStart, hunk.newEnd).slice();
    const index = new DefinitionIndex(16);
    if (!parsePart(bytes, index, newRoutes)) return null;
    if (!hunk.toEnd && index.ends[index.count - 1] !== bytes.length) return null;
    if (!parsePart(before.text.read(hunk.oldStart, hunk.oldEnd), new DefinitionIndex(16), oldRoutes)) return null;
    parsed.push({ ...hunk, bytes, index });
  }
  const hashes = new Set([...oldRoutes.keys(), ...newRoutes.keys()].map(hashId));
  if (before.index.hasOutside(hashes, hunks)) return null;

  content.confirm();
  const changed = [...newRoutes.values()].filter((route) => !routesEqual(route, oldRoutes.get(route.id) ?? null));
  const gone = [...oldRoutes.keys()].filter((id) => !newRoutes.has(id));
  if (changed.length + gone.length > 0) {
    host.apply(false, (transaction) => {
      for (const id of gone) transaction.delete(id);
      for (const route of changed) transaction.upsert(route);
    });
  }
  return replaceHunks(before, parsed);
}

function replaceHunks(before: Accepted, hunks: readonly ParsedHunk[]): Accepted {
  let text = before.text;
  for (const hunk of hunks.toReversed()) text = text.replace(hunk.oldStart, hunk.oldEnd, hunk.bytes);
  const index = new DefinitionIndex(before.index.count);
  let from = 0;
  let delta = 0;
  for (const hunk of hunks) {
    index.append(before.index, from, hunk.first, delta);
    index.append(hunk.index, 0, hunk.index.count, hunk.newStart);
    from = hunk.after;
    delta = hunk.newEnd - hunk.oldEnd;
  }
  index.append(before.index, from, before.index.count, delta);
  index.trim();
  return { text: text.joined(maxPieces), index };
}

/** Adds the definitions of a part by id; false when it does not parse, an id stands twice or is missing. */
function parsePart(bytes: Uint8Array, index: DefinitionIndex, routes: Map<string, Route>): boolean {
  const before = routes.size;
  const error = parseRoutes(bytes, (route, _start, end) => {
    index.add(end, route.id);
    routes.set(route.id, route);
  });
  return error === null && routes.size - before === index.count && !routes.has("");
}

/** Parses the whole content and hands over what differs from the definitions before. */
function updateAll(before: Accepted, content: RouteContent, host: DataClientHost, name: string): Accepted {
  const bytes = content.readAll();
  content.confirm();
  const index = new DefinitionIndex(Math.max(16, before.index.count));
  const text = new PieceText([bytes]);
  const old = new OldDefinitions(before);
  host.apply(false, (transaction: RouteTransaction) => {
    refuse(
      name,
      parseRoutes(bytes, (route, start, end) => {
        index.add(end, route.id);
        if (!old.holds(route, index.text(text, index.count - 1))) transaction.upsert(route, { bytes, start, end });
      }),
    );
    old.forEachGone((id) => transaction.delete(id));
  });
  index.trim();
  return { text, index };
}

/** The definitions of a document, to be found by id: a hash table over the hashes of the index. */
class OldDefinitions {
  readonly #text: PieceText;
  readonly #index: DefinitionIndex;
  /** Number of a definition plus one, 0 for a free slot. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** 1 for every definition whose id the new document has. */
  readonly #seen: Uint8Array;

  constructor(accepted: Accepted) {
    this.#text = accepted.text;
    this.#index = accepted.index;
    const { count, hashes } = accepted.index;
    const size = 2 ** Math.ceil(Math.log2(count * 2 + 2));
    this.#mask = size - 1;
    this.#slots = new Int32Array(size);
    this.#seen = new Uint8Array(count);
    // From the last one, so that a search meets the definition that counts first when an id stands twice.
    for (let i = count - 1; i >= 0; i--) {
      let slot = hashes[i]! & this.#mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = i + 1;
    }
  }

  /** True when the old document has the same route; remembers its id. A repeated id of the new document is never held. */
  holds(route: Route, text: Uint8Array): boolean {
    const hash = hashId(route.id);
    let result: boolean | null = null;
    for (let slot = hash & this.#mask; this.#slots[slot] !== 0; slot = (slot + 1) & this.#mask) {
      const i = this.#slots[slot]! - 1;
      if (this.#index.hashes[i] !== hash) continue;
      const oldText = this.#index.text(this.#text, i);
      const same = equalBytes(oldText, text);
      const old = same ? route : parseOne(oldText);
      if (old.id !== route.id) continue;
      result ??= this.#seen[i] === 0 && (same || routesEqual(old, route));
      this.#seen[i] = 1;
    }
    return result ?? false;
  }

  /** Calls `visit` with the id of every definition that the new document does not have. */
  forEachGone(visit: (id: string) => void): void {
    for (let i = 0; i < this.#seen.length; i++) {
      if (this.#seen[i] === 0) visit(parseOne(this.#index.text(this.#text, i)).id);
    }
  }
}

/** The route of one definition that was accepted before. */
function parseOne(text: Uint8Array): Route {
  let found: Route | null = null;
  const error = parseRoutes(text, (route) => {
    found = route;
  });
  if (found === null) throw new Error(`accepted definition does not parse: ${error?.message}`);
  return found;
}
