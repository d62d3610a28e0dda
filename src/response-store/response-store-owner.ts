// The owner of the response store, in the main thread: allots the memory, gives each worker its place, and cleans up after one that
// died: its locks, pins, half-written entries, flights and places in lines. Alone it knows which threads live.

import { Flights } from "./flights.ts";
import { clearHolds, type Hold, holdsOf, letGo } from "./holds.ts";
import { Shard } from "./shard.ts";
import { BYTES, CONTROL_CELLS, SHARDS, type StoreMemory, storeMemory } from "./store-memory.ts";
import { WaitingLines } from "./waiting-lines.ts";

const CLEAN_AGAIN_MS = 50;

/** What a worker makes its SharedResponseStore of. */
export interface WorkerResponseStore {
  readonly memory: StoreMemory;
  readonly worker: number;
}

export class ResponseStoreOwner {
  readonly #memory: StoreMemory;
  /** The worker that has a place, 0 for none. */
  readonly #workers: number[];

  /** `workers`: largest number at a time; `budgetBytes`: of heads and bodies. */
  constructor(workers: number, budgetBytes: number) {
    // A place may still be cleaned up when the successor of its worker starts.
    const places = workers * 2;
    this.#memory = storeMemory(places, budgetBytes);
    this.#workers = new Array<number>(places).fill(0);
  }

  /** The share of a new worker; `worker` is a positive number that no other has. */
  addWorker(worker: number): WorkerResponseStore {
    const place = this.#workers.indexOf(0);
    if (place < 0) throw new Error(`worker ${worker} is one more than the ${this.#workers.length} that were announced`);
    this.#workers[place] = worker;
    return { memory: this.#memory, worker: place };
  }

  /** The worker has ended: what it held is free. */
  retire(worker: number): void {
    const place = this.#workers.indexOf(worker);
    if (place < 0) return;
    Atomics.store(this.#memory.pending, place, 0);
    const holds = holdsOf(this.#memory, place);
    clearHolds(this.#memory, place);
    this.#clean(place, holds, Array.from({ length: SHARDS }).keys());
  }

  /** Cleans up in these shards; one whose lock another dying worker has is tried again later. */
  #clean(place: number, holds: readonly Hold[], shards: Iterable<number>): void {
    const left: number[] = [];
    for (const index of shards) if (!this.#cleanShard(place, holds, index)) left.push(index);
    if (left.length === 0) this.#workers[place] = 0;
    else setTimeout(() => this.#clean(place, holds, left), CLEAN_AGAIN_MS).unref();
  }

  #cleanShard(place: number, holds: readonly Hold[], index: number): boolean {
    const shard = new Shard(this.#memory, index);
    const flights = new Flights(this.#memory, index);
    const lines = new WaitingLines(this.#memory, index);
    const id = place + 1;
    const isBroken = shard.holder === id;
    if (isBroken) shard.rebuild(this.#livingHolds(index));
    else {
      const held = holds.filter((hold) => hold.shard === index);
      if (held.length === 0 && !flights.hasOne(id) && !lines.hasOne(id)) return true;
      if (!shard.lock(this.#workers.length + 1)) return false;
      for (const { entry, isWriting } of held) letGo(shard, entry, isWriting);
    }
    flights.landAllOf(id);
    lines.leaveAllOf(id);
    shard.unlock();
    return true;
  }

  #livingHolds(index: number): Hold[] {
    return this.#workers.flatMap((worker, place) =>
      worker === 0 ? [] : holdsOf(this.#memory, place).filter((hold) => hold.shard === index),
    );
  }

  /** True from the first entry on. */
  get isUsed(): boolean {
    return Atomics.load(this.#memory.stamps, 0) !== 0;
  }

  /** Bytes of heads and bodies that are stored. */
  get storedBytes(): number {
    const { control } = this.#memory;
    let sum = 0;
    for (let at = BYTES; at < control.length; at += CONTROL_CELLS) sum += Atomics.load(control, at);
    return sum;
  }
}
