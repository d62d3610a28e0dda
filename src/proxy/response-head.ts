// Hot path. The head of a response to an HTTP/1.1 client: the headers of the response with what belongs to the connection and is
// always ours (decisions: hop-by-hop headers).

import type { HttpDate } from "../http/date.ts";
import { statusLine } from "../http/h1/head-writer.ts";
import { KIND } from "../http/h1/tables.ts";
import type { Headers } from "../http/headers.ts";

/** Takes framing and Connection out of the headers; true when a filter wants the connection closed. */
export function takeConnection(headers: Headers): boolean {
  if (headers.known(KIND.transferEncoding) !== undefined) headers.delete("Transfer-Encoding");
  const connection = headers.known(KIND.connection);
  if (connection === undefined) return false;
  headers.delete("Connection");
  return connection.toLowerCase() === "close";
}

/** `date` is used where the response has none. */
export function responseHead(
  status: number,
  minorVersion: number,
  headers: Headers,
  canonical: boolean,
  date: HttpDate,
  chunked: boolean,
  close: boolean,
): string {
  headers.mendAdditions();
  let text = statusLine(status, minorVersion) + headers.serialize(canonical);
  if (headers.known(KIND.date) === undefined) text += `Date: ${date.at(Date.now())}\r\n`;
  if (chunked) text += "Transfer-Encoding: chunked\r\n";
  if (close && minorVersion > 0) text += "Connection: close\r\n";
  else if (!close && minorVersion === 0) text += "Connection: keep-alive\r\n";
  return `${text}\r\n`;
}
