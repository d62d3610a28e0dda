// Which ids changed from version to version, and which texts the versions had: enough to make a delta from any text that is still known
// to the present one. It holds ids and hashes and no lines, and is bounded in bytes: the oldest version is forgotten first.

/** What a number, a hash with its zone, and an entry of a list take beside their text. */
const ENTRY_BYTES = 64;

interface Step {
  readonly version: number;
  readonly ids: readonly string[];
  bytes: number;
  /** Keys of the texts that were seen in this version. */
  readonly texts: string[];
}

export class ChangeHistory {
  readonly #maxBytes: number;
  readonly #steps: Step[] = [];
  /** Version by `zone hash`. */
  readonly #versions = new Map<string, number>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The next version, and what is other in it than in the one before; of the first one that is of no use. */
  add(version: number, changed: readonly string[]): void {
    const ids = this.#steps.length === 0 ? [] : changed;
    const bytes = ids.reduce((sum, id) => sum + 2 * id.length + ENTRY_BYTES, ENTRY_BYTES);
    this.#steps.push({ version, ids, bytes, texts: [] });
    this.#bytes += bytes;
    this.#shrink();
  }

  /** A text of the newest version. */
  name(zone: string, hash: string): void {
    const step = this.#steps.at(-1);
    const key = `${zone} ${hash}`;
    if (step === undefined || this.#versions.get(key) === step.version) return;
    this.#versions.set(key, step.version);
    step.texts.push(key);
    step.bytes += 2 * key.length + ENTRY_BYTES;
    this.#bytes += 2 * key.length + ENTRY_BYTES;
    this.#shrink();
  }

  /** The ids that may differ between this text and the newest version; null when the text is not known. */
  changesSince(zone: string, hash: string): ReadonlySet<string> | null {
    const version = this.#versions.get(`${zone} ${hash}`);
    if (version === undefined) return null;
    const ids = new Set<string>();
    for (let i = this.#steps.length - 1; i >= 0 && this.#steps[i]!.version > version; i--) {
      for (const id of this.#steps[i]!.ids) ids.add(id);
    }
    return ids;
  }

  /** The newest step stays, whatever it takes: it names the present texts. */
  #shrink(): void {
    while (this.#bytes > this.#maxBytes && this.#steps.length > 1) {
      const oldest = this.#steps.shift()!;
      this.#bytes -= oldest.bytes;
      for (const key of oldest.texts) if (this.#versions.get(key) === oldest.version) this.#versions.delete(key);
    }
  }
}
