// Hot path: 0.4 us a line. Guarded by access-log.bench.ts.
//
// Writes the access log (spec proxy 18) of one worker. The exchange fills the one record it keeps and calls `write` when the response
// is complete; the line goes straight into the sink's buffer. All strings are byte strings (util/bytes.ts).

import { isIP } from "node:net";
import { fromByteString, isAscii, toByteString } from "../util/bytes.ts";
import { closeLogDescriptor, type LineSink, openLogDescriptor, sinkOn } from "./line-sink.ts";
import { jsonText, type Logger, offsetText, sortedJson } from "./log.ts";
import { type Hash64, loadHash64, maskQuery } from "./mask-query.ts";

/** What a filter decided for a request (AccessLogDecision of spec/context.ts). */
interface LogDecision {
  readonly enable: boolean;
  readonly prefixes: readonly number[];
}

/** What is known of one request; every field is set anew before each line. "" means that there is none. */
export class AccessLogRecord {
  /** Address of the peer without port. */
  remoteAddress = "";
  /** The first X-Forwarded-For value, as it came. */
  forwardedFor = "";
  authUser = "";
  /** Milliseconds since 1970 at which the request came. */
  arrivalMs = 0;
  method = "";
  /** The request target as received. */
  target = "";
  protocol = "";
  status = 0;
  /** Bytes of the response body. */
  sizeBytes = 0;
  referer = "";
  userAgent = "";
  durationMs = 0;
  /** The request host, normalised when the proxy does so. */
  host = "";
  flowId = "";
  audit = "";
  /** Query parameters whose values are replaced by their hash; null for none. */
  maskedQuery: ReadonlySet<string> | null = null;
  /** Further keys of a JSON line, Unicode text; null for none. */
  additional: Readonly<Record<string, unknown>> | null = null;
}

export interface AccessLogSettings {
  /** A path, `/dev/stdout`, `/dev/stderr`; "" is standard error. */
  readonly path: string;
  /** True: only requests for which a filter says so are logged, to standard error. */
  readonly disabled: boolean;
  readonly json: boolean;
  readonly stripQuery: boolean;
}

export class AccessLog {
  readonly #sink: LineSink;
  readonly #json: boolean;
  readonly #stripQuery: boolean;
  readonly #enabled: boolean;
  readonly #hash: Hash64;
  readonly #timestamps = new Timestamps();

  constructor(sink: LineSink, settings: AccessLogSettings, hash: Hash64) {
    this.#sink = sink;
    this.#json = settings.json;
    this.#stripQuery = settings.stripQuery;
    this.#enabled = !settings.disabled;
    this.#hash = hash;
  }

  /** True when a line is to be written: asked before the record is filled. `decision`: of the last filter that made one. */
  wants(decision: LogDecision | null, status: number): boolean {
    if (decision === null) return this.#enabled;
    const prefixes = decision.prefixes;
    if (prefixes.length === 0) return decision.enable;
    for (let i = 0; i < prefixes.length; i++) {
      const prefix = prefixes[i]!;
      const part = prefix < 10 ? Math.floor(status / 100) : prefix < 100 ? Math.floor(status / 10) : status;
      if (part === prefix) return decision.enable;
    }
    return !decision.enable;
  }

  /** Adds a line. When the sink is slower than the requests the line is dropped and counted. */
  write(record: AccessLogRecord): void {
    if (this.#json) this.#writeJson(record);
    else this.#writeText(record);
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    return this.#sink.dropped;
  }

  /** Writes out what is held, at most `timeoutMs` long. */
  close(timeoutMs: number): Promise<void> {
    return this.#sink.close(timeoutMs);
  }

  #writeText(r: AccessLogRecord): void {
    const client = r.forwardedFor === "" ? r.remoteAddress : forwardedAddresses(r.forwardedFor);
    const line =
      `${dash(client)} - ${dash(r.authUser)} [${this.#timestamps.at(r.arrivalMs)}] "${dash(r.method)} ` +
      `${dash(this.#uri(r))} ${dash(r.protocol)}" ${r.status} ${r.sizeBytes} "${dash(r.referer)}" "${dash(r.userAgent)}" ` +
      `${Math.trunc(r.durationMs)} ${dash(r.host)} ${dash(r.flowId)} ${dash(r.audit)}\n`;
    this.#add(line.indexOf("\n") === line.length - 1 ? line : `${line.slice(0, -1).replaceAll("\n", " ")}\n`);
  }

