// Hot path. The X-Forwarded-* headers of -forwarded-headers (spec proxy 6): applied once to an incoming request, before routing.

import { KIND } from "../http/h1/tables.ts";
import type { CidrSet } from "../util/cidr.ts";
import { parseIpAddress } from "../util/cidr.ts";
import type { ClientStream } from "./client-stream.ts";
import type { ContextRequest } from "./context-request.ts";

export interface ForwardedHeadersOptions {
  readonly for: boolean;
  readonly host: boolean;
  readonly method: boolean;
  readonly uri: boolean;
  /** Port to tell, `auto` for the local port, "" for none. */
  readonly port: string;
  /** `http`, `https`, `auto` for that of the connection, "" for none. */
  readonly proto: string;
  /** Peers whose headers stay as they are; null for none. */
  readonly exclude: CidrSet | null;
}

export class ForwardedHeaders {
  readonly #options: ForwardedHeadersOptions;

  constructor(options: ForwardedHeadersOptions) {
    this.#options = options;
  }

  apply(request: ContextRequest, client: ClientStream): void {
    const options = this.#options;
    if (options.exclude !== null) {
      const peer = parseIpAddress(client.remoteAddress);
      if (peer !== null && options.exclude.contains(peer)) return;
    }
    const headers = request.headers;
    if (options.for) {
      const before = headers.known(KIND.xForwardedFor);
      headers.set(
        "X-Forwarded-For",
        before === undefined || before === "" ? client.remoteAddress : `${before}, ${client.remoteAddress}`,
      );
    }
    if (options.host) headers.set("X-Forwarded-Host", request.host);
    if (options.method) headers.set("X-Forwarded-Method", request.method);
    if (options.uri) headers.set("X-Forwarded-Uri", request.target);
    if (options.port !== "")
      headers.set("X-Forwarded-Port", options.port === "auto" ? String(client.localPort) : options.port);
    if (options.proto !== "")
      headers.set("X-Forwarded-Proto", options.proto === "auto" ? (client.secure ? "https" : "http") : options.proto);
  }
}
