// Undoes the gzip that the proxy itself asked for (spec proxy 9 and 13), piece by piece as the backend sends it.

import { KIND } from "../http/h1/tables.ts";
import type { RequestMetrics } from "../observability/request-metrics.ts";
import type { BodyTransform } from "../spec/context.ts";
import { zlib } from "../util/lazy-builtin.ts";
import type { RequestContext } from "./request-context.ts";

/** The client gets a compressed response as it would have been without the proxy's wish. */
export function undoGzip(ctx: RequestContext, metrics: RequestMetrics): void {
  const { headers } = ctx.response;
  if (headers.known(KIND.contentEncoding)?.toLowerCase() !== "gzip") return;
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  metrics.uncompressed();
  ctx.transformResponseBody(gunzipTransform());
}

/** Nothing at all is taken for an empty body; what is not gzip, breaks off or goes on behind its end is an error. */
export function gunzipTransform(): BodyTransform {
  const gunzip = zlib().createGunzip({ flush: zlib().constants.Z_SYNC_FLUSH });
  let pieces: Buffer[] = [];
  let begun = false;
  let failure: Error | null = null;
  /** Ends the wait of `write` or `end`: after an error neither of them hears of anything else. */
  let fail: ((error: Error) => void) | null = null;
  gunzip.on("data", (piece: Buffer) => pieces.push(piece));
  gunzip.on("error", (error) => {
    failure = error;
    fail?.(error);
  });
  const take = (): Buffer | null => {
    const out = pieces.length === 0 ? null : pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    pieces = [];
    return out;
  };
  const wait = (start: (done: (error?: Error | null) => void) => void): Promise<Buffer | null> =>
    new Promise((resolve, reject) => {
      fail = reject;
      if (failure !== null) reject(failure);
      else start((error) => (error ? reject(error) : resolve(take())));
    });
  return {
    write(chunk) {
      begun = true;
      return wait((done) => void gunzip.write(chunk, done));
    },
    end() {
      if (!begun) return null;
      return wait((done) => gunzip.once("end", () => done()).end());
    },
    destroy: () => gunzip.destroy(),
  };
}
