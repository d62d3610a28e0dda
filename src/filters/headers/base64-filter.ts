// The common part of the four base64 header filters (spec filters 6.1).

import type { Headers } from "../../http/headers.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";

/** The coded text, or what is wrong with it. */
type Coded = { readonly text: string } | { readonly problem: string };

/** A filter that codes the first value of a header, or the part with the index `part`. */
export function base64Filter(
  message: "request" | "response",
  code: (text: string) => Coded,
  filterName: string,
  name: string,
  part: number | undefined,
  log: FilterEnv["log"],
): Filter {
  const apply = (headers: Headers): void => {
    const value = headers.get(name);
    if (!value) return;
    const coded = part === undefined ? code(value) : codePart(value, part, code);
    if ("problem" in coded) {
      log.warn(
        `${filterName.replace(/(Request|Response)Header$/, "")} filter error for header ${name}: ${coded.problem}`,
      );
    } else {
      headers.set(name, coded.text);
    }
  };
  return message === "request"
    ? { request: (ctx) => apply(ctx.request.headers) }
    : { response: (ctx) => apply(ctx.response.headers) };
}

function codePart(value: string, part: number, code: (text: string) => Coded): Coded {
  const parts = value.split(/[ \t\n\v\f\r]/).filter((text) => text !== "");
  const chosen = parts[part];
  if (chosen === undefined) return { problem: `part index ${part} out of range, the value has ${parts.length} parts` };
  const coded = code(chosen);
  if ("problem" in coded) return coded;
  parts[part] = coded.text;
  return { text: parts.join(" ") };
}

/** Standard base64 with padding (RFC 4648 4) of a byte string. */
export function encodeBase64(text: string): Coded {
  return { text: Buffer.from(text, "latin1").toString("base64") };
}

/** The byte string of a padded standard base64 text; unlike Buffer it takes no other alphabet and no missing padding. */
export function decodeBase64(text: string): Coded {
  let end = text.length;
  if (end % 4 !== 0) return { problem: "illegal base64 data: incomplete input" };
  if (text.endsWith("==")) end -= 2;
  else if (text.endsWith("=")) end -= 1;
  for (let i = 0; i < end; i++) {
    if (!isBase64Char(text.charCodeAt(i))) return { problem: `illegal base64 data at input byte ${i}` };
  }
  return { text: Buffer.from(text, "base64").toString("latin1") };
}

function isBase64Char(c: number): boolean {
  return (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || (c >= 48 && c <= 57) || c === 43 || c === 47;
}
