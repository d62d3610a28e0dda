// Bodies of any size that are made while they are sent: a listener for node:http that answers `GET /KIND/BYTES` with such a body and
// a request with a body with the number of its bytes. As a program, `node bench/load/stream-backend.ts PORT`, it prints `ready` when
// it listens and lives until it is killed or its standard input ends.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import process from "node:process";
import { pipeline, Readable } from "node:stream";
import zlib from "node:zlib";

/** Lines of ASCII, lines of UTF-8, or lines of ASCII in a content coding. */
export type BodyKind = "text" | "utf8" | "gzip" | "deflate" | "br" | "zstd";

const PIECE_BYTES = 256 * 1024;
/** Larger than the windows of the codings, which would find a smaller block again and make nothing of it. */
const BLOCK_BYTES = 32 * PIECE_BYTES;
const LINE_BYTES = 60;

/** Lines of random letters, three quarters of their size when they are compressed; one in a hundred holds the word `needle`. */
function block(word: string): Buffer {
  const letters = randomBytes((BLOCK_BYTES * 3) / 4).toString("base64");
  let text = "";
  for (let line = 0; text.length < BLOCK_BYTES; line++) {
    text += `${word} ${line % 100 === 0 ? "needle" : ""} ${letters.slice(line * LINE_BYTES, (line + 1) * LINE_BYTES)}\n`;
  }
  return Buffer.from(text).subarray(0, BLOCK_BYTES);
}

const blocks = new Map<string, Buffer>();

function blockOf(kind: BodyKind): Buffer {
  const word = kind === "utf8" ? "zeile für zeile, 5 €" : "line";
  let found = blocks.get(word);
  if (found === undefined) {
    found = block(word);
    blocks.set(word, found);
  }
  return found;
}

/** So many bytes before they are encoded. */
export function* pieces(kind: BodyKind, bytes: number): Generator<Buffer> {
  const whole = blockOf(kind);
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    const from = at % BLOCK_BYTES;
    yield whole.subarray(from, from + Math.min(PIECE_BYTES, bytes - at));
  }
}

function encoderOf(kind: BodyKind): zlib.Gzip | zlib.DeflateRaw | zlib.BrotliCompress | zlib.ZstdCompress | null {
  const { BROTLI_PARAM_QUALITY } = zlib.constants;
  switch (kind) {
    case "gzip":
      return zlib.createGzip({ level: 1 });
    case "deflate":
      return zlib.createDeflateRaw({ level: 1 });
    case "br":
      return zlib.createBrotliCompress({ params: { [BROTLI_PARAM_QUALITY]: 1 } });
    case "zstd":
      return zlib.createZstdCompress();
    default:
      return null;
  }
}

/** `onSent` is told of the bytes of each piece before it is sent. */
export function streamBackend(onSent: (bytes: number) => void = () => {}) {
  return (incoming: IncomingMessage, response: ServerResponse): void => {
    if (incoming.method === "POST") {
      let bytes = 0;
      incoming.on("data", (piece: Buffer) => {
        bytes += piece.length;
      });
      incoming.on("end", () => response.end(String(bytes)));
      // A body that breaks off, as a copy that lags does, is none of the backend's business.
      incoming.on("error", () => response.destroy());
      return;
    }
    const [, kind = "text", size = "0"] = (incoming.url ?? "").split("/") as ["", BodyKind?, string?];
    const encoder = encoderOf(kind);
    response.writeHead(200, {
      "Content-Type": "text/plain",
      ...(encoder === null ? {} : { "Content-Encoding": kind }),
    });
    const source = Readable.from(counted(kind, Number(size), onSent), { objectMode: false, highWaterMark: 1 });
    // A client that leaves early is none of the backend's business.
    if (encoder === null) pipeline(source, response, () => {});
    else pipeline(source, encoder, response, () => {});
  };
}

function* counted(kind: BodyKind, bytes: number, onSent: (bytes: number) => void): Generator<Buffer> {
  for (const piece of pieces(kind, bytes)) {
    onSent(piece.length);
    yield piece;
  }
}

if (import.meta.main) {
  const server = http.createServer(streamBackend()).listen(Number(process.argv[2]), "127.0.0.1");
  await once(server, "listening");
  console.log("ready");
  process.stdin.on("end", () => process.exit(0)).resume();
}
