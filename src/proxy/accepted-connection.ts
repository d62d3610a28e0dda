// A connection between accept and its first HTTP byte: reads a PROXY header, tells TLS from plain HTTP, shakes hands, and then
// gives the socket to its ClientConnection. Called by listener.ts. States:
//   HEADER (-> HELLO on a TLS listener -> HANDSHAKE) -> DONE | CLOSED

import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Timed } from "../util/deadlines.ts";
import { tls } from "../util/lazy-builtin.ts";
import { ClientConnection } from "./client-connection.ts";
import { type ClientHello, HELLO_INCOMPLETE, HELLO_UNREADABLE, readClientHello } from "./client-hello.ts";
import type { Proxy } from "./proxy.ts";
import {
  HEADER_ABSENT,
  HEADER_INCOMPLETE,
  HEADER_MALFORMED,
  ProxyPolicy,
  type ProxyProtocol,
  proxyPolicy,
  readProxyHeader,
} from "./proxy-protocol.ts";
import type { ClientAuth, ServerCertificates } from "./server-certificates.ts";

/** The server side of TLS of one listener. */
export interface TlsListener {
  readonly certificates: ServerCertificates;
  readonly clientAuth: ClientAuth;
  /** Takes the key log lines of -tls-key-log-file; null when there is none. */
  readonly keyLog: ((line: Buffer) => void) | null;
}

/** What is done with the connections of a listener before HTTP; null: nothing. */
export interface Intake {
  readonly proxyProtocol: ProxyProtocol | null;
  readonly tls: TlsListener | null;
}

/** A connection on which no PROXY header came counts as one without (spec proxy 3.2). */
const HEADER_WAIT_MS = 1000;
/** Limit of a handshake when -read-header-timeout-server sets none. */
const HANDSHAKE_MS = 120_000;
/** First byte of every TLS record of a handshake (RFC 8446 5.1). */
const HANDSHAKE_RECORD = 0x16;
/** What tells plain HTTP on a TLS listener. */
const METHODS = ["GET /", "HEAD ", "POST ", "PUT /", "OPTIO"] as const;
const METHOD_BYTES = 5;
const NOT_HTTPS = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
const NO_WISHES: ClientHello = { serverName: "", signatures: null };
/** Fatal alert unrecognized_name, as a record of its own (RFC 8446 6.2). */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70]);
const LINGER_MS = 1000;

const HEADER = 0;
const HELLO = 1;
const HANDSHAKE = 2;
const LINGER = 3;
const DONE = 4;

const noBytes: Buffer = Buffer.alloc(0);

export class AcceptedConnection implements Timed {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #proxy: Proxy;
  readonly #socket: Socket;
  readonly #tls: TlsListener | null;
  #secure: TLSSocket | null = null;
  #state = HEADER;
  #policy: ProxyPolicy = ProxyPolicy.skip;
  #address: string;
  #port: number;
  #bytes = noBytes;

  /** `peer`: the address of the other end. */
  constructor(proxy: Proxy, socket: Socket, peer: string, port: number, intake: Intake) {
    this.#proxy = proxy;
    this.#socket = socket;
    this.#tls = intake.tls;
    this.#address = peer;
    this.#port = port;
    if (intake.proxyProtocol !== null) this.#policy = proxyPolicy(intake.proxyProtocol, peer);
    proxy.deadlines.add(this);
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    if (this.#policy === ProxyPolicy.skip) this.#headerDone(0);
    else this.deadlineMs = proxy.deadlines.touch() + HEADER_WAIT_MS;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#state === LINGER) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (this.#state === HEADER) this.#readHeader();
    else this.#readHello();
  };

  readonly #onEnd = (): void => {
    this.#failed("EOF");
  };

  /** OpenSSL's message is full of file names; its reason is what a reader wants. */
  readonly #onError = (error: Error & { reason?: string }): void => this.#failed(error.reason ?? error.message);

  readonly #onClose = (): void => this.#failed("EOF");

  #readHeader(): void {
    const header = readProxyHeader(this.#bytes);
    if (header === HEADER_INCOMPLETE) return;
    if (header === HEADER_ABSENT) {
      this.#headerDone(0);
      return;
    }
    if (header === HEADER_MALFORMED || this.#policy === ProxyPolicy.reject) {
      this.#close();
      return;
    }
    if (header.address !== "") {
      this.#address = header.address;
      this.#port = header.port;
    }
    this.#headerDone(header.length);
  }

