// The second level as filters use it: keys to servers, entries to values. Loaded, with the library that talks to the servers, where
// -cache-second-level-urls names some, and nowhere else.

import type { StoreKey } from "../../spec/response-store.ts";
import type { NoEntry, SecondLevel, SharedEntry, SharedWrite } from "../../spec/second-level.ts";
import type { StoreMemory } from "../store-memory.ts";
import { rendezvous, seedOf } from "./rendezvous.ts";
import { Server, type ServerOptions } from "./server.ts";
import type { ServerAddress } from "./server-address.ts";
import { SharedBreaker, SharedRoom } from "./shared-state.ts";
import { decodeValue, keyText, PREAMBLE_BYTES } from "./value-format.ts";

const ENTRY_LIMIT_BYTES = 2 ** 20;

/** From the flags; plain data. */
export interface SecondLevelSettings {
  readonly servers: readonly ServerAddress[];
  readonly timeoutMs: number;
}

export interface SharedSecondLevelOptions extends Pick<ServerOptions, "log" | "count" | "now"> {
  readonly settings: SecondLevelSettings;
  readonly memory: Pick<StoreMemory, "pending" | "breakers">;
  /** Which of the announced workers this thread is. */
  readonly worker: number;
}

export class SharedSecondLevel implements SecondLevel {
  readonly entryLimitBytes: number = ENTRY_LIMIT_BYTES;
  readonly #servers: readonly Server[];
  readonly #seeds: readonly number[];
  readonly #timeoutMs: number;
  readonly #count: ServerOptions["count"];

  private constructor(
    servers: readonly Server[],
    names: readonly string[],
    timeoutMs: number,
    count: ServerOptions["count"],
  ) {
    this.#count = count;
    this.#servers = servers;
    this.#seeds = names.map(seedOf);
    this.#timeoutMs = timeoutMs;
  }

  /** Loads the library and begins to connect; resolves without waiting for a server. */
  static async open({ settings, memory, worker, ...rest }: SharedSecondLevelOptions): Promise<SharedSecondLevel> {
    const library = await import("@redis/client");
    const { servers: addresses, timeoutMs } = settings;
    const room = new SharedRoom(memory.pending, worker);
    const servers = addresses.map(
      (address, i) =>
        new Server(address, { ...rest, library, timeoutMs, room, breaker: new SharedBreaker(memory.breakers, i) }),
    );
    for (const server of servers) server.open();
    return new SharedSecondLevel(
      servers,
      addresses.map(({ name }) => name),
      timeoutMs,
      rest.count,
    );
  }

  async find(key: StoreKey, leadsTo: (entry: SharedEntry) => StoreKey | null): Promise<SharedEntry | NoEntry> {
    const deadlineMs = performance.now() + this.#timeoutMs;
    const found = await this.#findAt(key, deadlineMs);
    const next = typeof found === "string" ? null : leadsTo(found);
    return next === null ? found : this.#findAt(next, deadlineMs);
  }

  async #findAt(key: StoreKey, deadlineMs: number): Promise<SharedEntry | NoEntry> {
    const server = this.#serverOf(key);
    const text = keyText(key);
    // However large what stands there is, no more than an entry of ours is read of it.
    const range = ["GETRANGE", text, "0", String(PREAMBLE_BYTES + ENTRY_LIMIT_BYTES)];
    const replies = await server.ask([range, ["PTTL", text]], deadlineMs);
    if (replies === "error" || replies === "skipped") return replies;
    const [bytes, leftMs] = replies === "unreadable" ? [] : replies;
    if (Buffer.isBuffer(bytes) && bytes.length === 0) return "miss";
    const value = Buffer.isBuffer(bytes) ? decodeValue(text, bytes) : null;
    // Gone between the two commands.
    if (value !== null && leftMs === -2) return "miss";
    if (value === null || typeof leftMs !== "number" || leftMs < 0) {
      this.#count("error", 1);
      void server.remove(text);
      return "error";
    }
    const { head, body, lifetimeMs } = value;
    return { head, body, leftMs, sinceMs: Math.max(0, lifetimeMs - leftMs) };
  }

  store(write: SharedWrite): void {
    if (write.bytes <= ENTRY_LIMIT_BYTES) this.#serverOf(write.key).store(write);
  }

  remove(key: StoreKey): Promise<void> {
    return this.#serverOf(key).remove(keyText(key));
  }

  /** Ends all connections. */
  close(): void {
    for (const server of this.#servers) server.close();
  }

  #serverOf(key: StoreKey): Server {
    return this.#servers[rendezvous(key, this.#seeds)]!;
  }
}
