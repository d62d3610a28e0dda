// Hangs records of one store at the same places of another one, without reading their texts again: a place is a chain, which knows its
// leaf and its host key, and each chain and node is looked up once. For compaction.ts; main thread only.

import { NO_LABEL } from "../util/shared-label-table.ts";
import { LEAVES_PER_NODE, ROOT_NODE } from "./table-generation.ts";
import type { TableStore } from "./table-store.ts";

export class PlaceCopier {
  readonly #from: TableStore;
  readonly #to: TableStore;
  /** Chain and node in `to` of each one in `from`; 0 when it was not asked for yet. */
  #chains = new Int32Array(0);
  #nodes = new Int32Array(0);

  constructor(from: TableStore, to: TableStore) {
    this.#from = from;
    this.#to = to;
  }

  /** Adds the entries of `record`, the newest one of the store `to`, as the record `original` of `from` has them. */
  copy(original: number, record: number): void {
    const { recordEntries, recordEntryCount, entryChain } = this.#from;
    const first = recordEntries[original]!;
    const end = first + recordEntryCount[original]!;
    for (let entry = first; entry < end; entry++) this.#to.addEntry(record, this.#chainOf(entryChain[entry]!));
  }

  #chainOf(chain: number): number {
    this.#chains = withRoom(this.#chains, chain, this.#from.chainHead.length);
    const known = this.#chains[chain]!;
    if (known !== 0) return known;
    const leaf = this.#from.chainLeaf[chain]!;
    const label = this.#from.chainLabel[chain]!;
    const place = leaf % LEAVES_PER_NODE;
    const node = this.#nodeOf((leaf - place) / LEAVES_PER_NODE);
    const copied = this.#to.chainOf(node * LEAVES_PER_NODE + place, label === NO_LABEL ? null : this.#text(label));
    this.#chains[chain] = copied;
    return copied;
  }

  /** Goes up to the first node that was asked for before, then down again: each node on the way is looked up, or made, once. */
  #nodeOf(node: number): number {
    this.#nodes = withRoom(this.#nodes, node, this.#from.nodeFlags.length);
    const way: number[] = [];
    let above = node;
    while (above > ROOT_NODE && this.#nodes[above] === 0) {
      way.push(above);
      above = this.#from.labels.parentOf(above);
    }
    let copied = above > ROOT_NODE ? this.#nodes[above]! : above;
    for (const below of way.reverse()) {
      copied = this.#from.labels.isUnlisted(below)
        ? this.#to.wildcardChild(copied)
        : this.#to.childOf(copied, this.#text(below));
      this.#nodes[below] = copied;
    }
    return copied;
  }

  /** The byte string of a label. */
  #text(label: number): string {
    const { bytes, starts } = this.#from.labels;
    const start = starts[label]!;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, starts[label + 1]! - start).toString("latin1");
  }
}

function withRoom(numbers: Int32Array<ArrayBuffer>, index: number, room: number): Int32Array<ArrayBuffer> {
  if (index < numbers.length) return numbers;
  const wider = new Int32Array(Math.max(room, index + 1));
  wider.set(numbers);
  return wider;
}
