// Undoes the gzip that the proxy itself asked for (spec proxy 9 and 13), piece by piece as the backend sends it.

import type { BodyTransform } from "../spec/context.ts";
import { zlib } from "../util/lazy-builtin.ts";

export function gunzipTransform(): BodyTransform {
  const gunzip = zlib().createGunzip({ flush: zlib().constants.Z_SYNC_FLUSH });
  let pieces: Buffer[] = [];
  let failure: Error | null = null;
  gunzip.on("data", (piece: Buffer) => pieces.push(piece));
  gunzip.on("error", (error) => {
    failure = error;
  });
  const take = (): Buffer | null => {
    const out = pieces.length === 0 ? null : pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    pieces = [];
    return out;
  };
  return {
    write: (chunk) =>
      new Promise((resolve, reject) => {
        gunzip.write(chunk, () => (failure === null ? resolve(take()) : reject(failure)));
      }),
    end: () =>
      new Promise((resolve, reject) => {
        gunzip.once("end", () => resolve(take()));
        gunzip.once("error", reject);
        if (failure !== null) reject(failure);
        else gunzip.end();
      }),
    destroy: () => gunzip.destroy(),
  };
}
