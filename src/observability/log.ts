// The application log (spec proxy 19). The main thread and every worker make their own; all write whole lines to the same
// descriptor. Where it is written to is given as a function, so that tests read lines and workers never wait for a slow sink.
// Written by hand: the usual library costs 16 ms and 13 packages in the main thread and in each worker for the same three forms.

export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Levels by severity; a logger writes those up to its own. */
export const LOG_LEVELS = ["panic", "fatal", "error", "warning", "info", "debug", "trace"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The level of a `-application-log-level` value in any case, `WARN` included; undefined when there is none of that name. */
export function parseLogLevel(text: string): LogLevel | undefined {
  const name = text.toLowerCase();
  if (name === "warn") return "warning";
  return LOG_LEVELS.find((level) => level === name);
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Stands before every text line (`-application-log-prefix`); not in JSON. */
  readonly prefix: string;
  readonly json: boolean;
  /** Coloured lines with the seconds since start, for a person at a terminal. */
  readonly terminal: boolean;
  /** Takes one line, its line feed included. */
  readonly write: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Entries that `everyMinute` remembers; the oldest goes first. */
const RATE_LIMIT_KEYS = 1000;
const MINUTE_MS = 60_000;

interface RepeatedLine {
  writtenMs: number;
  suppressed: number;
}

export class ApplicationLog implements Logger {
  readonly #options: LogOptions;
  readonly #severity: number;
  readonly #startMs: number;
  readonly #repeated = new Map<string, RepeatedLine>();

  constructor(options: LogOptions) {
    this.#options = options;
    this.#severity = LOG_LEVELS.indexOf(options.level);
    this.#startMs = options.now();
  }

  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write("debug", message, fields);
  }

  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write("info", message, fields);
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write("warning", message, fields);
  }

  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write("error", message, fields);
  }

  /** The line before the process ends; ending it is the caller's. */
  fatal(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write("fatal", message, fields);
  }

  /** True when lines of this level are written: asked before a message is put together that costs something. */
  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) <= this.#severity;
  }

  /**
   * Writes a line unless one with the same key was written less than a minute ago. The line that comes after says in the field
   * `suppressed` how many were left out.
   */
  everyMinute(key: string, level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (!this.enabled(level)) return;
    const now = this.#options.now();
    const last = this.#repeated.get(key);
    if (last !== undefined && now - last.writtenMs < MINUTE_MS) {
      last.suppressed++;
      return;
    }
    const suppressed = last?.suppressed ?? 0;
    this.#repeated.delete(key); // set anew below, as the youngest
    if (this.#repeated.size >= RATE_LIMIT_KEYS) {
      for (const oldest of this.#repeated.keys()) {
        this.#repeated.delete(oldest);
        break;
      }
    }
    this.#repeated.set(key, { writtenMs: now, suppressed: 0 });
    this.write(level, message, suppressed === 0 ? fields : { ...fields, suppressed });
  }

  write(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (!this.enabled(level)) return;
    const options = this.#options;
    const now = options.now();
    if (options.json) options.write(jsonLine(level, message, now, fields));
    else if (options.terminal) options.write(terminalLine(options.prefix, level, message, now - this.#startMs, fields));
    else options.write(textLine(options.prefix, level, message, now, fields));
  }
}

function textLine(
  prefix: string,
  level: LogLevel,
  message: string,
  nowMs: number,
  fields: Readonly<Record<string, unknown>> | undefined,
): string {
  const head = `${prefix}time="${rfc3339(nowMs)}" level=${level} msg=${quoteWhenNeeded(message)}`;
  return `${head}${textFields(fields)}\n`;
}

const COLOURS: Readonly<Record<LogLevel, number>> = {
  panic: 31,
  fatal: 31,
  error: 31,
  warning: 33,
  info: 36,
  debug: 37,
  trace: 37,
};

function terminalLine(
  prefix: string,
  level: LogLevel,
  message: string,
  elapsedMs: number,
  fields: Readonly<Record<string, unknown>> | undefined,
): string {
  const seconds = String(Math.floor(elapsedMs / 1000)).padStart(4, "0");
  const name = `\x1b[${COLOURS[level]}m${level.slice(0, 4).toUpperCase()}\x1b[0m`;
  // A message with control bytes could move the cursor: shown quoted.
  const text = hasControl(message) ? quote(message) : message;
  return `${prefix}${name}[${seconds}] ${text}${textFields(fields)}\n`;
}

function jsonLine(
  level: LogLevel,
  message: string,
  nowMs: number,
  fields: Readonly<Record<string, unknown>> | undefined,
): string {
  const all: Record<string, unknown> = { level, msg: message, time: rfc3339(nowMs) };
  for (const key in fields) all[key in all ? `fields.${key}` : key] = plainValue(fields[key]);
  return `${sortedJson(all)}\n`;
}

function textFields(fields: Readonly<Record<string, unknown>> | undefined): string {
  if (fields === undefined) return "";
  let out = "";
  for (const key of Object.keys(fields).sort()) out += ` ${key}=${quoteWhenNeeded(fieldText(fields[key]))}`;
  return out;
}

function fieldText(value: unknown): string {
  const plain = plainValue(value);
  return typeof plain === "object" && plain !== null ? (JSON.stringify(plain) ?? "") : String(plain);
}

/** Errors say their message, big numbers their digits; the rest is as JSON takes it. */
function plainValue(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === "bigint" ? value.toString() : value;
}

/** One JSON object with its keys sorted and `& < >` escaped, so that a line may stand in a page of HTML. */
export function sortedJson(values: Readonly<Record<string, unknown>>): string {
  let out = "";
  for (const key of Object.keys(values).sort()) {
    const value = jsonValue(values[key]);
    if (value !== undefined) out += `${out === "" ? "{" : ","}${jsonText(key)}:${value}`;
  }
  return out === "" ? "{}" : `${out}}`;
}

function jsonValue(value: unknown): string | undefined {
  if (typeof value === "string") return jsonText(value);
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : escapeHtml(text);
  } catch {
    return jsonText(String(value)); // a circle: what filters hand over is not ours to choose
  }
}

