// Hot path: one table look-up for a status line. Guarded by parser.bench.ts.
//
// Start lines of the messages that the proxy writes. Header lines are written by Headers.serialize.

import { statusText } from "../status.ts";

const FIRST = 100;
const LAST = 999;

function reason(status: number): string {
  const text = statusText(status);
  return text === "" ? `status code ${status}` : text;
}

function lines(version: string): readonly string[] {
  const out: string[] = [];
  for (let status = FIRST; status <= LAST; status++) out.push(`${version} ${status} ${reason(status)}\r\n`);
  return out;
}

const LINES_10 = lines("HTTP/1.0");
const LINES_11 = lines("HTTP/1.1");

/** The status line with CRLF in the version of the client; `status` must be 100 to 999. */
export function statusLine(status: number, minorVersion: number): string {
  return (minorVersion === 0 ? LINES_10 : LINES_11)[status - FIRST]!;
}

/** The request line of a backend request with CRLF. */
export function requestLine(method: string, target: string): string {
  return `${method} ${target} HTTP/1.1\r\n`;
}
