// The output of a CGI script (RFC 3875 6): header lines, a blank line, the body. Lines may end in LF alone; the status is a header.

import { defaultResponseLimits } from "../../http/h1/limits.ts";
import { parseResponseHead, ResponseHead } from "../../http/h1/response-parser.ts";

export interface CgiOutput {
  /** Status and header lines, as in a response of HTTP/1.1. */
  readonly head: ResponseHead;
  readonly body: Buffer;
}

const STATUS = "status:";
const LF = 0x0a;
const CR = 0x0d;

/** Null when the output is not that of a CGI script. */
export function readCgiOutput(output: Buffer): CgiOutput | null {
  let status = "200";
  let text = "";
  let at = 0;
  for (;;) {
    const feed = output.indexOf(LF, at);
    if (feed < 0) return null;
    const line = output.toString("latin1", at, feed > at && output[feed - 1] === CR ? feed - 1 : feed);
    at = feed + 1;
    if (line === "") break;
    if (line.slice(0, STATUS.length).toLowerCase() === STATUS) status = line.slice(STATUS.length).trim();
    else text += `${line}\r\n`;
  }
  if (text === "" && status === "200") return null;
  const head = new ResponseHead();
  // The reason is the proxy's own (spec proxy 13).
  const bytes = Buffer.from(`HTTP/1.1 ${status.slice(0, 3)} \r\n${text}\r\n`, "latin1");
  if (status.length > 3 && status[3] !== " ") return null;
  const used = parseResponseHead(head, bytes, 0, bytes.length, defaultResponseLimits);
  if (used !== bytes.length || head.status < 200) return null;
  return { head, body: output.subarray(at) };
}
