// One server of the second level as a worker uses it: a connection, the breaker that it shares with the other workers, and the writes
// that wait. Lookups wait for the timeout at most. Writes go behind them in small portions, so that a lookup never waits for many.
// What had to be removed and was not is kept until the server has heard it.

import type { SharedWrite } from "../../spec/second-level.ts";
import { RareWarning } from "../../util/rare-warning.ts";
import { type Argument, CONNECT_MS, Connection, type RedisLibrary } from "./connection.ts";
import type { ServerAddress } from "./server-address.ts";
import type { SharedBreaker, SharedRoom } from "./shared-state.ts";
import { encodeValue, keyText } from "./value-format.ts";
import { within } from "./within.ts";

/** A write that takes longer says that the server is gone. */
const WRITE_MS = 1000;
/** Bytes that are sent before the server has confirmed them: a lookup may have to wait for so many, and one entry. */
const WINDOW_BYTES = 256 * 1024;
/** After the server has refused a write (it is full, say) none is sent for so long. */
const REFUSED_MS = 1000;

/** Bytes of entries on their way in the process, and with removals. What waits is a small object; the entry is read when it is sent. */
export const ROOM_BYTES = 16 * 2 ** 20;
const ROOM_WITH_REMOVALS_BYTES = ROOM_BYTES + 2 ** 20;
/** What a write or a removal takes beside its entry. */
const ITEM_BYTES = 512;

/** `unreadable`: something else than a text is there. `skipped`: the server is left alone. */
export type NoReply = "error" | "skipped" | "unreadable";

export interface ServerOptions {
  readonly library: RedisLibrary;
  readonly timeoutMs: number;
  readonly room: SharedRoom;
  readonly breaker: SharedBreaker;
  readonly log: { info(message: string): void; warn(message: string): void };
  /** Adds to the counter of this name. */
  count(name: "error" | "dropped", by: number): void;
  /** Milliseconds since 1970. */
  now(): number;
}

export class Server {
  readonly #address: ServerAddress;
  readonly #options: ServerOptions;
  readonly #warning: RareWarning;
  #connection: Connection | null = null;
  #connecting: Promise<Connection> | null = null;
  #writes: { readonly write: SharedWrite; readonly bytes: number }[] = [];
  #isWriting = false;
  #unconfirmedBytes = 0;
  #confirmed: (() => void) | null = null;
  #refusesUntilMs = 0;
  #isTrying = false;
  readonly #toRemove = new Set<string>();
  #isClosed = false;

  constructor(address: ServerAddress, options: ServerOptions) {
    this.#address = address;
    this.#options = options;
    this.#warning = new RareWarning(options);
  }

