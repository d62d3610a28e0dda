// Sends the steps of an http11 case on one connection and notes what came back: responses, rests, close or silence.

import { connect, type Socket } from "node:net";
import type { Field } from "./strict-backend.ts";

export interface Final {
  readonly status: number;
  readonly fields: readonly Field[];
  readonly body: string;
  readonly complete: boolean;
}

export interface Step {
  readonly interim: readonly number[];
  readonly finals: readonly Final[];
  readonly rest: string;
  readonly raw: string;
  readonly closed: boolean;
}

export type Part = string | { readonly repeat: string; readonly times: number; readonly from?: number };

/** Without any answer a step ends after this time; after a whole answer a further one is awaited for the second. */
const SILENT_MS = 2000;
const QUIET_MS = 160;
/** Times are waited for in parts, with a turn of the event loop after each: a process that stood still in one of them has not waited. */
const PART_MS = 20;

/** The value of a header of a response, several joined with a comma. */
export function headerOf(response: Final, name: string): string | null {
  const values = response.fields.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ");
}

/** The responses at the begin of `text`; `ended` when no more can come. */
export function readResponses(text: string, toHead: boolean, ended: boolean): Omit<Step, "raw" | "closed"> {
  const interim: number[] = [];
  const finals: Final[] = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf("\r\n\r\n", at);
    const match = /^HTTP\/1\.\d (\d{3})/.exec(text.slice(at, at + 12));
    if (match === null || end < 0) break;
    const status = Number(match[1]);
    const lines = text.slice(at, end).split("\r\n").slice(1);
    const fields = lines
      .filter((line) => line.includes(":"))
      .map((line): Field => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
      });
    at = end + 4;
    if (status >= 100 && status < 200 && status !== 101) {
      interim.push(status);
      continue;
    }
    const bodyless = (toHead && finals.length === 0) || status === 204 || status === 304 || status === 101;
    const read = bodyless ? { body: "", end: at, complete: true } : readBody(text, at, fields, ended);
    finals.push({ status, fields, body: read.body, complete: read.complete });
    if (!read.complete) return { interim, finals, rest: "" };
    at = read.end;
    if (status === 101) break;
  }
  return { interim, finals, rest: text.slice(at) };
}

function readBody(text: string, start: number, fields: readonly Field[], ended: boolean) {
  const value = (name: string) => fields.find(([key]) => key.toLowerCase() === name)?.[1];
  const length = value("content-length");
  if (value("transfer-encoding")?.toLowerCase().includes("chunked") === true) return readChunks(text, start);
  if (length === undefined) return { body: text.slice(start), end: text.length, complete: ended };
  const end = start + Number(length);
  return { body: text.slice(start, end), end, complete: text.length >= end };
}

function readChunks(text: string, start: number): { body: string; end: number; complete: boolean } {
  let body = "";
  for (let at = start; ; ) {
    const line = text.indexOf("\r\n", at);
    const size = line < 0 ? Number.NaN : Number.parseInt(text.slice(at, line), 16);
    if (Number.isNaN(size)) return { body, end: at, complete: false };
    if (size === 0) {
      const end = text.startsWith("\r\n", line + 2) ? line : text.indexOf("\r\n\r\n", line);
      return { body, end: end + 4, complete: end >= 0 && text.length >= end + 4 };
    }
    if (text.length < line + 4 + size) return { body, end: at, complete: false };
    body += text.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}

export class Client {
  readonly #socket: Socket;
  #text = "";
  #closed = false;
  #changed: () => void = () => {};

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const close = (): void => {
      this.#closed = true;
      this.#changed();
    };
    this.#socket.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
      this.#changed();
    });
    this.#socket.on("end", close);
    this.#socket.on("close", close);
    this.#socket.on("error", close);
  }

  /** Sends `bytes` and reads until the answer is whole and nothing follows, the connection is closed, or nothing comes. */
  async step(bytes: string): Promise<Step> {
    this.#text = "";
    this.#socket.write(bytes, "latin1");
    const toHead = bytes.replace(/^(?:\r\n)+/, "").startsWith("HEAD ");
    await new Promise<void>((resolve) => {
      let parts = SILENT_MS / PART_MS;
      const timer = setInterval(() => {
        if (parts-- <= 0) end();
      }, PART_MS);
      const end = () => {
        clearInterval(timer);
        resolve();
      };
      this.#changed = () => {
        const { finals } = readResponses(this.#text, toHead, false);
        const answered = finals.at(-1)?.complete === true || !"HTTP/".startsWith(this.#text.slice(0, 5));
        if (this.#closed) end();
        else if (answered) parts = QUIET_MS / PART_MS;
      };
      this.#changed();
    });
    this.#changed = () => {};
    return { ...readResponses(this.#text, toHead, this.#closed), raw: this.#text, closed: this.#closed };
  }

  close(): void {
    this.#socket.destroy();
  }
}
