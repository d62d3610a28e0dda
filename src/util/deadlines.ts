// Timeouts of many sockets with one timer: members carry a deadline that they move as they like, and a tick looks at all of them.
// A tick costs a compare a member; setting a deadline costs a store. Deadlines are kept to within one tick.

export interface Timed {
  /** Milliseconds on the clock of `Deadlines.now`; Infinity when nothing is awaited. */
  deadlineMs: number;
  onDeadline(): void;
}

/** Milliseconds between two looks. */
const TICK_MS = 50;

export class Deadlines {
  /** Milliseconds, refreshed at every tick: at most one tick old while there are members, exact after `touch`. */
  now = performance.now();
  readonly #members = new Set<Timed>();
  #timer: NodeJS.Timeout | null = null;

  add(member: Timed): void {
    this.#members.add(member);
    if (this.#timer !== null) return;
    this.touch();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  delete(member: Timed): void {
    this.#members.delete(member);
    if (this.#members.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Reads the clock now. */
  touch(): number {
    this.now = performance.now();
    return this.now;
  }

  #tick(): void {
    const now = this.touch();
    for (const member of this.#members) {
      if (member.deadlineMs > now) continue;
      member.deadlineMs = Number.POSITIVE_INFINITY;
      member.onDeadline();
    }
  }
}