/** A string in JSON, `& < >` and the two line separators escaped. */
export function jsonText(text: string): string {
  return escapeHtml(JSON.stringify(text.isWellFormed() ? text : text.toWellFormed()));
}

function escapeHtml(json: string): string {
  return json.replace(/[&<>\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The text as it is when it has only letters, digits and `-._/@^+`, else in double quotes. */
function quoteWhenNeeded(text: string): string {
  for (let i = 0; i < text.length; i++) if (!isPlain(text.charCodeAt(i))) return quote(text);
  return text;
}

function isPlain(c: number): boolean {
  return (
    (c >= 97 && c <= 122) ||
    (c >= 65 && c <= 90) ||
    (c >= 45 && c <= 57) ||
    c === 64 ||
    c === 94 ||
    c === 95 ||
    c === 43
  );
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return true;
  }
  return false;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

function quote(text: string): string {
  const escaped = text.replace(
    /["\\\x00-\x1f\x7f-\x9f]/g,
    (c) => SHORT_ESCAPES[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${escaped}"`;
}

/** The local time with its offset, in seconds (RFC 3339). */
export function rfc3339(ms: number): string {
  const offset = -new Date(ms).getTimezoneOffset();
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, 19);
  return offset === 0 ? `${local}Z` : `${local}${offsetText(offset, ":")}`;
}

/** `+hh<separator>mm` of an offset in minutes. */
export function offsetText(minutes: number, separator: string): string {
  const size = Math.abs(minutes);
  const hours = String(Math.floor(size / 60)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${hours}${separator}${String(size % 60).padStart(2, "0")}`;
}