  /** Connects ahead of the first request. */
  open(): void {
    if (this.#isUsable()) this.#connected().catch(() => {});
  }

  /** Replies to all commands until `deadlineMs` (of performance.now()), or why there are none. */
  async ask(commands: readonly (readonly Argument[])[], deadlineMs: number): Promise<unknown[] | NoReply> {
    if (!this.#isUsable()) return "skipped";
    const asked = this.#connected().then((connection) =>
      Promise.all(commands.map((command) => connection.send(command))),
    );
    try {
      const replies = await within(deadlineMs - performance.now(), asked);
      this.#options.breaker.worked();
      return replies;
    } catch (cause) {
      const { ErrorReply } = this.#options.library;
      if (cause instanceof ErrorReply && cause.message.startsWith("WRONGTYPE")) return "unreadable";
      this.#failed(cause as Error, false);
      return "error";
    }
  }

  store(write: SharedWrite): void {
    const { room, count, now } = this.#options;
    const bytes = write.bytes + ITEM_BYTES;
    if (!this.#isUsable() || now() < this.#refusesUntilMs || !room.take(bytes, ROOM_BYTES)) {
      count("dropped", 1);
      return;
    }
    this.#writes.push({ write, bytes });
    if (!this.#isWriting) void this.#writeAll();
  }

  async remove(key: string): Promise<void> {
    if (!this.#toRemove.has(key)) {
      if (!this.#options.room.take(ITEM_BYTES, ROOM_WITH_REMOVALS_BYTES)) {
        this.#options.count("dropped", 1);
        return;
      }
      this.#toRemove.add(key);
    }
    if (!this.#isUsable()) return;
    try {
      const removed = this.#connected().then((connection) => this.#tellToRemove(connection, key));
      await within(this.#options.timeoutMs, removed);
    } catch (cause) {
      this.#failed(cause as Error, false);
    }
  }

  /** Ends the connection for good. */
  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  /** False while the server is left alone; one caller in each pause makes it be tried again, beside the requests. */
  #isUsable(): boolean {
    const { breaker, now } = this.#options;
    if (this.#isClosed) return false;
    if (!breaker.isOpen) return true;
    if (!this.#isTrying) {
      this.#drop();
      if (breaker.mayTry(now())) void this.#try();
    }
    return false;
  }

  async #try(): Promise<void> {
    const { breaker, timeoutMs, log, now } = this.#options;
    this.#isTrying = true;
    try {
      const connection = await within(CONNECT_MS, this.#connected());
      await within(timeoutMs, connection.send(["PING"]));
      if (breaker.close(now())) log.info(`cache: the second level at ${this.#address.name} answers again`);
    } catch {
      this.#drop();
    }
    this.#isTrying = false;
  }

  #connected(): Promise<Connection> {
    if (this.#connection !== null) return Promise.resolve(this.#connection);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Connection> {
    try {
      const connection = await Connection.open(this.#options.library, this.#address, (lost, cause) => {
        if (this.#connection === lost) this.#connection = null;
        this.#warning.write(this.#line(cause));
      });
      if (this.#isClosed) connection.destroy();
      else this.#connection = connection;
      // Before anything else is asked or written.
      for (const key of this.#toRemove) this.#tellToRemove(connection, key).catch(() => {});
      return connection;
    } catch (cause) {
      this.#failed(cause as Error, true);
      throw cause;
    }
  }

  async #tellToRemove(connection: Connection, key: string): Promise<void> {
    await connection.send(["DEL", key]);
    if (this.#toRemove.delete(key)) this.#options.room.giveBack(ITEM_BYTES);
  }

  #drop(): void {
    this.#connection?.destroy();
    this.#connection = null;
  }

  /** `isDown`: there is no use in asking it anything. */
  #failed(cause: Error, isDown: boolean): void {
    const { breaker, count, log, now } = this.#options;
    if (this.#isClosed) return;
    count("error", 1);
    if (breaker.failed(isDown, now())) log.warn(`${this.#line(cause)}; it is left alone until it answers again`);
    if (breaker.isOpen) this.#drop();
  }

  /** What a server says may repeat what it was sent. */
  #line(cause: Error): string {
    const { name, username, password } = this.#address;
    let { message } = cause;
    for (const secret of [password, username]) if (secret !== "") message = message.replaceAll(secret, "***");
    return `cache: the second level at ${name} fails: ${message.slice(0, 200)}`;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    for (let next = this.#writes.shift(); next !== undefined; next = this.#writes.shift()) {
      const { write, bytes } = next;
      this.#unconfirmedBytes += bytes;
      void this.#write(write).then(() => {
        this.#unconfirmedBytes -= bytes;
        this.#options.room.giveBack(bytes);
        this.#confirmed?.();
      });
      while (this.#unconfirmedBytes >= WINDOW_BYTES) {
        await new Promise<void>((resolve) => {
          this.#confirmed = resolve;
        });
      }
    }
    this.#isWriting = false;
  }

  /** Never rejects. */
  async #write(write: SharedWrite): Promise<void> {
    const { breaker, count } = this.#options;
    const key = keyText(write.key);
    const content = await write.load();
    if (content === null) return;
    if (!this.#isUsable()) {
      count("dropped", 1);
      return;
    }
    // Servers take whole milliseconds.
    const lifetimeMs = Math.max(1, Math.floor(content.lifetimeMs));
    const value = encodeValue(key, { ...content, lifetimeMs });
    const set = ["SET", key, value, "PX", String(lifetimeMs)];
    try {
      await within(
        CONNECT_MS + WRITE_MS,
        this.#connected().then((connection) => within(WRITE_MS, connection.send(set))),
      );
      breaker.worked();
    } catch (cause) {
      this.#writeFailed(cause as Error);
      return;
    }
    if (!write.isCurrent()) await this.remove(key);
  }

  #writeFailed(cause: Error): void {
    const { library, count, now } = this.#options;
    count("dropped", 1);
    if (!(cause instanceof library.ErrorReply)) {
      this.#failed(cause, true);
      return;
    }
    count("error", 1);
    this.#refusesUntilMs = now() + REFUSED_MS;
    this.#warning.write(this.#line(cause));
  }
}
