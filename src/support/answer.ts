// How the handlers of the support listener write their responses: small ones with a Content-Length, long ones in chunks as fast as
// the client reads.

import type { ServerResponse } from "node:http";

export type AnswerHeaders = Readonly<Record<string, string>>;

/** Bytes up to which a response is held back for its length. */
const MAX_HELD_BYTES = 2048;

/** The whole response: `body` is written in UTF-8. */
export function answer(response: ServerResponse, status: number, headers: AnswerHeaders, body = ""): void {
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) }).end(body);
}

/** 200 with a body in parts. Stops when the client goes away or `parts` ends or destroys the response. */
export async function answerParts(
  response: ServerResponse,
  headers: AnswerHeaders,
  parts: Iterable<string>,
): Promise<void> {
  let held = "";
  for (const part of parts) {
    held += part;
    if (Buffer.byteLength(held) <= MAX_HELD_BYTES) continue;
    if (!response.headersSent) response.writeHead(200, headers);
    if (!response.write(held)) await drained(response);
    held = "";
    if (response.destroyed) return;
  }
  if (response.destroyed || response.writableEnded) return;
  if (response.headersSent) response.end(held);
  else answer(response, 200, headers, held);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