  #writeJson(r: AccessLogRecord): void {
    const client = r.forwardedFor === "" ? r.remoteAddress : forwardedAddresses(r.forwardedFor);
    const line = r.additional === null ? this.#jsonLine(r, client) : this.#jsonLineWith(r, client, r.additional);
    this.#add(line);
  }

  #add(line: string): void {
    const sink = this.#sink;
    if (sink.reserve(line.length)) sink.commit(sink.length + sink.buffer.write(line, sink.length, "latin1"));
  }

  #jsonLine(r: AccessLogRecord, client: string): string {
    return (
      `{"audit":${json(r.audit)},"auth-user":${json(r.authUser)},"duration":${Math.trunc(r.durationMs)}` +
      `,"flow-id":${json(r.flowId)},"host":${json(client)},"level":"info","method":${json(r.method)},"msg":""` +
      `,"proto":${json(r.protocol)},"referer":${json(r.referer)},"requested-host":${json(r.host)}` +
      `,"response-size":${Math.trunc(r.sizeBytes)},"status":${r.status}` +
      `,"timestamp":"${this.#timestamps.at(r.arrivalMs)}","uri":${json(this.#uri(r))},"user-agent":${json(r.userAgent)}}\n`
    );
  }

  /** With keys of filters among ours; a filter's value wins. */
  #jsonLineWith(r: AccessLogRecord, client: string, additional: Readonly<Record<string, unknown>>): string {
    const values = {
      audit: fromByteString(r.audit),
      "auth-user": fromByteString(r.authUser),
      duration: Math.trunc(r.durationMs),
      "flow-id": fromByteString(r.flowId),
      host: client,
      method: fromByteString(r.method),
      proto: r.protocol,
      referer: fromByteString(r.referer),
      "requested-host": fromByteString(r.host),
      "response-size": Math.trunc(r.sizeBytes),
      status: r.status,
      timestamp: this.#timestamps.at(r.arrivalMs),
      uri: fromByteString(this.#uri(r)),
      "user-agent": fromByteString(r.userAgent),
      ...additional,
      level: "info",
      msg: "",
    };
    return `${toByteString(sortedJson(values))}\n`;
  }

  #uri(r: AccessLogRecord): string {
    if (this.#stripQuery) {
      const query = r.target.indexOf("?");
      return query < 0 ? r.target : r.target.slice(0, query);
    }
    return r.maskedQuery === null ? r.target : maskQuery(r.target, r.maskedQuery, this.#hash);
  }
}

export interface OpenAccessLog {
  readonly accessLog: AccessLog;
  /** Writes out what is held, at most `timeoutMs` long, and closes the file. */
  close(timeoutMs: number): Promise<void>;
}

/** Opens the access log of this worker; rejects with the reason when the file cannot be opened. */
export async function openAccessLog(settings: AccessLogSettings, log: Logger): Promise<OpenAccessLog> {
  const fd = openLogDescriptor(settings.disabled ? "" : settings.path);
  let lastReport = Number.NEGATIVE_INFINITY;
  const sink = sinkOn(fd, (error, lostLines) => {
    const now = performance.now();
    if (now - lastReport < 60_000) return;
    lastReport = now;
    log.error(`access log: ${error.message}`, { "lost-lines": lostLines });
  });
  const accessLog = new AccessLog(sink, settings, await loadHash64());
  return {
    accessLog,
    async close(timeoutMs) {
      await accessLog.close(timeoutMs);
      closeLogDescriptor(fd);
    },
  };
}

function dash(text: string): string {
  return text === "" ? "-" : text;
}

/** A byte string as JSON text, again a byte string. */
function json(bytes: string): string {
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes.charCodeAt(i);
    // Quote, backslash, & < >, control and non-ASCII bytes take the slow way.
    if (c < 0x20 || c > 0x7e || c === 0x22 || c === 0x5c || c === 0x26 || c === 0x3c || c === 0x3e)
      return jsonSlow(bytes);
  }
  return `"${bytes}"`;
}

function jsonSlow(bytes: string): string {
  const text = jsonText(fromByteString(bytes));
  return isAscii(text) ? text : toByteString(text);
}

/**
 * The valid addresses of an X-Forwarded-For value without their ports. QUIRK (spec proxy 18): entries are separated by comma and
 * blank only, so `1.2.3.4,5.6.7.8` is one invalid entry.
 */
export function forwardedAddresses(value: string): string {
  if (isAddress(value)) return value;
  let out = "";
  let start = 0;
  while (start <= value.length) {
    const comma = value.indexOf(", ", start);
    const end = comma < 0 ? value.length : comma;
    const address = addressOf(value.slice(start, end));
    if (address !== "") out = out === "" ? address : `${out}, ${address}`;
    start = end + 2;
  }
  return out;
}

/** The address of `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]`, `[::1]:80`; "" when it is none. */
function addressOf(entry: string): string {
  if (isAddress(entry)) return entry;
  const colon = entry.lastIndexOf(":");
  let address = entry;
  if (entry.charCodeAt(0) === 0x5b) {
    const bracket = entry.indexOf("]");
    if (bracket < 0 || (bracket !== entry.length - 1 && colon !== bracket + 1)) return "";
    address = entry.slice(1, bracket);
  } else if (colon >= 0) address = entry.slice(0, colon);
  return isAddress(address) ? address : "";
}

/** An address without a zone: `fe80::1%eth0` means something only on the machine it comes from. */
function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const CACHED_SECONDS = 8;

/** Local times as `02/Jan/2006:15:04:05 -0700`; the last few seconds are kept, since long requests end among short ones. */
class Timestamps {
  readonly #seconds = new Float64Array(CACHED_SECONDS).fill(-1);
  readonly #texts: string[] = new Array<string>(CACHED_SECONDS).fill("");

  at(ms: number): string {
    const second = Math.floor(ms / 1000);
    const slot = second & (CACHED_SECONDS - 1);
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second;
      this.#texts[slot] = accessLogTime(second * 1000);
    }
    return this.#texts[slot]!;
  }
}

/** `02/Jan/2006:15:04:05 -0700` of a time in milliseconds since 1970, in the local zone. */
export function accessLogTime(ms: number): string {
  const t = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${two(t.getDate())}/${MONTHS[t.getMonth()]}/${t.getFullYear()}`;
  const clock = `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
  return `${day}:${clock} ${offsetText(-t.getTimezoneOffset(), "")}`;
}
