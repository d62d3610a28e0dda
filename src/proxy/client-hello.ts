// What a TLS client says in its first message (RFC 8446 4.1.2): the server it asks for and the signatures it can check. Pure; read
// from the bytes before TLS sees them, because the choice of a certificate needs both and Node tells of the name alone.

export interface ClientHello {
  /** As sent, "" when the client names none. */
  readonly serverName: string;
  /** Signature schemes (RFC 8446 4.2.3); null when the client does not say. */
  readonly signatures: readonly number[] | null;
}

export const HELLO_INCOMPLETE = 0;
/** No client hello, or a broken one: TLS itself finds the words for it. */
export const HELLO_UNREADABLE = -1;

const HANDSHAKE_RECORD = 0x16;
const CLIENT_HELLO = 1;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
const MAX_RECORD_BYTES = 16_384;
const MAX_HELLO_BYTES = 65_536;
const SERVER_NAME = 0;
const SIGNATURE_ALGORITHMS = 13;

/** Reads the message from all bytes that have arrived. */
export function readClientHello(bytes: Buffer): ClientHello | typeof HELLO_INCOMPLETE | typeof HELLO_UNREADABLE {
  const message = handshakeMessage(bytes);
  return typeof message === "number" ? message : readExtensions(message);
}

/** The body of the first handshake message, put together from its records. */
function handshakeMessage(bytes: Buffer): Buffer | typeof HELLO_INCOMPLETE | typeof HELLO_UNREADABLE {
  const parts: Buffer[] = [];
  let have = 0;
  let need = MESSAGE_HEADER;
  for (let at = 0; have < need; ) {
    if (at < bytes.length && bytes[at] !== HANDSHAKE_RECORD) return HELLO_UNREADABLE;
    if (bytes.length - at < RECORD_HEADER) return HELLO_INCOMPLETE;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > MAX_RECORD_BYTES) return HELLO_UNREADABLE;
    at += RECORD_HEADER;
    const part = bytes.subarray(at, at + length);
    at += length;
    parts.push(part);
    have += part.length;
    if (need === MESSAGE_HEADER && have >= MESSAGE_HEADER) {
      const start = Buffer.concat(parts);
      if (start[0] !== CLIENT_HELLO) return HELLO_UNREADABLE;
      need = MESSAGE_HEADER + start.readUIntBE(1, 3);
      if (need > MAX_HELLO_BYTES) return HELLO_UNREADABLE;
    }
    if (part.length < length && have < need) return HELLO_INCOMPLETE;
  }
  return Buffer.concat(parts).subarray(MESSAGE_HEADER, need);
}

/** version (2), random (32), session id, cipher suites, compression methods, extensions: each but the first two with its length. */
function readExtensions(hello: Buffer): ClientHello | typeof HELLO_UNREADABLE {
  let at = 34;
  for (const size of [1, 2, 1]) {
    if (at + size > hello.length) return HELLO_UNREADABLE;
    at += size + hello.readUIntBE(at, size);
  }
  let serverName = "";
  let signatures: number[] | null = null;
  if (at === hello.length) return { serverName, signatures };
  if (at + 2 > hello.length) return HELLO_UNREADABLE;
  at += 2;
  while (at + 4 <= hello.length) {
    const type = hello.readUInt16BE(at);
    const end = at + 4 + hello.readUInt16BE(at + 2);
    if (end > hello.length) return HELLO_UNREADABLE;
    const content = hello.subarray(at + 4, end);
    if (type === SERVER_NAME) serverName = readServerName(content);
    else if (type === SIGNATURE_ALGORITHMS) signatures = readSignatures(content);
    at = end;
  }
  return at === hello.length ? { serverName, signatures } : HELLO_UNREADABLE;
}

/** A list of names (RFC 6066 3), of which only the first is used and only one kind exists. */
function readServerName(content: Buffer): string {
  if (content.length < 5 || content[2] !== 0) return "";
  const length = content.readUInt16BE(3);
  return content.length < 5 + length ? "" : content.toString("latin1", 5, 5 + length);
}

function readSignatures(content: Buffer): number[] {
  const schemes: number[] = [];
  for (let at = 2; at + 2 <= content.length; at += 2) schemes.push(content.readUInt16BE(at));
  return schemes;
}
