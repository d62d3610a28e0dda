// GET and HEAD of /routes and /routes/<zone> (spec routesrv 2.1): the whole table as static content with conditions and ranges, and for
// clients that ask so a delta (RFC 3229) or an answer that waits for the next change (RFC 7240). Stock clients see nothing of that.

import type { IncomingMessage, ServerResponse } from "node:http";
import { ROUTE_DELTA } from "../eskip/route-delta.ts";
import { type ByteRange, readRanges } from "../http/byte-ranges.ts";
import { checkConditions, rangeApplies, readTags } from "../http/conditions.ts";
import type { Tracer } from "../observability/tracer.ts";
import type { DownloadLimit } from "./download-limit.ts";
import type { FleetSize } from "./fleet-size.ts";
import type { Publications } from "./publication.ts";
import { etagOf, hashOf, type Representation, represent } from "./representation.ts";
import { RoutesAnswer, TEXT } from "./routes-answer.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import type { WaitingClients } from "./waiting-clients.ts";

/** How far the cluster was seen; sent to clients that ask for deltas. */
export const VERSIONS_HEADER = "Routes-Versions";
/** How many such clients there are, for their share of what a fleet may do at one time. */
const CLIENTS_HEADER = "Routes-Clients";
/** A Prefer of more seconds waits so long. */
const MAX_WAIT_SECONDS = 300;
/** Seconds after which a client may come again that found too many others; up to twice as many, so that they do not all come at once. */
const RETRY_SECONDS = 2;

export interface RoutesHandlerOptions {
  readonly publications: Publications;
  readonly waiting: WaitingClients;
  readonly downloads: DownloadLimit;
  readonly metrics: ServerMetrics;
  readonly fleet: FleetSize;
  /** Null: there is no tracing. */
  readonly tracer: Tracer | null;
  sourceVersions(): string;
}

export class RoutesHandler {
  readonly #options: RoutesHandlerOptions;

  constructor(options: RoutesHandlerOptions) {
    this.#options = options;
  }

  /** `zone` "" for the full table. */
  async serve(request: IncomingMessage, response: ServerResponse, zone: string): Promise<void> {
    const answer = new RoutesAnswer(request, response, this.#options.metrics, this.#options.tracer);
    const { method, headers } = request;
    const { publications } = this.#options;
    if (method !== "GET" && method !== "HEAD") return answer.end(405);
    const wanted = readWish(headers);
    if (wanted.delta) this.#options.fleet.seen(request.socket);
    if (!publications.isInitialized) return answer.end(404);
    if (method === "GET" && wanted.waitSeconds > 0) {
      const { hash } = publications.snapshot(zone);
      if (wanted.hashes.includes(hash)) {
        answer.pause();
        const isThere = await this.#options.waiting.wait(response, zone, hash, wanted.waitSeconds);
        if (!isThere) return;
        answer.resume();
      }
    }
    const snapshot = publications.snapshot(zone);
    response.setHeader("X-Count", snapshot.count);
    if (wanted.waitSeconds > 0) response.setHeader("Preference-Applied", "wait");
    if (wanted.delta) {
      response.setHeader(VERSIONS_HEADER, this.#options.sourceVersions());
      response.setHeader(CLIENTS_HEADER, this.#options.fleet.size);
    }
    if (wanted.delta && method === "GET" && !wanted.hashes.includes(snapshot.hash)) {
      for (const base of wanted.hashes) {
        const delta = publications.delta(zone, base);
        if (delta !== null) return answer.delta(delta, base, etagOf(snapshot.hash, wanted.gzip), wanted.packed);
      }
    }
    const validators = { etag: etagOf(snapshot.hash, wanted.gzip), lastModifiedMs: publications.lastModifiedMs };
    const condition = checkConditions(headers, validators);
    response.setHeader("Etag", validators.etag);
    if (condition === 304) return answer.end(304);
    response.setHeader("Last-Modified", new Date(validators.lastModifiedMs).toUTCString());
    response.setHeader("Content-Type", TEXT);
    if (condition === 412) return answer.end(412);
    response.setHeader("Accept-Ranges", "bytes");
    const representation = await represent(snapshot, wanted.gzip).catch(() => null);
    if (representation === null) return answer.fail();
    const range = rangeApplies(single(headers["if-range"]), validators) ? headers.range : undefined;
    const found = readRanges(range, representation.length);
    if (found !== "all" && found.type === "none") return answer.unsatisfiable(representation.length, found.reason);
    const ranges = found === "all" ? [] : found.ranges;
    if (method === "HEAD") return answer.body(representation, ranges, true);
    await this.#download(answer, representation, ranges);
  }

  async #download(answer: RoutesAnswer, representation: Representation, ranges: readonly ByteRange[]): Promise<void> {
    const slot = await this.#options.downloads.enter(answer.response);
    if (slot === "gone") return;
    if (slot === "full") {
      answer.response.setHeader("Retry-After", RETRY_SECONDS + Math.floor(Math.random() * (RETRY_SECONDS + 1)));
      return answer.busy();
    }
    try {
      await answer.body(representation, ranges, false);
    } finally {
      slot.leave();
    }
  }
}

/** A header that the parser gives as a list although it has one value. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** What a client asks for beside the resource. */
interface Wish {
  readonly gzip: boolean;
  /** It reads deltas, and those that are compressed. */
  readonly delta: boolean;
  readonly packed: boolean;
  /** Of the texts that it has. */
  readonly hashes: readonly string[];
  /** 0: it does not wait. */
  readonly waitSeconds: number;
}

function readWish(headers: IncomingMessage["headers"]): Wish {
  const manipulations = String(headers["a-im"] ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})/i.exec(String(headers.prefer ?? ""));
  return {
    gzip: String(headers["accept-encoding"] ?? "").includes("gzip"),
    delta: manipulations.includes(ROUTE_DELTA),
    packed: manipulations.includes("gzip"),
    hashes: readTags(headers["if-none-match"] ?? "")
      .filter(({ tag }) => tag !== "*")
      .map(({ tag }) => hashOf(tag)),
    waitSeconds: Math.min(Number(wait?.[1] ?? 0), MAX_WAIT_SECONDS),
  };
}
