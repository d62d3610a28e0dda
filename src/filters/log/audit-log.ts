// auditLog: one line of JSON for each request that was answered (spec filters 10).

import type { FilterContext } from "../../spec/context.ts";
import { defineFilter } from "../../spec/filter.ts";
import { fromByteString } from "../../util/bytes.ts";
import { watchBody } from "./passing-body.ts";

/** State bag: what was seen of the request body. */
const BODY = "filter.auditLog.body";

interface AuditLine {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly authStatus?: { readonly user?: string; readonly rejected: boolean; readonly reason?: string };
  readonly requestBody?: string;
}

export const auditLog = defineFilter({
  name: "auditLog",
  summary: "Writes a line of JSON to standard error for each request: method, path, status, user and the request body.",
  details:
    "The line is written in the response phase, with the method, path and status of that moment; not for errors of the proxy. Of the body up to -max-audit-body bytes are shown, as far as they have passed.",
  args: [],
  options: ["max-audit-body"],
  examples: [{ route: "* -> auditLog() -> status(204) -> <shunt>", expect: { status: 204 } }],
  create: (_, env) => {
    const limit = env.options.maxAuditBodyBytes < 0 ? MAX_BODY_BYTES : env.options.maxAuditBodyBytes;
    return {
      request(ctx) {
        if (limit === 0 || ctx.request.contentLength === 0) return;
        const pieces: Buffer[] = [];
        ctx.stateBag.set(BODY, pieces);
        ctx.transformRequestBody(watchBody(limit, (piece) => pieces.push(Buffer.from(piece))));
      },
      response(ctx) {
        env.audit(encode(auditLine(ctx)));
      },
    };
  },
});

/** "All" of a body means this much: memory has an end. */
const MAX_BODY_BYTES = 16_777_216;

function auditLine(ctx: FilterContext): AuditLine {
  const user = textOf(ctx, "auth-user");
  const reason = textOf(ctx, "auth-reject-reason");
  const pieces = ctx.stateBag.get(BODY) as readonly Buffer[] | undefined;
  const body = pieces === undefined ? "" : Buffer.concat(pieces).toString();
  return {
    method: fromByteString(ctx.request.method),
    path: fromByteString(ctx.request.path),
    status: ctx.response.status,
    ...(user === "" && reason === ""
      ? {}
      : {
          authStatus: {
            ...(user === "" ? {} : { user }),
            rejected: reason !== "",
            ...(reason === "" ? {} : { reason }),
          },
        }),
    ...(body === "" ? {} : { requestBody: body }),
  };
}

function textOf(ctx: FilterContext, key: string): string {
  const value = ctx.stateBag.get(key);
  return typeof value === "string" ? value : "";
}

/** JSON that is harmless inside of HTML too. */
function encode(line: AuditLine): string {
  return JSON.stringify(line).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}