  /** What comes from here on belongs to TLS or HTTP. */
  #headerDone(length: number): void {
    this.#bytes = this.#bytes.subarray(length);
    if (this.#tls === null) {
      this.#serve(this.#socket);
      return;
    }
    this.#state = HELLO;
    const limitMs = this.#proxy.options.readHeaderTimeoutMs;
    this.deadlineMs = this.#proxy.deadlines.touch() + (Number.isFinite(limitMs) ? limitMs : HANDSHAKE_MS);
    this.#readHello();
  }

  #readHello(): void {
    const bytes = this.#bytes;
    if (bytes.length === 0) return;
    if (bytes[0] === HANDSHAKE_RECORD) {
      const hello = readClientHello(bytes);
      if (hello === HELLO_INCOMPLETE) return;
      this.#shakeHands(hello === HELLO_UNREADABLE ? NO_WISHES : hello);
      return;
    }
    const start = bytes.toString("latin1", 0, METHOD_BYTES);
    if (METHODS.includes(start as (typeof METHODS)[number])) {
      this.#refuse("client sent an HTTP request to an HTTPS server", NOT_HTTPS);
    } else if (bytes.length >= METHOD_BYTES) this.#failed("first record does not look like a TLS handshake");
  }

  /** Closes behind an answer in place of a handshake, without a reset that would overtake the answer. */
  #refuse(reason: string, answer: Buffer | string): void {
    this.#logFailure(reason);
    this.#state = LINGER;
    this.deadlineMs = this.#proxy.deadlines.touch() + LINGER_MS;
    this.#socket.end(answer);
  }

  #shakeHands(hello: ClientHello): void {
    const { certificates, clientAuth, keyLog } = this.#tls!;
    const secureContext = certificates.choose(hello.serverName, hello.signatures);
    if (secureContext === null) {
      this.#refuse(`no certificate for ${JSON.stringify(hello.serverName)}`, UNRECOGNIZED_NAME);
      return;
    }
    this.#state = HANDSHAKE;
    this.#release();
    const secure = new (tls().TLSSocket)(this.#socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: ["http/1.1"],
      requestCert: clientAuth !== "NoClientCert",
      // For a bare TLSSocket this demands a certificate and verifies nothing.
      rejectUnauthorized: clientAuth === "RequireAnyClientCert" || clientAuth === "RequireAndVerifyClientCert",
    });
    this.#secure = secure;
    if (keyLog !== null) secure.on("keylog", keyLog);
    secure.on("secure", this.#onSecure);
    secure.on("end", this.#onEnd);
    secure.on("error", this.#onError);
    secure.on("close", this.#onClose);
  }

  readonly #onSecure = (): void => {
    const secure = this.#secure!;
    const { clientAuth } = this.#tls!;
    const verify = clientAuth === "VerifyClientCertIfGiven" || clientAuth === "RequireAndVerifyClientCert";
    if (verify && secure.getPeerX509Certificate() !== undefined) {
      const problem = verificationError(secure);
      if (problem !== null) {
        this.#failed(`tls: failed to verify certificate: ${problem}`);
        return;
      }
    }
    secure.off("secure", this.#onSecure);
    secure.off("end", this.#onEnd);
    secure.off("error", this.#onError);
    secure.off("close", this.#onClose);
    secure.setNoDelay(true);
    this.#serve(secure);
  };

  #serve(socket: Socket): void {
    this.#finish();
    if (socket === this.#socket) this.#release();
    new ClientConnection(this.#proxy, socket, this.#address, this.#port, false);
    socket.resume();
  }

  /** Takes the hands off the plain socket and puts back what was read too far. */
  #release(): void {
    const socket = this.#socket;
    socket.pause();
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("error", this.#onError);
    socket.off("close", this.#onClose);
    if (this.#bytes.length > 0) socket.unshift(this.#bytes);
    this.#bytes = noBytes;
  }

  #failed(reason: string): void {
    if (this.#state === HELLO || this.#state === HANDSHAKE) this.#logFailure(reason);
    this.#close();
  }

  /** A peer that only looks whether the port is open is no error. */
  #logFailure(reason: string): void {
    const host = this.#address.includes(":") ? `[${this.#address}]` : this.#address;
    const line = `http: TLS handshake error from ${host}:${this.#port}: ${reason}`;
    if (reason === "EOF") this.#proxy.log.debug(line);
    else this.#proxy.log.error(line);
  }

  #close(): void {
    if (this.#state === DONE) return;
    this.#finish();
    this.#proxy.connectionMetrics?.closed();
    this.#secure?.destroy();
    this.#socket.destroy();
  }

  #finish(): void {
    this.#state = DONE;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#proxy.deadlines.delete(this);
  }

  onDeadline(): void {
    if (this.#state === HEADER) this.#headerDone(0);
    else this.#failed("i/o timeout");
  }
}

/** What OpenSSL found about the peer's certificate, by the system's CAs; null: all is well. Only tls.Server offers it publicly. */
function verificationError(socket: TLSSocket): string | null {
  const handle = (socket as unknown as { readonly _handle: { verifyError(): NodeJS.ErrnoException | null } })._handle;
  return handle.verifyError()?.message ?? null;
}
