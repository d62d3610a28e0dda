// Which parts of a document an edit touched: runs of whole definitions of the old text and what stands in their place in the new
// one. A hunk begins behind a definition, at its semicolon, in text that both have in common, and ends with a definition whose text
// was found again behind the change; when parsing the new part ends exactly there, the parser is in the same state as before the
// change, and what follows needs no parsing. Everything in between is compared as bytes.

import type { DefinitionIndex } from "./definition-index.ts";
import type { PieceText } from "./piece-text.ts";
import { commonPrefix, commonSuffix, type RouteContent } from "./route-content.ts";

export interface Hunk {
  /** The definitions of the old text that it covers: from `first` to before `after`. */
  readonly first: number;
  readonly after: number;
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
  /** True when it reaches the end of both texts, behind the last definition. */
  readonly toEnd: boolean;
}

/** How far behind a change, and for how many of the next definitions, common text is looked for. */
const windowBytes = 1 << 16;
const maxTries = 8;

/** More hunks, or longer ones, are no small edit. */
const maxHunks = 1000;
const maxHunkBytes = 1 << 20;

const semicolon = 0x3b;

/** The hunks in order, none when the texts are equal; null when the edit is not one of small parts. */
export function findHunks(text: PieceText, index: DefinitionIndex, content: RouteContent): Hunk[] | null {
  const hunks: Hunk[] = [];
  let oldAt = 0;
  let newAt = 0;
  let bytes = 0;
  for (;;) {
    const same = commonPrefix(text, oldAt, content, newAt);
    if (oldAt + same === text.length && newAt + same === content.length) return hunks;
    const first = index.endingBefore(oldAt + same);
    const oldStart = index.start(first);
    if (oldStart < oldAt) return null;
    if (first > 0 && text.viewFrom(oldStart, oldStart + 1)[0] !== semicolon) return null;
    const begin = { first, oldStart, newStart: newAt + oldStart - oldAt };
    const hunk =
      endAtCommonDefinition(text, index, content, begin) ??
      endAtCommonSuffix(text, index, content, begin, same - (oldStart - oldAt));
    hunks.push(hunk);
    bytes += hunk.newEnd - hunk.newStart;
    if (hunks.length > maxHunks || bytes > Math.max(maxHunkBytes, content.length / 4)) return null;
    if (hunk.toEnd) return hunks;
    oldAt = hunk.oldEnd;
    newAt = hunk.newEnd;
  }
}

interface HunkBegin {
  readonly first: number;
  readonly oldStart: number;
  readonly newStart: number;
}

/** Ends with the next definition that stands near the change in the new text, too. */
function endAtCommonDefinition(
  text: PieceText,
  index: DefinitionIndex,
  content: RouteContent,
  begin: HunkBegin,
): Hunk | null {
  const { first, newStart } = begin;
  const read = content.read(newStart, Math.min(newStart + windowBytes, content.length));
  const window = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
  for (let i = first; i < Math.min(first + maxTries, index.count); i++) {
    const definition = index.text(text, i);
    const found = window.indexOf(definition);
    if (found < 0) continue;
    const newEnd = newStart + found + definition.length;
    return { ...begin, after: i + 1, oldEnd: index.ends[i]!, newEnd, toEnd: false };
  }
  return null;
}

/** Ends with the first definition that lies whole in the common end of both texts, or with the texts. */
function endAtCommonSuffix(
  text: PieceText,
  index: DefinitionIndex,
  content: RouteContent,
  begin: HunkBegin,
  same: number,
): Hunk {
  const rest = Math.min(text.length - begin.oldStart, content.length - begin.newStart) - same;
  const suffix = commonSuffix(text, content, rest);
  const last = index.endingBefore(text.length - suffix) + 1;
  if (last >= index.count) {
    return { ...begin, after: index.count, oldEnd: text.length, newEnd: content.length, toEnd: true };
  }
  const oldEnd = index.ends[last]!;
  return { ...begin, after: last + 1, oldEnd, newEnd: oldEnd + content.length - text.length, toEnd: false };
}
