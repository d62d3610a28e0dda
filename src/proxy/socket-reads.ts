// Hot path: a read allocates nothing. Guarded by bench P1 and P6.
//
// Lets an accepted socket read into buffers of ours, as `onread` of net.connect does for sockets that we open; net.Server has no
// such option. It sets the fields that `onread` sets, found by their names. Where a Node does not have them the caller listens to
// "data" as usual, and a read costs a buffer of 64 kB.

import type { Socket } from "node:net";

/** Takes `bytes` that were read into `buffer`. False: no more until `socket.resume()`. */
type ReadCallback = (bytes: number, buffer: Buffer) => boolean;

/** What net.Socket keeps of its option `onread`. */
const FIELDS = ["kBuffer", "kBufferCb", "kBufferGen"] as const;

type Slots = Record<symbol, unknown>;

interface UserBufferHandle {
  useUserBuffer?(buffer: Buffer): void;
}

/** From now on reads go to `next()` and are told to `callback`, in place of "data". False when this Node cannot do it. */
export function readInto(socket: Socket, next: () => Buffer, callback: ReadCallback): boolean {
  const handle = (socket as unknown as { readonly _handle?: UserBufferHandle | null })._handle;
  const [buffer, receive, following] = fieldsOf(socket);
  if (typeof handle?.useUserBuffer !== "function" || !buffer || !receive || !following) return false;
  const slots = socket as unknown as Slots;
  const first = next();
  slots[buffer] = first;
  slots[receive] = callback;
  slots[following] = next;
  handle.useUserBuffer(first);
  return true;
}

/** After `readInto`: the socket is a stream again, "data" and `pipe` work as usual. */
export function readAsStream(socket: Socket): void {
  const [, receive] = fieldsOf(socket);
  const push: ReadCallback = (bytes, buffer) => socket.push(Buffer.from(buffer.subarray(0, bytes)));
  if (receive) (socket as unknown as Slots)[receive] = push;
}

function fieldsOf(socket: Socket): readonly (symbol | undefined)[] {
  const symbols = Object.getOwnPropertySymbols(socket);
  return FIELDS.map((name) => symbols.find((symbol) => symbol.description === name));
}
